package transport_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// shared is a Limiter that others share, and notes the pauses it is told of.
type shared struct {
	agentcopy.Limiter
	pauses *[]time.Duration
}

func (s shared) Pause(_ context.Context, d time.Duration) { *s.pauses = append(*s.pauses, d) }

func TestASharedLimiterIsToldOfPauses(t *testing.T) {
	cases := map[string]struct {
		refusal step
		want    []time.Duration
	}{
		"429 with Retry-After":         {answer(429, "", "Retry-After", "3"), []time.Duration{3 * time.Second}},
		"503 with Retry-After":         {answer(503, "", "Retry-After", "3"), []time.Duration{3 * time.Second}},
		"503 without":                  {answer(503, ""), nil},
		"500 with Retry-After":         {answer(500, "", "Retry-After", "3"), nil},
		"longer than a day":            {answer(429, "", "Retry-After", "99999999"), []time.Duration{time.Minute}},
		"a success with a Retry-After": {answer(200, made, "Retry-After", "3"), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pauses []time.Duration
				limiter := shared{agentcopy.Unlimited, &pauses}
				never := agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever})
				_, _, _ = doCopy(t, newClient(t, play(tc.refusal), withLimiter(limiter), never))
				require.Equal(t, tc.want, pauses, "pauses that the limiter was told of")
			})
		})
	}
}
