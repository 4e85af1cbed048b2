package once_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// possible is a look that shows an agent of the name which may be older.
func possible(ids ...string) look {
	return func() ([]agentcopy.Candidate, error) {
		var found []agentcopy.Candidate
		for _, id := range ids {
			found = append(found, agentcopy.Candidate{
				Copy:  agentcopy.Copy{Provider: "acme", SourceID: request.SourceID, ID: id, Name: request.Name},
				Match: agentcopy.MatchPossible, Reason: "it has no time stamp",
			})
		}
		return found, nil
	}
}

func TestAnAmbiguousErrorWantsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(errDropped))
		vendor.looks = repeated(possible("a1", "a2"), 100)
		_, err := runner.Copy(t.Context(), "k", vendor, request)
		ambiguous, ok := errors.AsType[*once.AmbiguousError](err)
		require.True(t, ok, "%v", err)
		require.Len(t, ambiguous.Candidates, 2)
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
		_, err = runner.Copy(t.Context(), "k", vendor, request)
		require.NoError(t, err)
		require.Zero(t, time.Since(start), "the looks of the first call count")
		require.Len(t, vendor.sent, 2)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

func TestAssignAndDismissRefuse(t *testing.T) {
	runner, vendor := newOnce(answered)
	require.ErrorIs(t, runner.Assign(t.Context(), "none", "a1"), once.ErrNoCopy)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "none", "a1"), once.ErrNoCopy)
	require.ErrorIs(t, runner.Assign(t.Context(), "k", " "), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "k"), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Dismiss(t.Context(), "k", ""), agentcopy.ErrInvalid)
	require.ErrorIs(t, runner.Assign(t.Context(), "", "a1"), agentcopy.ErrInvalid)

	require.NoError(t, copyOf(t.Context(), runner, "owner", vendor, request))
	leave(t, runner.Ledger, "k", func(*once.Record) {})
	require.ErrorIs(t, runner.Assign(t.Context(), "k", "agent-1"), once.ErrCopyTaken)
}

func TestFind(t *testing.T) {
	t.Run("nothing, and no record stays", func(t *testing.T) {
		runner, vendor := newOnce()
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, once.ErrNoCopy)
		require.Empty(t, records(t, runner.Ledger))
		require.Empty(t, vendor.sent)
	})
	t.Run("an agent of the name, without a record", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
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
	})
	t.Run("the copy of a lost answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
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
	})
	t.Run("a look that fails", func(t *testing.T) {
		runner, vendor := newOnce()
		vendor.looks = []look{blind(errDropped)}
		_, err := runner.Find(t.Context(), "k", vendor, request)
		require.ErrorIs(t, err, errDropped)
		require.NotErrorIs(t, err, once.ErrNoCopy)
		require.Empty(t, records(t, runner.Ledger))
	})
}
