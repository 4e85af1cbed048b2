package pacing_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// TestUnusedPlaceOfAWindowLimiter falls free at once: an AttemptStart that stops the
// attempt costs no place.
func TestUnusedPlaceOfAWindowLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := pacing.For(agentcopy.NewWindowLimiter(1, time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 3 {
			permit, err := limiter.Acquire(ctx)
			require.NoError(t, err)
			permit.Unused()
			permit.Answered() // too late to count
		}
		permit, err := limiter.Acquire(ctx)
		require.NoError(t, err)
		permit.Answered()
		permit.Unused()
		require.Equal(t, time.Hour, limiter.Delay())
		_, err = limiter.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
