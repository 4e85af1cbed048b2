package agentcopy_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// An Acquirer knows when the answer came.
var _ agentcopy.Acquirer = (*agentcopy.WindowLimiter)(nil)

// TestWindowLimiter: Wait counts from the admission, Acquire from the release. How they
// admit, package window tests.
func TestWindowLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := agentcopy.NewWindowLimiter(1, time.Minute)
		start := time.Now()
		require.NoError(t, l.Wait(t.Context()))
		for i := range 3 {
			release, err := l.Acquire(t.Context())
			require.NoError(t, err)
			require.Equal(t, time.Minute+time.Duration(i)*(time.Minute+10*time.Second), time.Since(start), "admission of number %d", i)
			time.Sleep(10 * time.Second) // until the answer
			release()
			time.Sleep(20 * time.Second)
			release() // once more makes no difference
		}
	})
}

func TestNewWindowLimiterPanicsUnlessPositive(t *testing.T) {
	for _, n := range []int{-1, 0, 1} {
		for _, per := range []time.Duration{-1, 0, 1} {
			if n < 1 || per < 1 {
				require.PanicsWithValue(t, fmt.Sprintf("agentcopy.NewWindowLimiter(%d, %v): both must be positive", n, per),
					func() { agentcopy.NewWindowLimiter(n, per) })
			}
		}
	}
}

func TestUnlimitedEndsWithTheContext(t *testing.T) {
	require.NoError(t, agentcopy.Unlimited.Wait(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, agentcopy.Unlimited.Wait(ctx), context.Canceled)
}
