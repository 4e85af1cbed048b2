package window_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

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
		require.Equal(t, []string{"a at 0s", "b at 1s", "c at 2s", "d at 1m2s", "e at 1m3s"}, log.lines)
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

func TestHoldTellsHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer := window.NewPacer(time.Second)
		stop := errors.New("seen enough")
		pacer.Pause(time.Minute)
		go func() { _ = pacer.Wait(t.Context(), always) }()
		synctest.Wait()
		time.Sleep(20 * time.Second)
		err := pacer.Wait(t.Context(), func(opens, turn time.Duration) error {
			require.Equal(t, 40*time.Second, opens, "until it opens")
			require.Equal(t, 41*time.Second, turn, "until the turn of the second in line")
			return stop
		})
		require.ErrorIs(t, err, stop)
		time.Sleep(time.Minute)
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

func TestHoldDoesNotShortenTheSpacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer, log := window.NewPacer(10*time.Second), newLog()
		line(t, pacer, log, "a").Wait()
		require.True(t, pacer.Pause(time.Second))
		line(t, pacer, log, "b").Wait()
		require.Equal(t, []string{"a at 0s", "b at 10s"}, log.lines)
	})
}
