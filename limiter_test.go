package agentcopy_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Limiters of two kinds: an Acquirer knows when the answer came.
var (
	_ agentcopy.Limiter  = (*agentcopy.WindowLimiter)(nil)
	_ agentcopy.Acquirer = (*agentcopy.WindowLimiter)(nil)
	_ agentcopy.Limiter  = (*rate.Limiter)(nil)
)

func TestWindowLimiterWaitCountsFromAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := agentcopy.NewWindowLimiter(3, time.Minute)
		start := time.Now()
		for i := range 9 {
			require.NoError(t, l.Wait(t.Context()))
			require.Equal(t, time.Duration(i/3)*time.Minute, time.Since(start), "admission of number %d", i)
		}
	})
}

func TestWindowLimiterAcquireCountsFromRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := agentcopy.NewWindowLimiter(1, time.Minute)
		start := time.Now()
		for i := range 3 {
			release, err := l.Acquire(t.Context())
			require.NoError(t, err)
			require.Equal(t, time.Duration(i)*(time.Minute+10*time.Second), time.Since(start), "admission of number %d", i)
			time.Sleep(10 * time.Second) // until the answer
			release()
			time.Sleep(20 * time.Second)
			release() // once more makes no difference
		}
	})
}

func TestWindowLimiterKeepsToTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := agentcopy.NewWindowLimiter(1, time.Minute)
		require.NoError(t, l.Wait(t.Context()))
		start := time.Now()

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := l.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "1 per 1m0s: no permit is free for another 1m0s, past the context's deadline: "+context.DeadlineExceeded.Error())
		require.Zero(t, time.Since(start), "how long it took to say so")

		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		require.NoError(t, l.Wait(ctx), "this one can be admitted in time")
		require.Equal(t, time.Minute, time.Since(start))

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, l.Wait(ctx), context.Canceled)
		require.Equal(t, time.Minute+time.Second, time.Since(start), "a cancelled waiter should give up at once")
	})
}

func TestWindowLimiterUnderManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiters = 10_000
		l := agentcopy.NewWindowLimiter(60, 61*time.Second)
		var wg sync.WaitGroup
		for range waiters {
			wg.Go(func() {
				release, err := l.Acquire(t.Context())
				assert.NoError(t, err)
				release()
			})
		}
		start := time.Now()
		wg.Wait()
		require.Equal(t, (waiters-1)/60*61*time.Second, time.Since(start), "time to admit %d", waiters)
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
