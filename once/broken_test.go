package once_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// brokenLedger is a Ledger of which some methods fail.
type brokenLedger struct {
	once.Ledger

	mu                                    sync.Mutex
	begin, update, finish, abandon, owner error
	slow                                  time.Duration // of Update
}

func (l *brokenLedger) failing(which *error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *which
}

func (l *brokenLedger) set(which *error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*which = err
}

func (l *brokenLedger) Begin(ctx context.Context, r once.Record, lease time.Duration) (once.Record, bool, error) {
	if err := l.failing(&l.begin); err != nil {
		return once.Record{}, false, err
	}
	return l.Ledger.Begin(ctx, r, lease)
}

func (l *brokenLedger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	if err := l.failing(&l.update); err != nil {
		return err
	}
	time.Sleep(l.slow)
	return l.Ledger.Update(ctx, r, lease)
}

func (l *brokenLedger) Finish(ctx context.Context, r once.Record) error {
	if err := l.failing(&l.finish); err != nil {
		return err
	}
	return l.Ledger.Finish(ctx, r)
}

func (l *brokenLedger) Abandon(ctx context.Context, r once.Record) error {
	if err := l.failing(&l.abandon); err != nil {
		return err
	}
	return l.Ledger.Abandon(ctx, r)
}

func (l *brokenLedger) Owners(ctx context.Context, refs []once.CopyRef) (map[once.CopyRef]once.Record, error) {
	if err := l.failing(&l.owner); err != nil {
		return nil, err
	}
	return l.Ledger.Owners(ctx, refs)
}

func breakable(steps ...step) (*once.Runner, *brokenLedger, *acme) {
	runner, vendor := newOnce(steps...)
	ledger := &brokenLedger{Ledger: runner.Ledger}
	runner.Ledger = ledger
	return runner, ledger, vendor
}

func TestOnceNeverLosesTheIDOverTheLedger(t *testing.T) {
	for name, step := range map[string]step{"answered": answered, "found": lost(0)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runner, ledger, vendor := breakable(step)
				ledger.finish = errDropped
				made, err := runner.Copy(t.Context(), "k", vendor, request)
				require.Equal(t, "agent-1", made.ID)
				require.ErrorIs(t, err, agentcopy.ErrCopied)
				require.ErrorIs(t, err, errDropped)
				require.ErrorContains(t, err, "agent-1")
				require.Equal(t, agentcopy.OutcomeCopied, asError(t, err).Outcome)

				ledger.finish = nil // and the next run finds it
				made, err = runner.Copy(t.Context(), "k", vendor, request)
				require.NoError(t, err)
				require.Equal(t, "agent-1", made.ID)
				require.Len(t, vendor.sent, 1)
			})
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
	runner, ledger, vendor := breakable()
	runner.Ledger = &endingLedger{ledger, cancel}
	require.ErrorIs(t, copyOf(ctx, runner, "k", vendor, request), context.Canceled)
	require.Empty(t, vendor.sent)
	require.Empty(t, records(t, ledger))
}

// endingLedger ends the caller's context once the intent is recorded.
type endingLedger struct {
	*brokenLedger
	cancel context.CancelFunc
}

func (l *endingLedger) Begin(ctx context.Context, r once.Record, lease time.Duration) (once.Record, bool, error) {
	defer l.cancel()
	return l.brokenLedger.Begin(ctx, r, lease)
}

func TestOnceSaysThatAnIntentCouldNotBeTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := breakable(never(failed(agentcopy.OutcomeNotCopied, 404, nil)))
		ledger.abandon = errDropped
		err := copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, agentcopy.ErrNotFound)
		require.ErrorIs(t, err, errDropped)
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome, "not copied is said only once the record is gone")
	})
}

func TestOnceSendsNothingAgainThatItCannotRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := breakable(never(failed(agentcopy.OutcomeUnknown, 502, nil)))
		time.AfterFunc(29*time.Second, func() { ledger.set(&ledger.update, errDropped) })
		err := copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.ErrorIs(t, err, errDropped)
		require.Len(t, vendor.sent, 1)
	})
}

func TestOnceLooksAgainWhenTheLedgerCannotSayWhoseAnAgentIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := breakable(lost(0))
		ledger.owner = errDropped
		time.AfterFunc(time.Second, func() { ledger.set(&ledger.owner, nil) })
		start := time.Now()
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Equal(t, 1750*time.Millisecond, time.Since(start))
		requireSettled(t, runner.Ledger, vendor, 1)
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
	for name, lose := range map[string]func(*testing.T, *brokenLedger){
		"taken over": func(t *testing.T, l *brokenLedger) {
			require.NoError(t, l.Remove(t.Context(), "k"))
			_, _, err := l.Ledger.Begin(t.Context(), once.Record{Key: "k", Request: request}, time.Hour)
			require.NoError(t, err)
		},
		"removed by an operator": func(t *testing.T, l *brokenLedger) {
			require.NoError(t, l.Remove(t.Context(), "k"))
		},
		"not to be renewed": func(_ *testing.T, l *brokenLedger) { l.set(&l.update, errDropped) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runner, ledger, vendor := breakable(slow(time.Hour, answered))
				time.AfterFunc(time.Minute+time.Second, func() { lose(t, ledger) })
				start := time.Now()
				err := copyOf(t.Context(), runner, "k", vendor, request)
				require.ErrorIs(t, err, once.ErrLeaseLost)
				require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				require.LessOrEqual(t, time.Since(start), time.Minute+15*time.Second, "after that, another process may be at work")
				require.Len(t, vendor.sent, 1)
			})
		})
	}
}

func TestOnceForgivesALedgerThatIsAwayForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := breakable(slow(time.Hour, answered))
		time.AfterFunc(4*time.Second, func() { ledger.set(&ledger.update, errDropped) })
		time.AfterFunc(9*time.Second, func() { ledger.set(&ledger.update, nil) })
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}
