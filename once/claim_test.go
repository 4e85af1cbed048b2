package once_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestOnceNeverLosesTheIDOverTheLedger(t *testing.T) {
	for name, step := range map[string]step{"answered": answered, "found": lost(0)} {
		inBubble(t, name+", and Finish fails", func(t *testing.T) {
			runner, ledger, vendor := newFaulty(step)
			ledger.fail("Finish", errDropped)
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			require.Equal(t, "agent-1", made.ID)
			require.ErrorIs(t, err, agentcopy.ErrCopied)
			require.ErrorIs(t, err, errDropped)
			require.ErrorContains(t, err, "agent-1")
			require.Equal(t, agentcopy.OutcomeCopied, vendortest.RequireError(t, err).Outcome)

			ledger.fail("Finish", nil) // and the next run finds it
			agents := vendor.agents
			if name == "answered" { // no later call sends again, whatever becomes of the agent
				vendor.agents = nil
				require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), agentcopy.ErrCopied)
			}
			vendor.agents = agents
			requireCopy(t, runner, vendor, "agent-1")
			require.Len(t, vendor.sent, 1)
		})
		inBubble(t, name+", and the answer of Finish is lost", func(t *testing.T) {
			runner, ledger, vendor := newFaulty(step)
			ledger.around = func(_ context.Context, method string, call func() error) error {
				if err := call(); err != nil || method != "Finish" {
					return err
				}
				return errDropped
			}
			requireCopy(t, runner, vendor, "agent-1")
			requireSettled(t, ledger, vendor, 1)
		})
	}
}

func TestOnceRecordsACopyThoughItsContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runner, vendor := newOnce(making(0, func(made agentcopy.Copy) (agentcopy.Copy, error) {
		cancel()
		return made, nil
	}))
	require.NoError(t, copyOf(ctx, runner, "k", vendor, request))
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
		require.Equal(t, agentcopy.OutcomeUnknown, vendortest.RequireError(t, err).Outcome, "not copied is said only once the record is gone")
	})
}

func TestOnceKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Hour, answered))
		var first sync.WaitGroup
		first.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request)) })
		for range 100 {
			time.Sleep(30 * time.Second)
			_, _, err := begin(t, runner.Ledger, 15*time.Second)
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
		_, found, err := begin(t, runner.Ledger, time.Second)
		require.NoError(t, err)
		require.True(t, found)
	})
}

func TestOnceStopsWhenItsLeaseIsLost(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *faultyLedger){
		"taken over":        func(t *testing.T, l *faultyLedger) { l.takeOver(t) },
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
		requireCopy(t, runner, vendor, "agent-1")
	})
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

// A panic while the lease is renewed reaches the caller.
func TestAPanicOfTheLedgerReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, ledger, vendor := newFaulty(slow(time.Hour, answered))
		time.AfterFunc(time.Second, func() {
			ledger.mu.Lock()
			defer ledger.mu.Unlock()
			ledger.around = func(context.Context, string, func() error) error { panic("in the ledger") }
		})
		require.PanicsWithValue(t, "in the ledger", func() { _ = copyOf(t.Context(), runner, "k", vendor, request) })
		require.Zero(t, once.KeysAtWork())
	})
}

// attempt asks the Trace whether a copy request may leave. done tells it what became of it.
func attempt(ctx context.Context, timeout time.Duration) (done func(agentcopy.Outcome), err error) {
	return attemptOf(ctx, agentcopy.CallInfo{Provider: "acme", Operation: "CopyAgent", Copies: true}, timeout)
}

// attemptOf asks it about a request of any call.
func attemptOf(ctx context.Context, call agentcopy.CallInfo, timeout time.Duration) (done func(agentcopy.Outcome), err error) {
	trace := agentcopy.ContextTrace(ctx)
	info := agentcopy.AttemptInfo{Call: call, Number: 1, Timeout: timeout}
	ctx, err = trace.AttemptStart(ctx, info)
	return func(o agentcopy.Outcome) { trace.AttemptDone(ctx, info, agentcopy.Attempt{}, o) }, err
}

// asked reads something, waits, as for a limiter, and asks the Trace right before it does
// next.
func asked(wait, timeout time.Duration, next step) step {
	return func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
		if done, err := attemptOf(ctx, agentcopy.CallInfo{Provider: "acme", Operation: "GetAgent"}, timeout); err == nil {
			done(agentcopy.OutcomeUnknown) // it makes no copy
		}
		time.Sleep(wait)
		if _, err := attempt(ctx, timeout); err != nil {
			return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 0, err)
		}
		return next(a, ctx, req)
	}
}

// TestASendingIsRecordedRightBeforeIt: by a ledger that takes so long. The attempt begins after that.
func TestASendingIsRecordedRightBeforeIt(t *testing.T) {
	for took, late := range map[time.Duration]time.Duration{0: 0, 8 * time.Second: 23 * time.Second} {
		inBubble(t, took.String(), func(t *testing.T) {
			var during once.Record
			runner, ledger, vendor := newFaulty()
			begun, slow := time.Now().Add(time.Minute+time.Second), took
			ledger.around = func(_ context.Context, method string, call func() error) error {
				if method == "Update" && !time.Now().Before(begun) {
					time.Sleep(slow)
					slow = 0
				}
				return call()
			}
			vendor.traced = true
			vendor.steps = []step{asked(time.Until(begun), 40*time.Second, func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
				during = records(t, runner.Ledger)["k"]
				time.Sleep(3 * time.Second)
				return agentcopy.Copy{}, errDropped
			})}
			abandonedAfter(t, runner, vendor, 90*time.Second)
			require.True(t, during.Since.Equal(begun), "Since is right before the request leaves, not before a read")
			require.True(t, during.SentAt.Equal(begun.Add(late+40*time.Second)), "until it ends, SentAt is when it ends at the latest: %v", during.SentAt)
			require.Equal(t, 1, during.Sends)
			after := records(t, runner.Ledger)["k"]
			require.True(t, after.SentAt.Equal(begun.Add(took+3*time.Second)), "then it is when it ended: %v", after.SentAt)
			require.False(t, after.LookedAt.IsZero())
		})
	}
}

func TestNothingIsSentThatTheLedgerDidNotRecord(t *testing.T) {
	for _, tt := range []struct {
		what  string
		spoil func(*testing.T, *faultyLedger)
		want  error
		is    agentcopy.Outcome
	}{
		{"the ledger fails", func(_ *testing.T, l *faultyLedger) { l.fail("Update", errDropped) }, errDropped, agentcopy.OutcomeNotCopied},
		{"another process has taken the key over", func(t *testing.T, l *faultyLedger) { l.takeOver(t) }, once.ErrLeaseLost, agentcopy.OutcomeUnknown},
		{"the ledger takes longer than the lease", func(_ *testing.T, l *faultyLedger) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.around = func(_ context.Context, _ string, call func() error) error {
				time.Sleep(20 * time.Second)
				return call()
			}
		}, once.ErrLeaseLost, agentcopy.OutcomeUnknown},
	} {
		inBubble(t, tt.what, func(t *testing.T) {
			runner, ledger, vendor := newFaulty(asked(4*time.Second, time.Minute, answered))
			vendor.traced = true
			time.AfterFunc(3*time.Second, func() { tt.spoil(t, ledger) })
			err := copyOf(t.Context(), runner, "k", vendor, request)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.is, vendortest.RequireError(t, err).Outcome, "%v", err)
			require.Empty(t, vendor.agents)
		})
	}
}

func TestTheIdempotencyKeyIsThatOfTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.NoError(t, copyOf(t.Context(), runner, "other", vendor, request))
		require.Len(t, vendor.keys, 3)
		require.NotEmpty(t, vendor.keys[0])
		require.Equal(t, vendor.keys[0], vendor.keys[1], "sent again, it is the same")
		require.NotEqual(t, vendor.keys[0], vendor.keys[2], "of another key, it is another")
		for _, record := range records(t, runner.Ledger) {
			require.Empty(t, record.Request.IdempotencyKey)
		}
	})
}

func TestARefusalThatMayBeTheSignOfACopy(t *testing.T) {
	conflict, exists := failed(agentcopy.OutcomeNotCopied, 409, nil), nameTaken(400)
	for _, tt := range []struct {
		what    string
		refusal *agentcopy.Error
		looks   []look
		made    bool // by a gateway that sent the request twice
		want    error
		took    time.Duration
	}{
		{what: "409, and nothing shows", refusal: conflict, want: agentcopy.ErrConflict, took: 30 * time.Second},
		{what: "409, and the copy shows", refusal: conflict, made: true},
		{what: "already exists, and nothing shows", refusal: exists, want: exists, took: 30 * time.Second},
		{what: "already exists, and the copy shows", refusal: exists, made: true},
		{what: "409, and an older agent has the name", refusal: conflict, looks: []look{blind(agentcopy.ErrNameTaken)}, want: agentcopy.ErrConflict},
		{what: "another refusal stands at once", refusal: failed(agentcopy.OutcomeNotCopied, 404, nil), want: agentcopy.ErrNotFound},
	} {
		inBubble(t, tt.what, func(t *testing.T) {
			runner, vendor := newOnce(never(tt.refusal))
			if tt.made {
				vendor.steps = []step{failing(0, tt.refusal)}
			}
			vendor.looks = tt.looks
			start := time.Now()
			err := copyOf(t.Context(), runner, "k", vendor, request)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.took, time.Since(start))
			require.Len(t, vendor.sent, 1)
			if tt.want != nil {
				require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
				require.Empty(t, records(t, runner.Ledger), "a better request may use the key")
			}
		})
	}
}

func TestTheCopyOfAnotherKeyExplainsARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(answered, never(failed(agentcopy.OutcomeUnknown, 502, nil)), never(nameTaken(409)))
		require.NoError(t, copyOf(t.Context(), runner, "a", vendor, request))
		err := copyOf(t.Context(), runner, "b", vendor, request)
		require.ErrorIs(t, err, agentcopy.ErrConflict)
		require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
		require.Len(t, vendor.sent, 3)
	})
}

// Copiers whose errors and copies contradict themselves. A copy was made each time;
// there must be no second one, and the call must not say that there is none.
func TestOddCopiersMakeNoSecondCopy(t *testing.T) {
	notCopied := failed(agentcopy.OutcomeNotCopied, 404, nil)
	unknown := failed(agentcopy.OutcomeUnknown, 502, nil)
	for _, tt := range []struct {
		what   string
		step   step
		traced bool
		want   error // nil: the copy is returned
	}{
		{"a nil *agentcopy.Error", making(time.Hour, func(c agentcopy.Copy) (agentcopy.Copy, error) { return c, (*agentcopy.Error)(nil) }), false, nil},
		{"no copy and another", failing(time.Hour, errors.Join(notCopied, failed(agentcopy.OutcomeCopied, 200, nil))), false, agentcopy.ErrCopied},
		{"no copy and it is not known", failing(time.Hour, fmt.Errorf("%w, after %w", notCopied, unknown)), false, agentcopy.ErrOutcomeUnknown},
		{"the sentinel", failing(time.Hour, fmt.Errorf("acme: %w", agentcopy.ErrCopied)), false, agentcopy.ErrCopied},
		{"a copy that is named with an error", making(time.Hour, func(c agentcopy.Copy) (agentcopy.Copy, error) {
			return c, failed(agentcopy.OutcomeCopied, 200, errDropped)
		}), false, nil},
		{"no copy, and here it is", making(time.Hour, func(c agentcopy.Copy) (agentcopy.Copy, error) { return c, notCopied }), false, agentcopy.ErrOutcomeUnknown},
		{"the source", making(time.Hour, func(agentcopy.Copy) (agentcopy.Copy, error) { return agentcopy.Copy{ID: "SOURCE-1"}, nil }), false, agentcopy.ErrCopied},
		{"a conflict without a status", failing(time.Hour, failed(agentcopy.OutcomeNotCopied, 0, agentcopy.ErrConflict)), false, agentcopy.ErrConflict},
		{"an attempt that was told of as unknown", func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
			done, err := attempt(ctx, time.Minute)
			require.NoError(t, err)
			a.make(req, time.Hour)
			done(agentcopy.OutcomeUnknown)
			_, err = attempt(ctx, time.Minute)
			require.Error(t, err, "it may not try again by itself")
			return agentcopy.Copy{}, notCopied
		}, true, agentcopy.ErrOutcomeUnknown},
	} {
		inBubble(t, tt.what, func(t *testing.T) {
			runner, vendor := newOnce(tt.step)
			vendor.traced = tt.traced
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			made, err := runner.Copy(ctx, "k", vendor, request)
			require.ErrorIs(t, err, tt.want)
			if tt.want == nil {
				require.Equal(t, "agent-1", made.ID)
				return
			}
			require.NotEqual(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
			time.Sleep(time.Hour)
			requireCopy(t, runner, vendor, "agent-1")
			requireSettled(t, runner.Ledger, vendor, 1)
		})
	}
}

// A Copier that sends although AttemptStart forbade it, or after Copy has returned.
func TestOddCopiersThatSendThoughForbidden(t *testing.T) {
	for what, step := range map[string]step{
		"and names the copy":     answered,
		"and its answer is lost": lost(time.Second),
	} {
		inBubble(t, what, func(t *testing.T) {
			runner, ledger, vendor := newFaulty(func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				_, err := attempt(ctx, time.Minute)
				require.ErrorIs(t, err, errDropped)
				return step(a, ctx, req)
			})
			vendor.traced = true
			ledger.fail("Update", errDropped)
			time.AfterFunc(500*time.Millisecond, func() { ledger.fail("Update", nil) })
			requireCopy(t, runner, vendor, "agent-1")
			requireSettled(t, ledger, vendor, 1)
		})
	}
	for what, failure := range map[string]error{
		"while the Runner looks": errDropped, "while nobody has the key": failed(agentcopy.OutcomeNotCopied, 404, nil),
	} {
		inBubble(t, "after Copy has returned, "+what, func(t *testing.T) {
			late := make(chan error, 1)
			runner, vendor := newOnce(func(_ *acme, ctx context.Context, _ agentcopy.CopyRequest) (agentcopy.Copy, error) {
				go func() {
					time.Sleep(time.Second)
					_, err := attempt(context.WithoutCancel(ctx), time.Minute)
					late <- err
				}()
				return agentcopy.Copy{}, failure
			})
			vendor.traced = true
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.ErrorIs(t, copyOf(ctx, runner, "k", vendor, request), failure)
			require.Error(t, <-late)
		})
	}
}

// Since stays that of the first attempt while it is not known that it made nothing.
func TestSinceIsThatOfTheFirstAttemptThatMayHaveMadeTheCopy(t *testing.T) {
	for _, told := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			runner, vendor := newOnce(func(_ *acme, ctx context.Context, _ agentcopy.CopyRequest) (agentcopy.Copy, error) {
				for range 2 {
					done, err := attempt(ctx, time.Minute)
					require.NoError(t, err)
					time.Sleep(time.Second)
					if told {
						done(agentcopy.OutcomeNotCopied)
					}
				}
				return agentcopy.Copy{}, errDropped
			})
			vendor.traced = true
			abandonedAfter(t, runner, vendor, 5*time.Second)
			want := begun
			if told {
				want = begun.Add(time.Second)
			}
			require.True(t, want.Equal(records(t, runner.Ledger)["k"].Since), told)
		})
	}
}

// Two keys never own one agent, whatever the Copier calls its vendor.
func TestOddProvidersAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(making(0, func(made agentcopy.Copy) (agentcopy.Copy, error) {
			made.Provider = ""
			return made, nil
		}), never(errDropped))
		require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request))
		vendor.agents[0].CreatedAt = time.Now().Add(time.Minute) // it looks like that of the second key
		require.NoError(t, copyOf(t.Context(), runner, "2", vendor, request))
		requireSettled(t, runner.Ledger, vendor, 2)
	})
}

// memoryStore is a store whose handles are all one ledger.
type memoryStore struct{ once.Ledger }

func (s memoryStore) Open(*testing.T) once.Ledger  { return s.Ledger }
func (s memoryStore) StepClock(time.Duration) bool { return false }

func TestMemoryLedger(t *testing.T) {
	oncetest.TestLedger(t, func(*testing.T) oncetest.Store { return memoryStore{once.NewMemoryLedger()} })
}

func TestCopyRefsHaveTextsOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	parts := []string{"", " ", `"`, `" "`, "a", `a" "b`, "b", "\u00e4"}
	for _, origin := range parts {
		for _, provider := range parts {
			for _, id := range parts {
				text := once.CopyRef{Origin: origin, Provider: provider, ID: id}.String()
				require.False(t, seen[text] || len([]rune(text)) < len(text), text) // what is printable depends on the release of Go
				seen[text] = true
			}
		}
	}
}
