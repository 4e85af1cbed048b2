package once_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// TestRefusalOfASecondSending: the first request was lost, SettleTime is long over.
// The second one is refused with 409, because a gateway sent it twice: the copy that
// it made shows a little later. The looks from before tell nothing of it.
func TestRefusalOfASecondSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &acme{steps: []step{
			func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
				return agentcopy.Copy{}, errDropped
			},
			func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				a.make(req, 5*time.Second)
				return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 409, nil)
			},
		}}
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		made, err := runner.Copy(t.Context(), "k", vendor, agentcopy.CopyRequest{SourceID: "source-1", Name: "copy"})
		require.NoError(t, err)
		require.Equal(t, "copy", made.Name)
		require.Len(t, vendor.sent, 2)
	})
}

// TestPossibleInAnIncompleteLook: an agent of another name, in a list from a cache, is
// no reason to give up: a later look shows the copy.
func TestPossibleInAnIncompleteLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		colleagues := func() ([]agentcopy.Candidate, error) {
			return []agentcopy.Candidate{{Copy: agentcopy.Copy{Provider: "acme", ID: "99", Name: "other"}, Made: time.Now()}}, agentcopy.ErrLookIncomplete
		}
		vendor := &acme{
			steps: []step{func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
				a.make(req, 0)
				return agentcopy.Copy{}, errDropped
			}},
		}
		for range 20 {
			vendor.looks = append(vendor.looks, colleagues)
		}
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		made, err := runner.Copy(t.Context(), "k", vendor, agentcopy.CopyRequest{SourceID: "source-1", Name: "copy"})
		require.NoError(t, err)
		require.Equal(t, "copy", made.Name)
	})
}
