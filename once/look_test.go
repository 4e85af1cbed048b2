package once_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestOnceListsTheAgentsThatCouldBeTheCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
			a.make(req, 0) // by somebody else
			return lost(0)(a, ctx, req)
		})
		for range 2 { // the second call finds no more than the first
			err := copyOf(t.Context(), runner, "k", vendor, request)
			require.ErrorIs(t, err, once.ErrAmbiguous)
			require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
			require.ErrorContains(t, err, fmt.Sprintf(`agent-2 "new" (made %s)`, time.Now().UTC().Format(time.RFC3339)))
			require.ErrorContains(t, err, `agent-1 "new"`)
		}
		require.Len(t, vendor.sent, 1)

		vendor.delete("agent-1")
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-2", made.ID)
		require.Len(t, vendor.sent, 1)
	})
}

func TestOnceListsNoMoreAgentsThanAnybodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		for range 25 {
			vendor.make(request, time.Nanosecond)
		}
		err := copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorContains(t, err, "agent-25")
		require.ErrorContains(t, err, "and 5 more")
		require.NotContains(t, err.Error(), "agent-5 ")
	})
}

func TestOnceWaitsBeforeItCallsAnAgentUnclear(t *testing.T) {
	unclear := possible("old")
	inBubble(t, "it stays unclear", func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		vendor.looks = repeated(unclear, 100)
		start := time.Now()
		err := copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorContains(t, err, `old "new" (it has no time stamp)`)
		require.Equal(t, 30*time.Second, time.Since(start))
		require.Len(t, vendor.sent, 1)
	})
	inBubble(t, "it becomes clear", func(t *testing.T) {
		runner, vendor := newOnce(lost(0))
		vendor.looks = repeated(unclear, 3)
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-1", made.ID)
	})
}

func TestOnceNeverTakesTheCopyOfAnotherKey(t *testing.T) {
	// The agents of the two keys have the same name, and are told apart by no
	// vendor.
	other := agentcopy.CopyRequest{SourceID: "source-2", Name: request.Name}
	for _, tt := range []struct {
		name string
		req  agentcopy.CopyRequest // of the second key
	}{
		{"made of another source", other},
		{"made of the same request", request},
	} {
		inBubble(t, "that is done, "+tt.name, func(t *testing.T) {
			runner, vendor := newOnce(slow(time.Second, never(errDropped)), answered)
			var first sync.WaitGroup
			first.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request)) })
			synctest.Wait()
			require.NoError(t, copyOf(t.Context(), runner, "2", vendor, tt.req))
			first.Wait()
			requireSettled(t, runner.Ledger, vendor, 2)
			require.Len(t, vendor.sent, 3)
			require.False(t, records(t, runner.Ledger)["2"].Found)
		})
		inBubble(t, "whose answer is on its way, "+tt.name, func(t *testing.T) {
			madeButLate := func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				c := a.make(req, 0)
				time.Sleep(20 * time.Second)
				return c, nil
			}
			runner, vendor := newOnce(never(errDropped), madeButLate)
			var keys sync.WaitGroup
			keys.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request)) })
			synctest.Wait()
			keys.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "2", vendor, tt.req)) })
			keys.Wait()
			requireSettled(t, runner.Ledger, vendor, 2)
			require.Equal(t, "agent-1", records(t, runner.Ledger)["2"].Copy.ID)
			require.Len(t, vendor.sent, 3)
		})
	}
}

func TestOnceCannotTellTwoUnknownsOfOneNameApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Second, lost(0)), slow(time.Second, never(errDropped)))
		var keys sync.WaitGroup
		for key, source := range map[string]string{"1": "source-1", "2": "source-2"} {
			keys.Go(func() {
				err := copyOf(t.Context(), runner, key, vendor, agentcopy.CopyRequest{SourceID: source, Name: "new"})
				require.ErrorIs(t, err, once.ErrAmbiguous)
				require.ErrorContains(t, err, map[string]string{"1": `"2"`, "2": `"1"`}[key])
			})
		}
		keys.Wait()
		require.Len(t, vendor.sent, 2)
	})
}

func TestOnceAKeyThatBeganLaterIsNoSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Key 1 is unknown, and its copy shows. Keys of the same name come and go
		// all the time, so that one of them is always pending.
		runner, vendor := newOnce(lost(0))
		crashed(t, runner.Ledger, "0")
		stop := make(chan struct{})
		var keys sync.WaitGroup
		keys.Go(func() {
			for i := 1; ; i++ {
				select {
				case <-time.After(6 * time.Second):
				case <-stop:
					return
				}
				_, _, err := runner.Ledger.Begin(t.Context(), once.Record{
					Key: strconv.Itoa(i), Since: time.Now(), SentAt: time.Now(), Identity: vendor.Identify(request),
					Request: agentcopy.CopyRequest{SourceID: strconv.Itoa(i), Name: "new"},
				}, time.Hour)
				require.NoError(t, err)
				require.NoError(t, runner.Ledger.Remove(t.Context(), strconv.Itoa(i-1)))
			}
		})
		start := time.Now()
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-1", made.ID)
		require.Equal(t, 7750*time.Millisecond, time.Since(start), "as soon as the one that began earlier is gone")
		close(stop)
		keys.Wait()
	})
}

func TestOnceTwinsShareTheirCopies(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []step
		sent  int
	}{
		{"both are lost, both show", []step{lost(0), lost(0)}, 2},
		{"both are lost, one shows", []step{lost(0), never(errDropped)}, 3},
		{"one is lost and shows, one is slow", []step{lost(0), slow(20*time.Second, answered)}, 2},
		{"one is lost and shows, one takes longer than the other waits", []step{lost(0), slow(40*time.Second, answered)}, 2},
		{"one is claimed before its own answer comes", []step{
			lost(50 * time.Second),
			func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				c := a.make(req, 0)
				time.Sleep(40 * time.Second)
				return c, nil
			},
		}, 2},
		{"neither shows", []step{never(errDropped), never(errDropped)}, 4},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce(tt.steps...)
			var keys sync.WaitGroup
			for i := range 2 {
				keys.Go(func() { require.NoError(t, copyOf(t.Context(), runner, keyOf(i), vendor, request)) })
			}
			keys.Wait()
			requireSettled(t, runner.Ledger, vendor, 2)
			require.Len(t, vendor.sent, tt.sent)
		})
	}
}

// leave puts the record of a key into the ledger whose process is gone.
func leave(t *testing.T, l once.Ledger, key string, change func(*once.Record)) once.Record {
	t.Helper()
	r := once.Record{Key: key, Request: request, Since: time.Now().UTC(), SentAt: time.Now().UTC(), Sends: 1, Identity: (&acme{}).Identify(request)}
	change(&r)
	r, _, err := l.Begin(t.Context(), r, 0)
	require.NoError(t, err)
	return r
}

func TestOnceTakesOverWhatTheTwinDidNotKnow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		owner func(*once.Record)
		shows bool // the copy of the twin that took ours
		want  error
		sent  int
	}{
		{"the twin's own copy shows", func(*once.Record) {}, true, nil, 1},
		{"it does not", func(*once.Record) {}, false, nil, 2},
		{"it does not, but is there", func(r *once.Record) { r.Outcome = agentcopy.OutcomeCopied }, false, agentcopy.ErrCopied, 1},
		{"a key of another request took it", func(r *once.Record) { r.Request.SourceID = "source-2" }, false, once.ErrCopyTaken, 1},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce()
			owner := leave(t, runner.Ledger, "twin", tt.owner)
			twins := vendor.make(request, time.Second)
			if tt.shows {
				vendor.agents[0].visible = time.Now().Add(20 * time.Second)
			} else {
				vendor.delete(twins.ID)
			}
			time.Sleep(10 * time.Second)
			vendor.steps = []step{func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				ours := a.make(req, 0)
				owner.Copy, owner.Found = ours, true // claimed before our answer comes
				require.NoError(t, runner.Ledger.Finish(ctx, owner))
				return ours, nil
			}}
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			require.ErrorIs(t, err, tt.want)
			require.Len(t, vendor.sent, tt.sent)
			if tt.shows {
				require.Equal(t, twins.ID, made.ID)
			}
			if tt.want == nil {
				require.NotEqual(t, owner.Copy.ID, made.ID)
			}
		})
	}
}

func TestOnceACopyOfTheVendorsThatBelongsToAnotherKey(t *testing.T) {
	// A vendor that answers a second request with the agent it made before.
	same := func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
		return agentcopy.Copy{Provider: "acme", ID: "agent-1", SourceID: req.SourceID, Name: req.Name}, nil
	}
	runner, vendor := newOnce(answered, same)
	require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request))
	made, err := runner.Copy(t.Context(), "2", vendor, request)
	require.ErrorIs(t, err, once.ErrCopyTaken)
	require.ErrorIs(t, err, agentcopy.ErrCopied)
	require.ErrorContains(t, err, `"1"`)
	require.Equal(t, "agent-1", made.ID)
	require.Len(t, vendor.sent, 2)
}

// Looks of a Copier that does not keep to its contract.
func TestOddLooks(t *testing.T) {
	inBubble(t, "an agent that comes twice is one", func(t *testing.T) {
		runner, vendor := newOnce(lost(0))
		c := &editedLooks{vendor, func(found []agentcopy.Candidate) []agentcopy.Candidate { return append(found, found...) }}
		require.NoError(t, copyOf(t.Context(), runner, "k", c, request))
	})
	inBubble(t, "bodies are not stored", func(t *testing.T) {
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
	t.Run("none is certain over all time", func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.make(request, 0)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
	})
	inBubble(t, "one that never ends", func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		c := &stuckLooks{vendor}
		start := time.Now()
		require.ErrorIs(t, copyOf(t.Context(), runner, "k", c, request), agentcopy.ErrOutcomeUnknown)
		require.Equal(t, 10*time.Minute, time.Since(start))
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
