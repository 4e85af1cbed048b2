package once_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestAnAmbiguousErrorWantsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		vendor.looks = repeated(possible("a1", "a2"), 100)
		var out strings.Builder
		runner.Logger = logTo(&out)
		start := time.Now()
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		require.Equal(t, 30*time.Second, time.Since(start), "an agent may become clear until SettleTime is over")
		require.Contains(t, out.String(), `level=WARN msg="cannot tell which agent is the copy: a person has to decide" key=k candidates=2`)
		require.NotContains(t, out.String(), request.Name)
		ambiguous, ok := errors.AsType[*once.AmbiguousError](err)
		require.True(t, ok, "%v", err)
		require.Len(t, ambiguous.Candidates, 2)
		require.ErrorContains(t, err, `a1 "new" (it has no time stamp)`)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.ErrorIs(t, err, errDropped, "the cause")
		outcome, ok := agentcopy.OutcomeOf(err)
		require.True(t, ok)
		require.Equal(t, agentcopy.OutcomeUnknown, outcome)

		record := records(t, runner.Ledger)["k"]
		require.Len(t, record.Seen, 2, "the record has them for a person")

		require.NoError(t, runner.Dismiss(t.Context(), "k", "a1"))
		_, err = runner.Copy(t.Context(), "k", vendor, request)
		ambiguous, ok = errors.AsType[*once.AmbiguousError](err)
		require.True(t, ok, "%v", err)
		require.Len(t, ambiguous.Candidates, 1)

		require.NoError(t, runner.Assign(t.Context(), "k", "A2"))
		made, err := runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "a2", made.ID, "as the vendor writes it")
		require.NoError(t, runner.Assign(t.Context(), "k", "a2"), "again")
		require.ErrorIs(t, runner.Assign(t.Context(), "k", "a3"), agentcopy.ErrInvalid)
		require.ErrorIs(t, runner.Dismiss(t.Context(), "k", "a3"), agentcopy.ErrInvalid)
		require.Len(t, vendor.sent, 1)
	})
}

func TestWhatAPersonDismissedNoLongerForbidsToSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		vendor.looks = repeated(possible("a1"), 13)
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.NoError(t, runner.Dismiss(t.Context(), "k", "a1"))
		vendor.looks = repeated(possible("a1"), 2)
		start := time.Now()
		require.NoError(t, copyOf(t.Context(), runner, "k", vendor, request))
		require.Zero(t, time.Since(start), "the looks of the first call count")
		require.Len(t, vendor.sent, 2)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

// IDs are taken as a person writes them, where that leaves no choice.
func TestAPersonsSpellingOfAnID(t *testing.T) {
	const source, id = "0b5e2f3c-0000-4000-8000-000000000001", "0b5e2f3c-0000-4000-8000-00000000000a"
	runner, _ := newOnce()
	begin := func(key string, ids ...string) {
		record := leave(t, runner.Ledger, key, func(r *once.Record) { r.Request.SourceID = source })
		for _, id := range ids {
			record.Seen = append(record.Seen, agentcopy.Candidate{Copy: agentcopy.Copy{ID: id}})
		}
		require.NoError(t, runner.Ledger.Release(t.Context(), record))
	}
	begin("1")
	begin("2")
	begin("3", "aB3", "Ab3", "F0")
	require.NoError(t, runner.Assign(t.Context(), "1", " 0B5E2F3C-0000-4000-8000-00000000000A\n"))
	require.Equal(t, id, records(t, runner.Ledger)["1"].Copy.ID)
	require.ErrorIs(t, runner.Assign(t.Context(), "2", id), once.ErrCopyTaken)
	require.ErrorIs(t, runner.Assign(t.Context(), "2", strings.ToUpper(source)), agentcopy.ErrInvalid)
	require.NoError(t, runner.Dismiss(t.Context(), "3", "aB3", " f0\n"))
	require.Equal(t, []string{"aB3", "F0"}, records(t, runner.Ledger)["3"].Dismissed)
	require.Len(t, records(t, runner.Ledger)["3"].Seen, 1)
}

// What a look has shown of an agent stays known, however a person writes its number.
func TestAnAssignedCopyKeepsWhatWasSeenOfIt(t *testing.T) {
	runner, _ := newOnce()
	record := leave(t, runner.Ledger, "k", func(r *once.Record) { r.Request.SourceID = "7" })
	seen := agentcopy.Copy{Provider: "acme", SourceID: "7", ID: "12", Name: "Leases"}
	record.Seen = []agentcopy.Candidate{{Copy: seen}}
	require.NoError(t, runner.Ledger.Release(t.Context(), record))
	require.NoError(t, runner.Assign(t.Context(), "k", "+012"))
	require.Equal(t, seen, records(t, runner.Ledger)["k"].Copy)
}

func TestAssignAndDismissRefuse(t *testing.T) {
	runner, vendor := newOnce(answered)
	require.ErrorIs(t, runner.Assign(t.Context(), "none", "a1"), once.ErrNoCopy)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "none", "a1"), once.ErrNoCopy)
	require.ErrorIs(t, runner.Assign(t.Context(), "k", " "), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "k"), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "k", " "), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Assign(t.Context(), "", "a1"), agentcopy.ErrInvalid)

	require.NoError(t, copyOf(t.Context(), runner, "owner", vendor, request))
	leave(t, runner.Ledger, "k", func(*once.Record) {})
	require.ErrorIs(t, runner.Assign(t.Context(), "k", "agent-1"), once.ErrCopyTaken)
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		what  string
		looks []look
		want  error
	}{
		{"nothing", nil, once.ErrNoCopy},
		{"a look that fails", []look{blind(errDropped)}, errDropped},
		{"a look that tells nothing", []look{blind(agentcopy.ErrLookIncomplete)}, agentcopy.ErrLookIncomplete},
	} {
		t.Run(tt.what+", and no record stays", func(t *testing.T) {
			runner, vendor := newOnce()
			vendor.looks = tt.looks
			_, err := runner.Find(t.Context(), "k", vendor, request)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.looks == nil, errors.Is(err, once.ErrNoCopy), "a caller may send after it")
			require.Empty(t, records(t, runner.Ledger))
			require.Empty(t, vendor.sent)
		})
	}
	inBubble(t, "the vendor shows the copy as made, but no record mentions it", func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.looks = repeated(blind(agentcopy.ErrAlreadyDone), 100)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		err = copyOf(t.Context(), runner, "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.ErrorContains(t, err, "the vendor shows that the copy was made")
		require.Empty(t, vendor.sent)
	})
	inBubble(t, "an agent of the name, without a record", func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.looks = repeated(possible("a1"), 100)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous)
		require.Contains(t, records(t, runner.Ledger), "k", "for Assign")
		_, err = runner.Copy(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrAmbiguous, "Copy does not send while a person has not decided")
		require.Empty(t, vendor.sent)
		require.NoError(t, runner.Assign(t.Context(), "k", "a1"))
		made, err := runner.Find(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "a1", made.ID)
	})
	inBubble(t, "the copy of a lost answer", func(t *testing.T) {
		runner, vendor := newOnce(lost(time.Minute))
		abandonedAfter(t, runner, vendor, time.Second)
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrNoCopy)
		require.Contains(t, records(t, runner.Ledger), "k", "Find did not begin it")
		time.Sleep(time.Hour)
		made, err := runner.Find(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Equal(t, "agent-1", made.ID)
		require.Len(t, vendor.sent, 1)
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
