package once_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestOnceNeverLosesTheIDOverTheLedger(t *testing.T) {
	for name, step := range map[string]step{"answered": answered, "found": lost(0)} {
		inBubble(t, name, func(t *testing.T) {
			runner, ledger, vendor := newFaulty(step)
			ledger.fail("Finish", errDropped)
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			require.Equal(t, "agent-1", made.ID)
			require.ErrorIs(t, err, agentcopy.ErrCopied)
			require.ErrorIs(t, err, errDropped)
			require.ErrorContains(t, err, "agent-1")
			require.Equal(t, agentcopy.OutcomeCopied, asError(t, err).Outcome)

			ledger.fail("Finish", nil) // and the next run finds it
			made, err = runner.Copy(t.Context(), "k", vendor, request)
			require.NoError(t, err)
			require.Equal(t, "agent-1", made.ID)
			require.Len(t, vendor.sent, 1)
		})
	}
}

func TestOnceRecordsACopyThoughItsContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runner, vendor := newOnce(func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
		cancel()
		return a.make(req, 0), nil
	})
	_, err := runner.Copy(ctx, "k", vendor, request)
	require.NoError(t, err)
	requireSettled(t, runner.Ledger, vendor, 1)
}

func TestOnceTakesBackAnIntentThatWasNeverSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runner, ledger, vendor := newFaulty()
	ledger.around = func(_ context.Context, method string, call func() error) error {
		defer cancel() // once the intent is recorded
		return call()
	}
	require.ErrorIs(t, copyOf(ctx, runner, "k", vendor, request), context.Canceled)
	require.Empty(t, vendor.sent)
	require.Empty(t, records(t, ledger))
}

func TestOnceSaysThatAnIntentCouldNotBeTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := newFaulty(never(failed(agentcopy.OutcomeNotCopied, 404, nil)))
		ledger.fail("Abandon", errDropped)
		err := copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, agentcopy.ErrNotFound)
		require.ErrorIs(t, err, errDropped)
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome, "not copied is said only once the record is gone")
	})
}

func TestOnceKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Hour, answered))
		var first sync.WaitGroup
		first.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request)) })
		for range 100 {
			time.Sleep(30 * time.Second)
			_, _, err := runner.Ledger.Begin(t.Context(), once.Record{Key: "k", Request: request, Identity: vendor.Identify(request)}, 15*time.Second)
			require.ErrorIs(t, err, once.ErrInProgress)
		}
		first.Wait()
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

func TestOnceGivesItsLeaseUpWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		abandonedAfter(t, runner, vendor, time.Second)
		_, found, err := runner.Ledger.Begin(t.Context(), once.Record{Key: "k", Request: request, Identity: vendor.Identify(request)}, time.Second)
		require.NoError(t, err)
		require.True(t, found)
	})
}

func TestOnceStopsWhenItsLeaseIsLost(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *faultyLedger){
		"taken over": func(t *testing.T, l *faultyLedger) { l.takeOver(t) },
		"removed by an operator": func(t *testing.T, l *faultyLedger) {
			require.NoError(t, l.Remove(t.Context(), "k"))
		},
		"not to be renewed": func(_ *testing.T, l *faultyLedger) { l.fail("Update", errDropped) },
	} {
		inBubble(t, name, func(t *testing.T) {
			runner, ledger, vendor := newFaulty(slow(time.Hour, answered))
			time.AfterFunc(time.Minute+time.Second, func() { lose(t, ledger) })
			start := time.Now()
			err := copyOf(t.Context(), runner, "k", vendor, request)
			require.ErrorIs(t, err, once.ErrLeaseLost)
			require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
			require.LessOrEqual(t, time.Since(start), time.Minute+15*time.Second, "after that, another process may be at work")
			require.Len(t, vendor.sent, 1)
		})
	}
}

func TestOnceForgivesALedgerThatIsAwayForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := newFaulty(slow(time.Hour, answered))
		time.AfterFunc(4*time.Second, func() { ledger.fail("Update", errDropped) })
		time.AfterFunc(9*time.Second, func() { ledger.fail("Update", nil) })
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

// The first Finish was done, and its answer lost: the copy is recorded, and the call
// says so.
func TestAFinishWhoseAnswerWasLostIsASuccess(t *testing.T) {
	for name, step := range map[string]step{"answered": answered, "found": lost(0)} {
		inBubble(t, name, func(t *testing.T) {
			runner, ledger, vendor := newFaulty(step)
			ledger.around = func(_ context.Context, method string, call func() error) error {
				if err := call(); err != nil || method != "Finish" {
					return err
				}
				return errDropped
			}
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			require.NoError(t, err)
			require.Equal(t, "agent-1", made.ID)
			requireSettled(t, ledger, vendor, 1)
		})
	}
}

// What no ledger knows is said.
func TestWhatTheLedgerCouldNotRecordIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := newFaulty()
		vendor.looks = []look{possible("a1")}
		ledger.fail("Release", errDropped)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorIs(t, err, errDropped)
		require.ErrorContains(t, err, "the ledger could not record what is known now")
	})
}

// A ledger that panics while the lease is renewed, and a Copier that ends its
// goroutine: both reach the caller.
func TestPanicsAndExitsReachTheCaller(t *testing.T) {
	inBubble(t, "a ledger that panics in the background", func(t *testing.T) {
		runner, ledger, vendor := newFaulty(slow(time.Hour, answered))
		time.AfterFunc(time.Second, func() {
			ledger.mu.Lock()
			defer ledger.mu.Unlock()
			ledger.around = func(context.Context, string, func() error) error { panic("in the ledger") }
		})
		require.PanicsWithValue(t, "in the ledger", func() { _ = copyOf(t.Context(), runner, "k", vendor, request) })
		require.Zero(t, once.KeysAtWork())
	})
	inBubble(t, "a Copier that exits", func(t *testing.T) {
		runner, vendor := newOnce(func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
			runtime.Goexit()
			return agentcopy.Copy{}, nil
		})
		passed := make(chan bool)
		go func() {
			defer close(passed)
			for range runner.All(t.Context(), slices.Values([]once.Job{jobOf(vendor, 1)})) {
			}
			passed <- true
		}()
		require.False(t, <-passed, "the loop exits, too")
		require.Zero(t, once.KeysAtWork())
	})
}
