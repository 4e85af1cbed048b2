package once_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestOnceMakesOneCopyOfAKey(t *testing.T) {
	runner, vendor := newOnce()

	first, err := runner.Copy(t.Context(), "k", vendor, request)
	require.NoError(t, err)
	require.Equal(t, "agent-1", first.ID)
	require.NotEmpty(t, first.Body)

	second, err := runner.Copy(t.Context(), "k", vendor, request)
	require.NoError(t, err)
	require.Nil(t, second.Body, "a ledger keeps no answers")
	first.Body = nil
	require.Equal(t, first, second)
	requireSettled(t, runner.Ledger, vendor, 1)
}

func TestOnceSettles(t *testing.T) {
	unknown := failed(agentcopy.OutcomeUnknown, 502, nil)
	refused := failed(agentcopy.OutcomeNotCopied, 409, nil)
	const settle = 30 * time.Second
	for _, tt := range []struct {
		name  string
		steps []step
		looks []look
		sent  int
		took  time.Duration // until the copy is known
	}{
		{name: "the copy shows at once", steps: []step{lost(0)}, sent: 1},
		{name: "it shows by the second look", steps: []step{lost(200 * time.Millisecond)}, sent: 1, took: 250 * time.Millisecond},
		{name: "it shows late", steps: []step{lost(10 * time.Second)}, sent: 1, took: 12750 * time.Millisecond},
		{name: "it shows when the settle time is over", steps: []step{lost(settle)}, sent: 1, took: settle},
		{name: "it never shows, and the request is sent again", steps: []step{never(unknown)}, sent: 2, took: settle},
		{name: "the third request is answered", steps: []step{never(unknown), never(unknown)}, sent: 3, took: 2 * settle},
		{name: "the copy of the second request shows", steps: []step{never(unknown), lost(time.Second)}, sent: 2, took: settle + 1750*time.Millisecond},
		{name: "the vendor says that it copied", steps: []step{garbled(time.Second)}, sent: 1, took: 1750 * time.Millisecond},
		{name: "an error that claims nothing", steps: []step{never(errDropped)}, sent: 2, took: settle},
		{name: "an answer without an ID", steps: []step{failing(time.Second, nil)}, sent: 1, took: 1750 * time.Millisecond},
		{
			name:  "the name is taken by the first copy, which shows late",
			steps: []step{lost(settle + time.Second), slow(2*time.Second, never(refused))},
			sent:  2, took: settle + 2*time.Second,
		},
		{
			name:  "a gateway sends the second request twice, and the copy shows after its refusal",
			steps: []step{never(unknown), failing(5*time.Second, refused)},
			sent:  2, took: settle + 7750*time.Millisecond,
		},
		{
			name:  "looks that fail are made again",
			steps: []step{lost(0)},
			looks: []look{blind(failed(agentcopy.OutcomeNotCopied, 500, nil)), blind(failed(agentcopy.OutcomeNotCopied, 429, nil)), blind(errDropped)},
			sent:  1, took: 1750 * time.Millisecond,
		},
		{
			name:  "looks that fail beyond the settle time prove nothing",
			steps: []step{lost(0)},
			looks: repeated(blind(errDropped), 20),
			sent:  1, took: 80 * time.Second,
		},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce(tt.steps...)
			vendor.looks = tt.looks
			start := time.Now()
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			require.NoError(t, err)
			require.Equal(t, tt.took.String(), time.Since(start).String())
			require.Equal(t, "agent-1", made.ID)
			require.Len(t, vendor.sent, tt.sent)
			requireSettled(t, runner.Ledger, vendor, 1)
		})
	}
}

func repeated(l look, n int) []look {
	looks := make([]look, n)
	for i := range looks {
		looks[i] = l
	}
	return looks
}

func TestOnceLooksAtOnceAndThenLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(lost(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		start := time.Now()
		_, err := runner.Copy(ctx, "k", vendor, request)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		var at []string
		for _, look := range vendor.looked {
			at = append(at, look.Sub(start).String())
		}
		require.Equal(t, []string{"0s", "250ms", "750ms", "1.75s", "3.75s", "7.75s", "12.75s"}, at)
	})
}

func TestOnceEnds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		steps   []step
		looks   []look
		want    error
		outcome agentcopy.Outcome
		sent    int
		pending bool          // the record stays
		took    time.Duration // give or take; 0: of no matter
	}{
		{
			name: "not copied", steps: []step{never(failed(agentcopy.OutcomeNotCopied, 404, nil))},
			want: agentcopy.ErrNotFound, outcome: agentcopy.OutcomeNotCopied, sent: 1,
		},
		{
			name:  "not copied, after an unknown outcome that nothing came of",
			steps: []step{never(failed(agentcopy.OutcomeUnknown, 502, nil)), never(failed(agentcopy.OutcomeNotCopied, 409, nil))},
			want:  agentcopy.ErrConflict, outcome: agentcopy.OutcomeNotCopied, sent: 2,
		},
		{
			name:  "not copied, but whether the first request was cannot be seen",
			steps: []step{never(failed(agentcopy.OutcomeUnknown, 502, nil)), never(failed(agentcopy.OutcomeNotCopied, 409, nil))},
			looks: append(repeated(blind(nil), 11), repeated(blind(failed(agentcopy.OutcomeNotCopied, 503, nil)), 200)...),
			want:  agentcopy.ErrConflict, outcome: agentcopy.OutcomeUnknown, sent: 2, pending: true,
		},
		{
			name:  "unknown three times",
			steps: []step{never(failed(agentcopy.OutcomeUnknown, 502, nil)), never(errDropped), never(failed(agentcopy.OutcomeUnknown, 504, nil))},
			want:  agentcopy.ErrOutcomeUnknown, outcome: agentcopy.OutcomeUnknown, sent: 3, pending: true,
		},
		{
			name: "copied, and nothing shows", steps: []step{garbled(time.Hour)},
			want: agentcopy.ErrCopied, outcome: agentcopy.OutcomeCopied, sent: 1, pending: true,
		},
		{
			name: "the vendor forbids to look", steps: []step{lost(0)}, looks: []look{blind(failed(agentcopy.OutcomeNotCopied, 403, nil))},
			want: agentcopy.ErrForbidden, outcome: agentcopy.OutcomeUnknown, sent: 1, pending: true,
		},
		{
			name: "the credential is no longer good", steps: []step{garbled(0)}, looks: []look{blind(failed(agentcopy.OutcomeNotCopied, 401, nil))},
			want: agentcopy.ErrUnauthorized, outcome: agentcopy.OutcomeCopied, sent: 1, pending: true,
		},
		{
			name: "the look is at fault", steps: []step{never(errDropped)}, looks: []look{blind(failed(agentcopy.OutcomeNotCopied, 0, agentcopy.ErrInvalid))},
			want: agentcopy.ErrInvalid, outcome: agentcopy.OutcomeUnknown, sent: 1, pending: true,
		},
		{
			name: "looks cannot see for ten minutes", steps: []step{never(errDropped)}, looks: repeated(blind(agentcopy.ErrLookIncomplete), 1000),
			want: agentcopy.ErrLookIncomplete, outcome: agentcopy.OutcomeUnknown, sent: 1, pending: true, took: 10 * time.Minute,
		},
		{
			name: "the vendor shows that the copy was made", steps: []step{never(errDropped)}, looks: repeated(blind(agentcopy.ErrAlreadyDone), 1000),
			want: once.ErrAmbiguous, outcome: agentcopy.OutcomeUnknown, sent: 1, pending: true,
		},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce(tt.steps...)
			vendor.looks = tt.looks
			start := time.Now()
			made, err := runner.Copy(t.Context(), "k", vendor, request)
			if tt.took > 0 {
				require.InDelta(t, tt.took, time.Since(start), float64(5*time.Second))
			}
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, `key "k"`)
			require.Zero(t, made)
			require.Equal(t, tt.outcome, asError(t, err).Outcome, "%v", err)
			require.Equal(t, tt.outcome == agentcopy.OutcomeUnknown, errors.Is(err, agentcopy.ErrOutcomeUnknown))
			require.Equal(t, tt.outcome == agentcopy.OutcomeCopied, errors.Is(err, agentcopy.ErrCopied))
			require.Len(t, vendor.sent, tt.sent)

			record, found := records(t, runner.Ledger)["k"]
			require.Equal(t, tt.pending, found)
			if found {
				require.False(t, record.Done())
				require.Equal(t, tt.sent, record.Sends)
				require.Equal(t, tt.outcome, record.Outcome)
			}
		})
	}
}

func TestOnceGoesOnWithWhatAnEarlierCallLeft(t *testing.T) {
	inBubble(t, "the copy showed meanwhile", func(t *testing.T) {
		runner, vendor := newOnce(lost(time.Hour))
		abandonedAfter(t, runner, vendor, time.Second)
		time.Sleep(2 * time.Hour)
		start := time.Now()
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-1", made.ID)
		require.Zero(t, time.Since(start))
		require.Len(t, vendor.sent, 1)
	})
	inBubble(t, "the settle time counts from the last sending", func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		abandonedAfter(t, runner, vendor, 20*time.Second)
		start := time.Now()
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Len(t, vendor.sent, 2)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
	inBubble(t, "what was copied is never sent again", func(t *testing.T) {
		runner, vendor := newOnce(garbled(24 * time.Hour))
		for range 3 {
			_, err := runner.Copy(t.Context(), "k", vendor, request)
			require.ErrorIs(t, err, agentcopy.ErrCopied)
			require.Equal(t, agentcopy.OutcomeCopied, asError(t, err).Outcome)
		}
		require.Len(t, vendor.sent, 1)
		time.Sleep(24 * time.Hour)
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
	inBubble(t, "a process that crashed before it sent anything", func(t *testing.T) {
		runner, vendor := newOnce()
		leave(t, runner.Ledger, "k", func(*once.Record) {})
		time.Sleep(time.Second)
		start := time.Now()
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, 29*time.Second, time.Since(start), "it crashed a second ago")
		requireSettled(t, runner.Ledger, vendor, 1)
	})
	inBubble(t, "a process that crashed before its answer came", func(t *testing.T) {
		runner, vendor := newOnce()
		leave(t, runner.Ledger, "k", func(*once.Record) {})
		time.Sleep(time.Second)
		vendor.make(request, 10*time.Second)
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-1", made.ID)
		require.Empty(t, vendor.sent)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

func TestOnceSaysWhyTheContextEnded(t *testing.T) {
	errShutdown := errors.New("the service shuts down")
	for _, tt := range []struct {
		name  string
		step  step
		looks []look
		want  []error
	}{
		{"while it looked", lost(time.Hour), nil,
			[]error{agentcopy.ErrOutcomeUnknown, agentcopy.ErrServer}},
		{"while it could not look", lost(time.Hour), repeated(blind(failed(agentcopy.OutcomeNotCopied, 429, nil)), 50),
			[]error{agentcopy.ErrOutcomeUnknown, agentcopy.ErrServer, agentcopy.ErrRateLimited}},
		{"after the vendor's word", garbled(time.Hour), nil,
			[]error{agentcopy.ErrCopied}},
		{"while the request was on its way", slow(time.Hour, answered), nil,
			[]error{agentcopy.ErrOutcomeUnknown}},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce(tt.step)
			vendor.looks = tt.looks
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(10*time.Second, func() { cancel(errShutdown) })
			start := time.Now()
			_, err := runner.Copy(ctx, "k", vendor, request)
			require.Equal(t, 10*time.Second, time.Since(start))
			for _, want := range append(tt.want, context.Canceled, errShutdown) {
				require.ErrorIs(t, err, want)
			}
			require.Contains(t, records(t, runner.Ledger), "k")
		})
	}
}

func TestOnceDoesNotTakeAnOlderAgentForTheCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		vendor.make(request, 0)
		time.Sleep(time.Second)
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-2", made.ID)
		require.Len(t, vendor.sent, 2)
	})
}

func TestOnceSendsNothing(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	type call struct {
		ctx    context.Context
		runner *once.Runner
		key    string
		copier agentcopy.Copier
		req    agentcopy.CopyRequest
	}
	for _, tt := range []struct {
		name  string
		spoil func(*call)
		want  error
	}{
		{"without a ledger", func(c *call) { c.runner.Ledger = nil }, agentcopy.ErrInvalid},
		{"without a key", func(c *call) { c.key = " " }, agentcopy.ErrInvalid},
		{"with a key too long", func(c *call) { c.key = strings.Repeat("k", 1025) }, agentcopy.ErrInvalid},
		{"with a key that is not text", func(c *call) { c.key = "\xff" }, agentcopy.ErrInvalid},
		{"with a name that is not text", func(c *call) { c.req.Name = "\xff" }, agentcopy.ErrInvalid},
		{"without a Copier", func(c *call) { c.copier = nil }, agentcopy.ErrInvalid},
		{"without a context", func(c *call) { c.ctx = nil }, agentcopy.ErrInvalid},
		{"with a negative settle time", func(c *call) { c.runner.SettleTime = -1 }, agentcopy.ErrInvalid},
		{"with a negative concurrency", func(c *call) { c.runner.Concurrency = -1 }, agentcopy.ErrInvalid},
		{"with a context that has ended", func(c *call) { c.ctx = ended }, context.Canceled},
		{"when the ledger is broken", func(c *call) {
			c.runner.Ledger = &faultyLedger{MemoryLedger: once.NewMemoryLedger(), errs: map[string]error{"Begin": errDropped}}
		}, errDropped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runner, vendor := newOnce()
			c := &call{t.Context(), runner, "k", vendor, request}
			tt.spoil(c)
			err := copyOf(c.ctx, c.runner, c.key, c.copier, c.req)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, "key ")
			require.Empty(t, vendor.sent)
			require.Empty(t, vendor.looked)
		})
	}
}

func TestOnceRefusesAKeyThatStandsForAnotherRequest(t *testing.T) {
	runner, vendor := newOnce()
	require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
	for name, second := range map[string]struct {
		copier agentcopy.Copier
		req    agentcopy.CopyRequest
	}{
		"another name":     {vendor, agentcopy.CopyRequest{SourceID: "source-1", Name: "newer"}},
		"another source":   {vendor, agentcopy.CopyRequest{SourceID: "source-2", Name: "new"}},
		"another template": {&acme{template: "folder 7"}, request},
		"another account":  {&acme{account: "workspace 7"}, request},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, copyOf(t.Context(), runner, "k", second.copier, second.req), once.ErrKeyReused)
		})
	}
	require.Len(t, vendor.sent, 1)
}

func TestOnceTellsWhenAnotherProcessIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce()
		held, _, err := runner.Ledger.Begin(t.Context(), once.Record{Key: "k", Request: request, Identity: vendor.Identify(request)}, 15*time.Second)
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		var other sync.WaitGroup
		other.Go(func() { // the other process renews its lease
			for ctx.Err() == nil {
				time.Sleep(5 * time.Second)
				_ = runner.Ledger.Update(ctx, held, 15*time.Second)
			}
		})
		start := time.Now()
		require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), once.ErrInProgress)
		require.Equal(t, 15*time.Second, time.Since(start), "it waits for one lease")
		require.Empty(t, vendor.sent)
		stop()
		other.Wait()
	})
}

// A process that crashed holds its key for one lease at most, whatever its clock
// said.
func TestOnceWaitsForTheLeaseOfACrashedProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce()
		_, _, err := runner.Ledger.Begin(t.Context(), once.Record{Key: "k", Request: request, Identity: vendor.Identify(request)}, 1000*time.Hour)
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Equal(t, 15*time.Second, time.Since(start))
	})
}

func TestOnceTwoCallersOfAKeyMakeOneCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, vendor := newOnce(slow(time.Second, lost(time.Second)))
		ledger := once.NewMemoryLedger()
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				runner := &once.Runner{Ledger: ledger} // each its own, as in a web server
				made, err := runner.Copy(t.Context(), "k", vendor, request)
				if err != nil || made.ID != "agent-1" {
					t.Errorf("got %v, %v", made, err)
				}
			})
		}
		callers.Wait()
		requireSettled(t, ledger, vendor, 1)
		require.Len(t, vendor.sent, 1)
		require.Zero(t, once.KeysAtWork())
	})
}

func TestOnceACallerWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Minute, answered))
		var first sync.WaitGroup
		first.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request)) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := copyOf(ctx, runner, "k", vendor, request)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "waiting for another call with the key")
		require.Equal(t, time.Second, time.Since(start))
		err = copyOf(ctx, runner, "another key", vendor, request)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotContains(t, err.Error(), "another call", "nobody else has the key")
		first.Wait()
		require.Len(t, vendor.sent, 1)
	})
}

func TestOnceACallerAfterAFailedOneTriesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Second, never(failed(agentcopy.OutcomeNotCopied, 403, nil))))
		var first sync.WaitGroup
		first.Go(func() {
			require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), agentcopy.ErrForbidden)
		})
		synctest.Wait()
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		first.Wait()
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

func TestOnceListsTheAgentsThatCouldBeTheCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(lost(0))
		vendor.make(request, 0) // by somebody else
		for range 2 {           // the second call finds no more than the first
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
			runner, vendor := newOnce(never(errDropped), late(20*time.Second))
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
		leave(t, runner.Ledger, "0", func(*once.Record) {})
		time.Sleep(time.Second)
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
		{"one is claimed before its own answer comes", []step{lost(50 * time.Second), late(40 * time.Second)}, 2},
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
