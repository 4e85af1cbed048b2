package agentcopy_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
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

// BenchmarkLimiterFull is the cost of one more goroutine that comes, waits, and
// leaves because its context ends, while so many wait.
func BenchmarkLimiterFull(b *testing.B) {
	run := func(l agentcopy.Limiter, n int) func(*testing.B) {
		return func(b *testing.B) {
			ctx, leave := context.WithCancel(b.Context())
			_ = l.Wait(ctx) // takes what there is
			var parked sync.WaitGroup
			defer parked.Wait()
			defer leave()
			all := blockedGoroutines() + uint64(n)
			for range n {
				parked.Go(func() { _ = l.Wait(ctx) })
			}
			for blockedGoroutines() < all {
				runtime.Gosched()
			}
			b.ReportAllocs()
			for b.Loop() {
				ctx, cancel := context.WithCancel(ctx)
				var left sync.WaitGroup
				left.Go(func() { _ = l.Wait(ctx) })
				runtime.Gosched()
				cancel()
				left.Wait()
			}
		}
	}
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("rate.Limiter/%d", n), run(rate.NewLimiter(rate.Every(time.Hour), 1), n))
		b.Run(fmt.Sprintf("WindowLimiter/%d", n), run(agentcopy.NewWindowLimiter(1, time.Hour), n))
	}
}

func blockedGoroutines() uint64 {
	sample := []metrics.Sample{{Name: "/sched/goroutines/waiting:goroutines"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
