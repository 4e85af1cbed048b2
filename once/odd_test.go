package once_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// Copiers whose errors and copies contradict themselves. A copy was made each time;
// there must be no second one, and the call must not say that there is none.
func TestOddCopiersMakeNoSecondCopy(t *testing.T) {
	notCopied := failed(agentcopy.OutcomeNotCopied, 404, nil)
	unknown := failed(agentcopy.OutcomeUnknown, 502, nil)
	// making makes a copy, which is hidden for an hour, and returns what answer does.
	making := func(answer func(agentcopy.Copy) (agentcopy.Copy, error)) step {
		return func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
			return answer(a.make(req, time.Hour))
		}
	}
	failing := func(err error) step {
		return making(func(agentcopy.Copy) (agentcopy.Copy, error) { return agentcopy.Copy{}, err })
	}
	for _, tt := range []struct {
		what   string
		step   step
		traced bool
		want   error // nil: the copy is returned
	}{
		{"a nil *agentcopy.Error", making(func(c agentcopy.Copy) (agentcopy.Copy, error) { return c, (*agentcopy.Error)(nil) }), false, nil},
		{"no copy and another", failing(errors.Join(notCopied, failed(agentcopy.OutcomeCopied, 200, nil))), false, agentcopy.ErrCopied},
		{"no copy and it is not known", failing(fmt.Errorf("%w, after %w", notCopied, unknown)), false, agentcopy.ErrOutcomeUnknown},
		{"the sentinel", failing(fmt.Errorf("acme: %w", agentcopy.ErrCopied)), false, agentcopy.ErrCopied},
		{"a copy that is named with an error", making(func(c agentcopy.Copy) (agentcopy.Copy, error) {
			return c, failed(agentcopy.OutcomeCopied, 200, errDropped)
		}), false, nil},
		{"no copy, and here it is", making(func(c agentcopy.Copy) (agentcopy.Copy, error) { return c, notCopied }), false, agentcopy.ErrOutcomeUnknown},
		{"the source", making(func(agentcopy.Copy) (agentcopy.Copy, error) { return agentcopy.Copy{ID: "SOURCE-1"}, nil }), false, agentcopy.ErrCopied},
		{"a conflict without a status", failing(failed(agentcopy.OutcomeNotCopied, 0, agentcopy.ErrConflict)), false, agentcopy.ErrConflict},
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
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runner, vendor := newOnce(tt.step)
				var c agentcopy.Copier = vendor
				if tt.traced {
					c = &lyingTraced{vendor}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				made, err := runner.Copy(ctx, "k", c, request)
				require.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					require.Equal(t, "agent-1", made.ID)
					return
				}
				require.NotEqual(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
				time.Sleep(time.Hour)
				made, err = runner.Copy(t.Context(), "k", c, request)
				require.NoError(t, err)
				require.Equal(t, "agent-1", made.ID)
				requireSettled(t, runner.Ledger, vendor, 1)
			})
		})
	}
}

// lyingTraced says that it is traced, and leaves it to the step.
type lyingTraced struct{ *acme }

func (c *lyingTraced) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := c.acme.Identify(req)
	id.Traced = true
	return id
}

// A Copier that sends although AttemptStart forbade it, or after Copy has returned.
func TestOddCopiersThatSendAllTheSame(t *testing.T) {
	for what, step := range map[string]step{
		"and names the copy": answered,
		"and its answer is lost": func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
			return lost(time.Second)(a, ctx, req)
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runner, ledger, vendor := newFaulty(func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
					_, err := attempt(ctx, time.Minute)
					require.ErrorIs(t, err, errDropped)
					return step(a, ctx, req)
				})
				ledger.fail("Update", errDropped)
				time.AfterFunc(500*time.Millisecond, func() { ledger.fail("Update", nil) })
				made, err := runner.Copy(t.Context(), "k", &lyingTraced{vendor}, request)
				require.NoError(t, err)
				require.Equal(t, "agent-1", made.ID)
				requireSettled(t, ledger, vendor, 1)
			})
		})
	}
	t.Run("after Copy has returned", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			late := make(chan error, 1)
			runner, vendor := newOnce(func(_ *acme, ctx context.Context, _ agentcopy.CopyRequest) (agentcopy.Copy, error) {
				go func() {
					time.Sleep(time.Second)
					_, err := attempt(context.WithoutCancel(ctx), time.Minute)
					late <- err
				}()
				return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 404, nil)
			})
			require.ErrorIs(t, copyOf(t.Context(), runner, "k", &lyingTraced{vendor}, request), agentcopy.ErrNotFound)
			require.Error(t, <-late, "the key is given back")
			require.Empty(t, records(t, runner.Ledger))
		})
	})
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
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			require.Error(t, copyOf(ctx, runner, "k", &lyingTraced{vendor}, request))
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
		runner, vendor := newOnce(func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
			made := a.make(req, 0)
			made.Provider = ""
			return made, nil
		}, never(errDropped))
		require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request))
		vendor.agents[0].CreatedAt = time.Now().Add(time.Minute) // it looks like that of the second key
		require.NoError(t, copyOf(t.Context(), runner, "2", vendor, request))
		requireSettled(t, runner.Ledger, vendor, 2)
	})
}

// Looks of a Copier that does not keep to its contract.
func TestOddLooks(t *testing.T) {
	t.Run("an agent that comes twice is one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, vendor := newOnce(lost(0))
			c := &editedLooks{vendor, func(found []agentcopy.Candidate) []agentcopy.Candidate { return append(found, found...) }}
			require.NoError(t, copyOf(t.Context(), runner, "k", c, request))
		})
	})
	t.Run("bodies are not stored", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, vendor := newOnce(lost(0))
			c := &editedLooks{vendor, func(found []agentcopy.Candidate) []agentcopy.Candidate {
				for i := range found {
					found[i].Match, found[i].Copy.Body = agentcopy.MatchPossible, []byte("user data")
				}
				return found
			}}
			require.ErrorIs(t, copyOf(t.Context(), runner, "k", c, request), once.ErrAmbiguous)
			require.Nil(t, records(t, runner.Ledger)["k"].Seen[0].Copy.Body)
		})
	})
	t.Run("none is certain over all time", func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.make(request, 0)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
	})
	t.Run("one that never ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, vendor := newOnce(never(errDropped))
			c := &stuckLooks{vendor}
			start := time.Now()
			require.ErrorIs(t, copyOf(t.Context(), runner, "k", c, request), agentcopy.ErrOutcomeUnknown)
			require.Equal(t, 10*time.Minute, time.Since(start))
		})
	})
}

// editedLooks changes what looks show.
type editedLooks struct {
	*acme
	edit func([]agentcopy.Candidate) []agentcopy.Candidate
}

func (c *editedLooks) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	found, err := c.acme.FindCopies(ctx, req, since)
	return c.edit(found), err
}

// stuckLooks end with their context.
type stuckLooks struct{ *acme }

func (stuckLooks) FindCopies(ctx context.Context, _ agentcopy.CopyRequest, _ time.Time) ([]agentcopy.Candidate, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// The first Finish was done, and its answer lost: the copy is recorded, and the call
// says so.
func TestAFinishWhoseAnswerWasLostIsASuccess(t *testing.T) {
	for name, step := range map[string]step{"answered": answered, "found": lost(0)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
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

func TestFindWithALookThatTellsNothing(t *testing.T) {
	runner, vendor := newOnce()
	vendor.looks = []look{blind(agentcopy.ErrLookIncomplete)}
	_, err := runner.Find(t.Context(), "k", vendor, request)
	require.ErrorIs(t, err, agentcopy.ErrLookIncomplete)
	require.NotErrorIs(t, err, once.ErrNoCopy, "a caller may send after it")
	require.Empty(t, records(t, runner.Ledger))

	// A vendor shows the copy as made, but no record mentions it.
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.looks = repeated(blind(agentcopy.ErrAlreadyDone), 100)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), once.ErrAmbiguous)
		require.Empty(t, vendor.sent)
	})
}

// The record is taken back between a person's look at it and the word: nothing is
// assigned, and no record comes of it.
func TestAPersonsWordOnARecordThatIsGone(t *testing.T) {
	for what, decide := range map[string]func(*once.Runner) error{
		"Assign":  func(r *once.Runner) error { return r.Assign(t.Context(), "k", "a1") },
		"Dismiss": func(r *once.Runner) error { return r.Dismiss(t.Context(), "k", "a1") },
	} {
		t.Run(what, func(t *testing.T) {
			runner, ledger, _ := newFaulty()
			leave(t, ledger, "k", func(*once.Record) {})
			ledger.around = func(ctx context.Context, method string, call func() error) error {
				if method == "Begin" {
					require.NoError(t, ledger.Remove(ctx, "k"))
				}
				return call()
			}
			require.ErrorIs(t, decide(runner), once.ErrNoCopy)
			require.Empty(t, records(t, ledger))
		})
	}
}

// A ledger that panics while the lease is renewed, and a Copier that ends its
// goroutine: both reach the caller.
func TestPanicsAndExitsReachTheCaller(t *testing.T) {
	t.Run("a ledger that panics in the background", func(t *testing.T) {
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
	})
	t.Run("a Copier that exits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
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
	})
}
