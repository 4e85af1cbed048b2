package window_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

const minute = time.Minute

// admit takes a permit that must be free. It is for bubbles.
func admit(t *testing.T, l *window.Limiter) window.Ticket {
	t.Helper()
	ticket, err := l.Admit(endsWithin(t, 1))
	require.NoError(t, err, "a permit should be free")
	return ticket
}

// requireFull says that no permit is free.
func requireFull(t *testing.T, l *window.Limiter) {
	t.Helper()
	_, err := l.Admit(endsWithin(t, 1))
	require.ErrorIs(t, err, context.DeadlineExceeded, "no permit should be free")
}

// endsWithin is a context with a deadline. Within a nanosecond, in a bubble, is
// enough for what need not wait, and for nothing else.
func endsWithin(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// log notes who came through, and when.
type log struct {
	mu    sync.Mutex
	start time.Time
	lines []string
}

func newLog() *log { return &log{start: time.Now()} }

func (l *log) add(who any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprint(who, " at ", time.Since(l.start)))
}

func TestAPermitIsHeldUntilAWindowAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := window.New(2, minute)
		slow, fast := admit(t, l), admit(t, l)
		requireFull(t, l)
		time.Sleep(10 * time.Second)
		l.Answered(fast)
		time.Sleep(minute - 1)
		requireFull(t, l)
		time.Sleep(1 * time.Nanosecond)
		admit(t, l)
		requireFull(t, l) // the slow one was admitted long ago, but not answered yet
		time.Sleep(time.Hour)
		requireFull(t, l)
		l.Answered(slow)
		time.Sleep(minute)
		admit(t, l)
	})
}

func TestAPermitThatPassedIsHeldForAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := window.New(2, minute), newLog()
		for i := range 5 {
			require.NoError(t, l.Pass(t.Context()))
			log.add(i)
			time.Sleep(time.Second)
		}
		require.Equal(t, []string{"0 at 0s", "1 at 1s", "2 at 1m0s", "3 at 1m1s", "4 at 2m0s"}, log.lines)
	})
}

func TestANewcomerDoesNotOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := window.New(1, minute), newLog()
		l.Answered(admit(t, l))
		wait := func(who string) {
			assert.NoError(t, l.Pass(t.Context()))
			log.add(who)
		}
		var wg sync.WaitGroup
		wg.Go(func() { wait("first") })
		synctest.Wait()
		time.Sleep(minute) // the newcomer is there at the moment at which the permit is free
		wg.Go(func() { wait("newcomer") })
		wg.Wait()
		require.Equal(t, []string{"first at 1m0s", "newcomer at 2m0s"}, log.lines)
	})
}

func TestOneIsWokenForEachPermit(t *testing.T) {
	const waiters = 10_000
	synctest.Test(t, func(t *testing.T) {
		l := window.New(100, minute)
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range waiters {
			wg.Go(func() {
				assert.NoError(t, l.Pass(t.Context()))
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			if i%100 == 99 {
				synctest.Wait()
			}
		}
		for windows := range waiters / 100 {
			synctest.Wait()
			mu.Lock()
			require.Len(t, order, 100*(windows+1), "admitted after %d windows", windows)
			mu.Unlock()
			time.Sleep(minute)
		}
		wg.Wait()
		// Within the hundreds that came at once the order is the scheduler's.
		for i, who := range order {
			require.Equal(t, i/100, who/100, "hundred of the one who came through as number %d", i)
		}
	})
}

func TestACancelledWaiterGivesUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := window.New(1, minute), newLog()
		l.Answered(admit(t, l))
		cause := errors.New("the user went home")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		for _, who := range []string{"first", "cancelled", "last"} {
			wg.Go(func() {
				if who != "cancelled" {
					assert.NoError(t, l.Pass(t.Context()))
				} else {
					err := l.Pass(ctx)
					assert.ErrorIs(t, err, context.Canceled)
					assert.ErrorIs(t, err, cause)
				}
				log.add(who)
			})
			synctest.Wait()
		}
		time.Sleep(time.Second)
		cancel(cause)
		wg.Wait()
		require.Equal(t, []string{"cancelled at 1s", "first at 1m0s", "last at 2m0s"}, log.lines)

		require.ErrorIs(t, l.Pass(ctx), cause, "a context that has ended is not admitted, permit or no permit")
	})
}

// A permit that is free while its waiter is being cancelled goes to one or the other,
// and is never lost.
func TestACancelThatMeetsAnAdmissionLosesNoPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := window.New(1, time.Hour)
		met := 0
		for range 1000 {
			held := admit(t, l)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if ticket, err := l.Admit(ctx); err == nil {
					l.GiveBack(ticket)
				} else {
					met++
				}
			}()
			synctest.Wait()
			l.GiveBack(held) // admits it
			cancel()         // often before it knows
			synctest.Wait()
			l.GiveBack(admit(t, l))
		}
		t.Logf("%d of 1,000 were cancelled after they were admitted", met)
	})
}

func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	// Of three permits one is free in 10s, one in 20s, and one not before a minute has
	// passed.
	cases := []struct {
		ahead   int // waiters
		earlier time.Duration
	}{
		{0, 10 * time.Second},
		{1, 20 * time.Second},
		{2, minute},
		{3, 10*time.Second + minute},
		{5, 2 * minute},
		{3000, 10*time.Second + 1000*minute},
	}
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.ahead, " ahead"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := window.New(3, minute)
				first, second := admit(t, l), admit(t, l)
				admit(t, l)
				l.Answered(first)
				time.Sleep(10 * time.Second)
				l.Answered(second)
				time.Sleep(40 * time.Second)
				queue, leave := context.WithCancel(t.Context())
				for range tc.ahead {
					go func() { _ = l.Pass(queue) }()
				}
				synctest.Wait()

				start := time.Now()
				tooSoon, cancel := context.WithTimeout(t.Context(), tc.earlier)
				defer cancel()
				err := l.Pass(tooSoon)
				require.ErrorIs(t, err, context.DeadlineExceeded, "a permit is free after %v, which is not before the deadline", tc.earlier)
				require.ErrorContains(t, err, fmt.Sprintf("3 per 1m0s: no permit is free for another %v, past the context's deadline: ", tc.earlier))
				require.Zero(t, time.Since(start), "how long it took to say so")
				require.NoError(t, tooSoon.Err(), "the context is not to blame yet")

				inTime, cancel := context.WithTimeout(t.Context(), tc.earlier+1)
				defer cancel()
				var waited error
				go func() { waited = l.Pass(inTime) }()
				synctest.Wait()
				require.NoError(t, waited, "a permit may be free after %v, which is before the deadline: wait for it", tc.earlier)
				leave()
				cancel()
				synctest.Wait()
			})
		})
	}
}

func TestAWaitOfCenturies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := window.New(1, math.MaxInt64)
		l.Answered(admit(t, l))
		start := time.Now()
		queue, leave := context.WithCancel(t.Context())
		for range 3 {
			go func() { _ = l.Pass(queue) }()
			synctest.Wait()
			require.ErrorIs(t, l.Pass(endsWithin(t, 24*time.Hour)), context.DeadlineExceeded)
		}
		require.Zero(t, time.Since(start), "how long it took to say so")
		leave()
	})
}

func TestATicketCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := window.New(1, minute)
		old := admit(t, l)
		l.Answered(old)
		time.Sleep(30 * time.Second)
		l.Answered(old) // does not begin the window anew
		l.GiveBack(old) // does not end it
		requireFull(t, l)
		time.Sleep(30 * time.Second)
		current := admit(t, l)
		l.GiveBack(old) // the permit is another's now
		l.Answered(old)
		requireFull(t, l)
		l.GiveBack(current)
		l.GiveBack(current)
		admit(t, l)
		requireFull(t, l)
	})
}

func TestSizes(t *testing.T) {
	cases := []struct {
		n        int
		per      time.Duration
		attempts int
		want     time.Duration
	}{
		{1, time.Nanosecond, 4, 3 * time.Nanosecond},
		{1, time.Millisecond, 4, 3 * time.Millisecond},
		{1, 24 * time.Hour, 4, 3 * 24 * time.Hour},
		{60, 61 * time.Second, 1000, 16 * 61 * time.Second},
		{1_000_000, time.Hour, 10_000, 0},
		{math.MaxInt, time.Second, 10_000, 0}, // memory follows use, not n
		{1, math.MaxInt64, 1, 0},
		{math.MaxInt, math.MaxInt64, 1000, 0},
	}
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.n, " per ", tc.per), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := window.New(tc.n, tc.per)
				start := time.Now()
				for range tc.attempts {
					ticket, err := l.Admit(t.Context())
					require.NoError(t, err)
					l.Answered(ticket)
				}
				require.Equal(t, tc.want, time.Since(start), "time for %d attempts", tc.attempts)
				if tc.attempts == tc.n {
					requireFull(t, l)
				}
			})
		})
	}
}

// TestNeverMoreThanNInAnyWindow lets attempts arrive at a server at any moment
// between the moments at which they are admitted and answered, and counts there.
func TestNeverMoreThanNInAnyWindow(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			n, per := 1+r.IntN(20), time.Duration(1+r.IntN(1000))*time.Millisecond
			l := window.New(n, per)
			var mu sync.Mutex
			var arrivals []time.Time
			upTo := func(d time.Duration) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(r.Int64N(int64(d)))
			}
			attempt := func() {
				if upTo(10) == 0 { // some give up
					ctx, cancel := context.WithTimeout(t.Context(), upTo(per))
					defer cancel()
					if ticket, err := l.Admit(ctx); err == nil {
						l.GiveBack(ticket)
					}
					return
				}
				ticket, err := l.Admit(t.Context())
				assert.NoError(t, err)
				time.Sleep(upTo(2 * per))
				mu.Lock()
				arrivals = append(arrivals, time.Now())
				mu.Unlock()
				time.Sleep(upTo(per))
				l.Answered(ticket)
			}
			var wg sync.WaitGroup
			for range 2 * n {
				wg.Go(func() {
					for range 20 {
						attempt()
					}
				})
			}
			wg.Wait()
			slices.SortFunc(arrivals, time.Time.Compare)
			for i := n; i < len(arrivals); i++ {
				require.GreaterOrEqual(t, arrivals[i].Sub(arrivals[i-n]), per, "seed %d: time in which %d arrived, of which %d are allowed in %v", seed, n+1, n, per)
			}
		})
	}
}

func always(_, _ time.Duration) error { return nil }

// line sends callers to t in order, each of whom logs its name when it is
// through, or the error.
func line(t *testing.T, pacer *window.Pacer, log *log, names ...string) *sync.WaitGroup {
	var wg sync.WaitGroup
	for _, who := range names {
		wg.Go(func() {
			if err := pacer.Wait(t.Context(), always); err != nil {
				who += " " + err.Error()
			}
			log.add(who)
		})
		synctest.Wait()
	}
	return &wg
}

func TestTurnsAreASpacingApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer, log := window.NewPacer(time.Second), newLog()
		line(t, pacer, log, "a", "b", "c").Wait()
		time.Sleep(time.Minute) // gathers no credit
		line(t, pacer, log, "d", "e").Wait()
		require.True(t, pacer.Pause(1)) // shortens no spacing
		line(t, pacer, log, "f").Wait()
		require.Equal(t, []string{"a at 0s", "b at 1s", "c at 2s", "d at 1m2s", "e at 1m3s", "f at 1m4s"}, log.lines)
	})
}

func TestHoldKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer, log := window.NewPacer(time.Second), newLog()
		require.True(t, pacer.Pause(10*time.Second))
		require.False(t, pacer.Pause(5*time.Second), "it is held for longer already")
		require.False(t, pacer.Pause(0))
		require.False(t, pacer.Pause(-time.Second))
		wg := line(t, pacer, log, "a", "b", "c")
		stop := errors.New("seen enough")
		require.ErrorIs(t, pacer.Wait(t.Context(), func(opens, turn time.Duration) error {
			require.Equal(t, 10*time.Second, opens, "until it opens")
			require.Equal(t, 13*time.Second, turn, "until the turn of the fourth in line")
			return stop
		}), stop)
		time.Sleep(11500 * time.Millisecond) // a and b are through
		require.Zero(t, pacer.Paused())
		require.True(t, pacer.Pause(10*time.Second))
		require.Equal(t, 10*time.Second, pacer.Paused())
		line(t, pacer, log, "d").Wait()
		wg.Wait()
		require.Equal(t, []string{"a at 10s", "b at 11s", "c at 21.5s", "d at 22.5s"}, log.lines)
	})
}

func TestWhoMayNotWaitIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer, log := window.NewPacer(time.Second), newLog()
		tooLong := errors.New("too long")
		upTo := func(limit time.Duration) window.MayWait {
			return func(_, turn time.Duration) error {
				if turn > limit {
					return tooLong
				}
				return nil
			}
		}
		pacer.Pause(10 * time.Second)
		require.ErrorIs(t, pacer.Wait(t.Context(), upTo(9*time.Second)), tooLong)
		require.Zero(t, time.Since(log.start), "it should be told before it waits")

		var wg sync.WaitGroup
		wg.Go(func() {
			assert.ErrorIs(t, pacer.Wait(t.Context(), upTo(10*time.Second)), tooLong)
			log.add("impatient")
		})
		synctest.Wait()
		others := line(t, pacer, log, "a", "b")
		wg.Go(func() {
			assert.ErrorIs(t, pacer.Wait(t.Context(), upTo(21*time.Second)), tooLong)
			log.add("third of the rest")
		})
		synctest.Wait()
		time.Sleep(5 * time.Second)
		pacer.Pause(20 * time.Second)
		wg.Wait()
		others.Wait()
		slices.Sort(log.lines[:2]) // which are told at once
		require.Equal(t, []string{"impatient at 5s", "third of the rest at 5s", "a at 25s", "b at 26s"}, log.lines)
	})
}

func TestACancelledCallerLeavesNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer, log := window.NewPacer(time.Second), newLog()
		pacer.Pause(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.ErrorIs(t, pacer.Wait(ctx, always), context.Canceled)
			log.add("cancelled")
		})
		synctest.Wait()
		others := line(t, pacer, log, "a", "b")
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		others.Wait()
		require.Equal(t, []string{"cancelled at 1s", "a at 10s", "b at 11s"}, log.lines)
		require.ErrorIs(t, pacer.Wait(ctx, always), context.Canceled)
	})
}

func TestANewcomerDoesNotTakeAnothersTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			pacer, log := window.NewPacer(time.Second), newLog()
			var newcomer sync.WaitGroup
			newcomer.Go(func() { // is there at the moment of b's turn
				time.Sleep(time.Second)
				assert.NoError(t, pacer.Wait(t.Context(), always))
				log.add("newcomer")
			})
			synctest.Wait()
			line(t, pacer, log, "a", "b").Wait()
			newcomer.Wait()
			require.Equal(t, []string{"a at 0s", "b at 1s", "newcomer at 2s"}, log.lines)
			time.Sleep(time.Minute)
		}
	})
}
