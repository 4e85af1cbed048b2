package once_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
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
			name:  "an agent that is not clear becomes so",
			steps: []step{lost(0)},
			looks: repeated(possible("old"), 3),
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

func TestOnceLooksAtOnceAndThenLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(lost(time.Hour))
		start := time.Now()
		abandonedAfter(t, runner, vendor, 15*time.Second)
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
			name:  "the copy shows late, and until then the name is taken",
			steps: []step{lost(2 * time.Minute), never(nameTaken(409))},
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
			require.Equal(t, tt.outcome, vendortest.RequireError(t, err).Outcome, "%v", err)
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
		requireCopy(t, runner, vendor, "agent-1")
		require.Zero(t, time.Since(start))
		require.Len(t, vendor.sent, 1)
	})
	inBubble(t, "the settle time counts from the last sending, over any number of calls", func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		start := time.Now()
		for range 3 {
			abandonedAfter(t, runner, vendor, 9*time.Second)
		}
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Equal(t, 30*time.Second, time.Since(start))
		require.Len(t, vendor.sent, 2)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
	inBubble(t, "what was copied is never sent again", func(t *testing.T) {
		runner, vendor := newOnce(garbled(24 * time.Hour))
		for range 3 {
			_, err := runner.Copy(t.Context(), "k", vendor, request)
			require.ErrorIs(t, err, agentcopy.ErrCopied)
			require.Equal(t, agentcopy.OutcomeCopied, vendortest.RequireError(t, err).Outcome)
		}
		require.Len(t, vendor.sent, 1)
		time.Sleep(24 * time.Hour)
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		requireSettled(t, runner.Ledger, vendor, 1)
	})
	for ago, took := range map[time.Duration]time.Duration{time.Second: 29 * time.Second, time.Hour: 2 * time.Second} {
		inBubble(t, fmt.Sprintf("a process that crashed before it sent anything, %v ago", ago), func(t *testing.T) {
			runner, vendor := newOnce()
			leave(t, runner.Ledger, "k", func(*once.Record) {})
			time.Sleep(ago)
			start := time.Now()
			require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
			require.Equal(t, took, time.Since(start), "the settle time is over, and two looks are 2 s apart")
			requireSettled(t, runner.Ledger, vendor, 1)
		})
	}
	inBubble(t, "a process that crashed before its answer came", func(t *testing.T) {
		runner, vendor := newOnce()
		leave(t, runner.Ledger, "k", func(*once.Record) {})
		time.Sleep(time.Second)
		vendor.make(request, 10*time.Second)
		requireCopy(t, runner, vendor, "agent-1")
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

func TestOnceTellsWhenAnotherProcessIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce()
		held, _, err := begin(t, runner.Ledger, 15*time.Second)
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
		_, _, err := begin(t, runner.Ledger, 1000*time.Hour)
		require.NoError(t, err)
		var out strings.Builder
		runner.Logger = logTo(&out)
		start := time.Now()
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Equal(t, 15*time.Second, time.Since(start))
		require.Equal(t, 1, strings.Count(out.String(), `level=INFO msg="waiting for another process to finish the key" key=k at_most=15s`))
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
		requireCopy(t, runner, vendor, "agent-2")
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

func TestOnceNeverTakesTheCopyOfAnotherKey(t *testing.T) {
	// The agents of the two keys have the same name, and are told apart by no
	// vendor.
	for made, second := range map[string]agentcopy.CopyRequest{
		"of another source": {SourceID: "source-2", Name: request.Name}, "of the same request": request,
	} {
		inBubble(t, "that is done, made "+made, func(t *testing.T) {
			runner, vendor := newOnce(slow(time.Second, never(errDropped)), answered)
			var first sync.WaitGroup
			first.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request)) })
			synctest.Wait()
			require.NoError(t, copyOf(t.Context(), runner, "2", vendor, second))
			first.Wait()
			requireSettled(t, runner.Ledger, vendor, 2)
			require.Len(t, vendor.sent, 3)
			require.False(t, records(t, runner.Ledger)["2"].Found)
		})
		inBubble(t, "whose answer is on its way, made "+made, func(t *testing.T) {
			runner, vendor := newOnce(never(errDropped), late(20*time.Second))
			var keys sync.WaitGroup
			keys.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "1", vendor, request)) })
			synctest.Wait()
			keys.Go(func() { require.NoError(t, copyOf(t.Context(), runner, "2", vendor, second)) })
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
		// The copy of k shows, and a key of the same name is always pending: one that began
		// earlier, and then one that began later.
		runner, vendor := newOnce(lost(0))
		leave(t, runner.Ledger, "earlier", func(*once.Record) {})
		time.Sleep(time.Second)
		time.AfterFunc(6*time.Second, func() {
			leave(t, runner.Ledger, "later", func(r *once.Record) { r.Request.SourceID = "source-2" })
			require.NoError(t, runner.Ledger.Remove(t.Context(), "earlier"))
		})
		start := time.Now()
		requireCopy(t, runner, vendor, "agent-1")
		require.Equal(t, 7750*time.Millisecond, time.Since(start), "as soon as the one that began earlier is gone")
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
		vendor.edit = func(found []agentcopy.Candidate) []agentcopy.Candidate { return append(found, found...) }
		requireCopy(t, runner, vendor, "agent-1")
	})
	inBubble(t, "bodies are not stored", func(t *testing.T) {
		runner, vendor := newOnce(lost(0))
		vendor.edit = func(found []agentcopy.Candidate) []agentcopy.Candidate {
			for i := range found {
				found[i].Match, found[i].Copy.Body = agentcopy.MatchPossible, []byte("user data")
			}
			return found
		}
		require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), once.ErrAmbiguous)
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
		vendor.looks = []look{func(ctx context.Context) ([]agentcopy.Candidate, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		start := time.Now()
		require.ErrorIs(t, copyOf(t.Context(), runner, "k", vendor, request), agentcopy.ErrOutcomeUnknown)
		require.Equal(t, 10*time.Minute, time.Since(start))
	})
}

// hostile is an acme that sorts agents by agentcopy.MatchAgent. What it does is set by
// its fields.
type hostile struct {
	acme
	rename  func(string) string
	hidden  func(age time.Duration) bool // of copies
	unique  bool                         // a name that is taken is refused by 409
	blind   bool                         // looks are incomplete
	looking func()                       // is called for each look
}

func (h *hostile) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := h.acme.Identify(req)
	number, _ := strconv.Atoi(req.SourceID) // "07" and "+7" are 7
	id.SourceID = strconv.Itoa(number)
	return id
}

func (h *hostile) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	if h.rename != nil {
		req.Name = h.rename(req.Name)
	}
	h.mu.Lock()
	taken := slices.ContainsFunc(h.agents, func(a acmeAgent) bool { return a.Name == req.Name })
	h.mu.Unlock()
	if h.unique && taken {
		return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 409, nil)
	}
	return h.acme.Copy(ctx, req)
}

func (h *hostile) FindCopies(_ context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.looking != nil {
		h.looking()
	}
	seen := once.Now() // on the process's clock; the vendor's is ahead
	ahead := time.Now().Round(0).Sub(seen.Round(0))
	for _, a := range slices.Backward(h.agents) {
		if a.SourceID != "" && h.hidden != nil && h.hidden(time.Since(a.CreatedAt)) {
			continue
		}
		if c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: a.Copy, SeenAt: seen.Round(0), Ahead: ahead}, req.Name, since); ok {
			found = append(found, c)
		} else if a.Name == req.Name {
			err = agentcopy.ErrNameTaken
		}
	}
	if h.blind {
		err = errors.Join(err, agentcopy.ErrLookIncomplete)
	}
	return found, err
}

// copies counts the agents that requests made.
func (h *hostile) copies() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.agents {
		if a.SourceID != "" {
			n++
		}
	}
	return n
}

func newHostile(steps ...step) *hostile { return &hostile{acme: acme{steps: steps}} }

// The answer to the first request is lost. Whatever the vendor does then, there is
// one copy at most; it is found, or the error says that there may be one.
func TestAttackLostAnswers(t *testing.T) {
	// Others are in TestOnceWithEachQuirk.
	renames := map[string]func(string) string{
		"kept":         nil,
		"NFD, trimmed": func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\u00e9", "e\u0301")) },
		"made up":      func(string) string { return "Untitled" },
		"empty":        func(string) string { return "" },
	}
	hides := map[string]func(time.Duration) bool{
		"shown at once":        nil,
		"late":                 func(age time.Duration) bool { return age < 20*time.Second },
		"seen and then hidden": func(age time.Duration) bool { return age > 0 },
		"flapping":             func(age time.Duration) bool { return age/(700*time.Millisecond)%2 == 1 },
		"hidden in the middle": func(age time.Duration) bool { return age > 5*time.Second && age < 80*time.Second },
	}
	for renamed, rename := range renames {
		for shown, hidden := range hides {
			inBubble(t, renamed+", "+shown, func(t *testing.T) {
				h := newHostile(lost(0))
				h.rename, h.hidden = rename, hidden
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				req := agentcopy.CopyRequest{SourceID: "7", Name: "Caf\u00e9 <R&D> Nord, Berlin "}
				_, err := runner.Copy(t.Context(), "k", h, req)
				require.Equal(t, 1, h.copies())
				if err != nil {
					require.NotErrorIs(t, err, agentcopy.ErrNotFound)
					require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				}
				if rename == nil {
					require.NoError(t, err)
				}
				// An operator who calls again and again makes no second one.
				for range 3 {
					_, _ = runner.Copy(t.Context(), "k", h, req)
				}
				require.Equal(t, 1, h.copies())
			})
		}
	}
}

// A call ended after its request made a copy. The clock of the process that goes on
// was set since. What is left: a clock that was set back by more than five minutes and
// has caught up, and one that was set forward within SettleTime of the request.
func TestAttackClocksBetweenProcesses(t *testing.T) {
	for _, tt := range []struct{ set, down time.Duration }{
		{-2 * time.Hour, 0}, {-2 * time.Hour, time.Minute}, {-2 * time.Hour, time.Hour}, {-10 * time.Minute, 0}, {-10 * time.Minute, 9 * time.Minute},
		{-3 * time.Minute, 0}, {-3 * time.Minute, time.Hour}, {-3 * time.Second, 0}, {0, 0}, {3 * time.Second, 0},
		{3 * time.Minute, time.Minute}, {2 * time.Hour, time.Minute}, {2 * time.Hour, time.Hour},
	} {
		inBubble(t, tt.set.String()+" after "+tt.down.String(), func(t *testing.T) {
			step := once.SetClock(t)
			ledger := once.NewMemoryLedger()
			h := newHostile(lost(0))
			h.hidden = func(age time.Duration) bool { return age < time.Second }
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			require.ErrorIs(t, copyOf(ctx, &once.Runner{Ledger: ledger}, "k", h, leases), agentcopy.ErrOutcomeUnknown)
			time.Sleep(tt.down)
			// By the clock as it was set, the times of the record are others.
			step(tt.set)
			err := copyOf(t.Context(), &once.Runner{Ledger: ledger}, "k", h, leases)
			require.Equal(t, 1, h.copies(), "err: %v", err)
			if err != nil {
				require.ErrorIs(t, err, once.ErrAmbiguous)
			}
		})
	}
}

// The clock is set while a call is at work. Whatever becomes of the name, and however
// late the copy shows, it is seen.
func TestAttackClocksWithinACall(t *testing.T) {
	for _, by := range []time.Duration{-25 * time.Hour, -10 * time.Minute, -3 * time.Second, 3 * time.Second, 10 * time.Minute, 25 * time.Hour} {
		for _, when := range []time.Duration{500 * time.Millisecond, 5 * time.Second, 29 * time.Second, 31 * time.Second} {
			for _, renamed := range []bool{false, true} {
				inBubble(t, fmt.Sprintf("by %v after %v, renamed %v", by, when, renamed), func(t *testing.T) {
					h := newHostile(lost(0))
					h.hidden = func(age time.Duration) bool { return age < 10*time.Second }
					if renamed {
						h.rename = func(string) string { return "Untitled" }
					}
					step, begun := once.SetClock(t), time.Now()
					h.looking = func() {
						if time.Since(begun) >= when {
							h.looking = nil
							step(by)
						}
					}
					err := copyOf(t.Context(), &once.Runner{Ledger: once.NewMemoryLedger()}, "k", h, leases)
					require.Equal(t, 1, h.copies(), "err: %v", err)
					if err != nil {
						require.ErrorIs(t, err, once.ErrAmbiguous)
					}
				})
			}
		}
	}
}

// IDs that are written in several ways are one.
func TestAttackSpellings(t *testing.T) {
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	h := newHostile(making(0, func(made agentcopy.Copy) (agentcopy.Copy, error) {
		made.ID = "100"
		return made, nil
	}))
	for _, same := range []string{"7", "07", "+7"} {
		require.NoError(t, copyOf(t.Context(), runner, "k", h, agentcopy.CopyRequest{SourceID: same, Name: "Leases"}), same)
	}
	require.Len(t, h.sent, 1)
	leave(t, runner.Ledger, "k2", func(r *once.Record) {
		r.Request.SourceID, r.Identity = "7", h.Identify(leases)
	})
	require.ErrorIs(t, runner.Assign(t.Context(), "k2", "0100"), once.ErrCopyTaken, "100 is that of k")
	require.ErrorIs(t, runner.Assign(t.Context(), "k2", "+7"), agentcopy.ErrInvalid, "the source")
}

// At each call that a process makes of its ledger and its vendor, in turn, something
// happens. There is one copy at most, an error that says "not copied" is right, and
// once all is well again the key has its copy.
func TestAttackEachStep(t *testing.T) {
	vendors := map[string]func() *hostile{
		"answered":   func() *hostile { return newHostile() },
		"lost":       func() *hostile { return newHostile(lost(0)) },
		"none, lost": func() *hostile { return newHostile(never(failed(agentcopy.OutcomeUnknown, 502, nil))) },
		"name taken": func() *hostile {
			older := acmeAgent{Copy: agentcopy.Copy{ID: "older", Name: leases.Name, CreatedAt: time.Now().Add(-time.Hour)}}
			return &hostile{unique: true, acme: acme{agents: []acmeAgent{older}}}
		},
		"lost, 409": func() *hostile {
			h := newHostile(lost(0))
			h.unique, h.hidden = true, func(age time.Duration) bool { return age < 35*time.Second }
			return h
		},
		"lost, blind": func() *hostile {
			h := newHostile(lost(0))
			h.blind = true
			return h
		},
	}
	type happening func(p *attacked, call func() error) error
	events := map[string]happening{
		"fails": func(p *attacked, _ func() error) error { return errDropped },
		"fails for ever": func(p *attacked, _ func() error) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.forEver = true
			return errDropped
		},
		"is done and fails": func(p *attacked, call func() error) error { _ = call(); return errDropped },
		"is done late":      func(p *attacked, call func() error) error { err := call(); time.Sleep(20 * time.Second); return err },
		"is done late and fails": func(p *attacked, call func() error) error {
			_ = call()
			time.Sleep(20 * time.Second)
			return errDropped
		},
		"panics":                  func(p *attacked, _ func() error) error { panic("in the attack") },
		"is done and panics":      func(p *attacked, call func() error) error { _ = call(); panic("in the attack") },
		"the context ends before": func(p *attacked, call func() error) error { p.cancel(); return call() },
		"the context ends after":  func(p *attacked, call func() error) error { defer p.cancel(); return call() },
		"is suspended before":     func(p *attacked, call func() error) error { p.suspend(); return call() },
		"is suspended after":      func(p *attacked, call func() error) error { err := call(); p.suspend(); return err },
	}
	for vendor, newVendor := range vendors {
		for event, happens := range events {
			t.Run(vendor+", "+event, func(t *testing.T) {
				for at := 1; at <= 14; at++ {
					synctest.Test(t, func(t *testing.T) {
						h := newVendor()
						p := newAttacked(t, h, at, happens)
						made, err := p.copy()
						event := fmt.Sprintf("%s, step %d of %v; the call returned %v", event, at, p.steps, err)
						require.LessOrEqual(t, h.copies(), 1, event)
						if err == nil && !p.panicked {
							require.Equal(t, 1, h.copies(), event)
							require.NotEmpty(t, made.ID, event)
						}
						if o, ok := agentcopy.OutcomeOf(err); ok && o == agentcopy.OutcomeNotCopied {
							require.Zero(t, h.copies(), event)
						}
						// All is well again.
						time.Sleep(time.Minute)
						h.blind, h.hidden, h.steps = false, nil, nil
						_, err = (&once.Runner{Ledger: p.ledger.MemoryLedger}).Copy(t.Context(), "k", h, leases)
						require.LessOrEqual(t, h.copies(), 1, event)
						if vendor != "name taken" {
							require.NoError(t, err, event)
							require.Equal(t, 1, h.copies(), event)
						}
					})
				}
			})
		}
	}
}

var leases = agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}

// attacked is a process to which something happens at one of its calls, and another
// one that is at work where it is suspended.
type attacked struct {
	t       *testing.T
	vendor  *hostile
	ledger  *faultyLedger
	happens func(*attacked, func() error) error
	ctx     context.Context
	cancel  context.CancelFunc
	other   sync.WaitGroup

	mu       sync.Mutex
	steps    []string // the calls that were made
	at       int      // the number of the step at which it happens, from 1
	forEver  bool     // and at all that follow
	wakes    time.Time
	panicked bool
}

func newAttacked(t *testing.T, h *hostile, at int, happens func(*attacked, func() error) error) *attacked {
	_, ledger, _ := newFaulty()
	p := &attacked{t: t, vendor: h, ledger: ledger, happens: happens, at: at}
	p.ctx, p.cancel = context.WithCancel(t.Context())
	ledger.around = func(_ context.Context, method string, call func() error) error { return p.step(method, call) }
	return p
}

// copy is one call of the process.
func (p *attacked) copy() (made agentcopy.Copy, err error) {
	defer p.cancel()
	defer p.other.Wait()
	defer func() { p.panicked = recover() != nil }()
	return (&once.Runner{Ledger: p.ledger}).Copy(p.ctx, "k", &attackedCopier{p}, leases)
}

// step is one of its calls.
func (p *attacked) step(name string, call func() error) error {
	p.mu.Lock()
	p.steps = append(p.steps, name)
	now := len(p.steps) == p.at || p.forEver && len(p.steps) > p.at
	asleep := time.Until(p.wakes)
	p.mu.Unlock()
	time.Sleep(asleep)
	if now {
		return p.happens(p, call)
	}
	return call()
}

// suspend halts the process for longer than its lease. Meanwhile another one works on
// the key.
func (p *attacked) suspend() {
	p.mu.Lock()
	p.wakes = time.Now().Add(100 * time.Second)
	p.mu.Unlock()
	p.other.Go(func() {
		time.Sleep(16 * time.Second)
		_, _ = (&once.Runner{Ledger: p.ledger.MemoryLedger}).Copy(p.t.Context(), "k", p.vendor, leases)
	})
	time.Sleep(100 * time.Second)
}

// attackedCopier is the vendor as the process sees it. It is suspended and fails
// behind its limiter, never between the last write to the ledger and the wire.
type attackedCopier struct{ p *attacked }

func (c *attackedCopier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := c.p.vendor.Identify(req)
	id.Traced = true
	return id
}

func (c *attackedCopier) Copy(ctx context.Context, req agentcopy.CopyRequest) (made agentcopy.Copy, err error) {
	err = c.p.step("Copy", func() error {
		if ctx.Err() != nil {
			return failed(agentcopy.OutcomeNotCopied, 0, context.Cause(ctx))
		}
		if _, err := attempt(ctx, time.Minute); err != nil {
			return failed(agentcopy.OutcomeNotCopied, 0, err)
		}
		made, err = c.p.vendor.Copy(ctx, req)
		return err
	})
	if err != nil {
		made = agentcopy.Copy{}
	}
	return made, err
}

func (c *attackedCopier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	if late := c.p.step("FindCopies", func() error { found, err = c.p.vendor.FindCopies(ctx, req, since); return ctx.Err() }); late != nil {
		return nil, late
	}
	return found, err
}

// The ledger is asked after the list: a rival that made an agent in between is pending
// by then, or owns it.
func TestALookAsksTheVendorFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newAttacked(t, newHostile(lost(0)), -1, nil)
		_, err := p.copy()
		require.NoError(t, err)
		require.Equal(t, []string{"FindCopies", "Pending", "KeepsNames", "Owners"}, p.steps[4:8], "of %v", p.steps)
	})
}
