package agentcopy_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

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

// BenchmarkLimiterFree is the cost of a limiter that has room: a million
// attempts a millisecond, a bucket that gets a billion tokens a second.
func BenchmarkLimiterFree(b *testing.B) {
	wait := func(l agentcopy.Limiter) func(*testing.B) {
		return func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("rate.Limiter.Wait", wait(rate.NewLimiter(1e9, 1_000_000)))
	b.Run("WindowLimiter.Wait", wait(agentcopy.NewWindowLimiter(1_000_000, time.Millisecond)))
	b.Run("WindowLimiter.Acquire+release", func(b *testing.B) {
		l := agentcopy.NewWindowLimiter(1_000_000, time.Millisecond)
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			release, err := l.Acquire(ctx)
			if err != nil {
				b.Fatal(err)
			}
			release()
		}
	})
}
