package pacing

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// admissions lets n attempts through and returns when each was, from now on.
func admissions(t *testing.T, s *AdaptiveWindow, n int) (at []time.Duration) {
	t.Helper()
	start := time.Now()
	for range n {
		require.NoError(t, s.Wait(t.Context()))
		at = append(at, time.Since(start))
	}
	return at
}

func atOnce(n int) []time.Duration { return make([]time.Duration, n) }

func every(spacing time.Duration, n int) (at []time.Duration) {
	for i := range n {
		at = append(at, time.Duration(i)*spacing)
	}
	return at
}

func TestARefusalSpacesTheAdmissions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewAdaptiveWindow(10, time.Minute, 2*time.Second)
		require.Equal(t, atOnce(10), admissions(t, s, 10), "before a refusal")
		require.Equal(t, "10 per 1m0s", s.String())
		s.Refused()
		time.Sleep(time.Minute)
		require.Equal(t, every(2*time.Second, 10), admissions(t, s, 10), "after it")
		time.Sleep(time.Minute)
		require.Equal(t, atOnce(10), admissions(t, s, 10), "two windows after the refusal")
	})
}

func TestSpeedThatIsRefusedAgain(t *testing.T) {
	const spacing = 2 * time.Second
	cases := []struct {
		name   string
		calm   time.Duration // between the first refusal and the second
		rest   time.Duration // after the second
		spaced bool          // then
	}{
		{"within two windows, for two windows", time.Minute, 2*time.Minute - 1, true},
		{"within two windows, no longer", time.Minute, 2 * time.Minute, false},
		{"within a day, for a day", 2 * time.Minute, 24*time.Hour - 1, true},
		{"within a day, no longer", 2 * time.Minute, 24 * time.Hour, false},
		{"after a day, for two windows", 24 * time.Hour, 2*time.Minute - 1, true},
		{"after a day, no longer", 24 * time.Hour, 2 * time.Minute, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewAdaptiveWindow(10, time.Minute, spacing)
				s.Refused()
				time.Sleep(tc.calm)
				s.Refused()
				time.Sleep(tc.rest)
				if tc.spaced {
					require.Equal(t, every(spacing, 2)[1], admissions(t, s, 2)[1], "the second admission")
				} else {
					require.Equal(t, atOnce(10), admissions(t, s, 10))
				}
			})
		})
	}
}

func TestBackoffAfterSpacedAttemptsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewAdaptiveWindow(1000, time.Minute, time.Second)
		s.Refused()
		s.Refused() // of what was under way at the time
		backoffs := func(n int) (all []time.Duration) {
			for range n {
				admissions(t, s, 1)
				s.Refused()
				s.Refused()
				all = append(all, admissions(t, s, 1)[0])
				time.Sleep(time.Second)
			}
			return all
		}
		require.Equal(t, "[2s 4s 8s 16s 32s 1m0s 1m0s]", fmt.Sprint(backoffs(7)), "from a refusal to the next admission")
	})
}

func TestBackoffBeginsAnewAfterTwoCalmWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewAdaptiveWindow(1000, time.Minute, time.Second)
		s.Refused()
		time.Sleep(2 * time.Minute)
		s.Refused() // full speed again: slow for a day
		backoffAfter := func(calm time.Duration) time.Duration {
			time.Sleep(calm)
			admissions(t, s, 1)
			s.Refused()
			return admissions(t, s, 1)[0]
		}
		require.Equal(t, 2*time.Second, backoffAfter(0))
		require.Equal(t, 4*time.Second, backoffAfter(time.Minute))
		require.Equal(t, 2*time.Second, backoffAfter(2*time.Minute), "after two windows without a refusal")
	})
}

func TestAWaitForATurnBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewAdaptiveWindow(2, time.Minute, 10*time.Second)
		s.Refused()
		admissions(t, s, 1)
		start := time.Now()
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			err := s.Wait(ctx)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "one every 10s: the next turn is 10s away")
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, s.Wait(ctx), context.Canceled)
		require.Equal(t, time.Second, time.Since(start), "they should fail at once")
		require.NoError(t, s.Wait(t.Context()), "they should have given their permits back")
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

// TestUnusedPermitOfAWindowLimiter is free at once: an AttemptStart that stops the
// attempt costs none.
func TestUnusedPermitOfAWindowLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := For(agentcopy.NewWindowLimiter(1, time.Hour))
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

func unlimited() Limits {
	return Limits{agentcopy.Unlimited, agentcopy.Unlimited, agentcopy.Unlimited}
}

var credentials atomic.Int64

func newCredential() string { return "test-credential-" + strconv.FormatInt(credentials.Add(1), 10) }

func share(credential string) *Shared {
	return Share("acme", "https://api.acme.example:443", []string{credential}, unlimited)
}

// remembered is how many credentials the process remembers.
func remembered() int {
	byKeyMu.Lock()
	defer byKeyMu.Unlock()
	return len(byKey)
}

// awaitForgotten collects garbage until the process remembers no more credentials
// than want, and returns how many it remembers in the end.
func awaitForgotten(want int) int {
	for range 1000 {
		if remembered() <= want {
			break
		}
		runtime.GC()
		time.Sleep(time.Millisecond) // lets the runtime's clean-ups run
	}
	return remembered()
}

func TestSharedByVendorScopeAndCredentials(t *testing.T) {
	s := Share("acme", "scope", []string{"a", "b"}, unlimited)
	require.Same(t, s, Share("acme", "scope", []string{"a", "b"}, unlimited))
	for _, other := range []*Shared{
		Share("other", "scope", []string{"a", "b"}, unlimited),
		Share("acme", "scop", []string{"ea", "b"}, unlimited),
		Share("acme", "scope", []string{"ab"}, unlimited),
		Share("acme", "scope", []string{"b", "a"}, unlimited),
	} {
		require.NotSame(t, s, other)
	}
}

func TestSharedIsFreed(t *testing.T) {
	const keys = 2000
	before := remembered()
	for range keys { // that send nothing
		share(newCredential())
	}
	require.LessOrEqual(t, awaitForgotten(before), before, "credentials remembered after %d that were never used", keys)

	synctest.Test(t, func(t *testing.T) {
		for range keys {
			share(newCredential()).Used()
		}
		runtime.GC()
		require.GreaterOrEqual(t, remembered(), keys, "credentials remembered just after their use")
		time.Sleep(10 * time.Minute)
	})
	require.LessOrEqual(t, awaitForgotten(before), before, "credentials remembered long after the use of %d", keys)
}

// The clean-up of a Shared that is gone comes late, when there may be another.
func TestLateCleanUpForgetsNobody(t *testing.T) {
	credential := newCredential()
	s := share(credential)
	forget(keyFor("acme", "https://api.acme.example:443", []string{credential}))
	require.Same(t, s, share(credential))
}

// Clients are built and dropped while the garbage collector works. Each must find
// the limits of its credential, or make them, and never lose them.
func TestShareUnderConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				credential := fmt.Sprint("credential-", i%3)
				s := share(credential)
				s.Used()
				assert.Same(t, s, share(credential))
				if i%50 == 0 {
					runtime.GC()
				}
				runtime.KeepAlive(s)
			}
		})
	}
	wg.Wait()
}
