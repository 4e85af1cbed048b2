package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// TestClientsThatNewDidNotMake: every method of a nil or zero Client returns an
// error that says so.
func TestClientsThatNewDidNotMake(t *testing.T) {
	vendortest.ForEach(t, func(t *testing.T, v *vendortest.Vendor) {
		for _, client := range v.NotMade {
			requireNotMade := func(err error, method string) {
				t.Helper()
				e := vendortest.RequireError(t, err)
				require.Equal(t, v.Name, e.Provider, method)
				require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, method)
				require.ErrorIs(t, err, agentcopy.ErrInvalid, method)
				require.ErrorContains(t, err, "was not made by New", method)
			}
			for _, op := range v.Operations {
				_, err := op.Do(t.Context(), client)
				requireNotMade(err, op.Name)
			}
			_, err := v.With(client)
			requireNotMade(err, "With")
			copier, req := v.Copier(client), agentcopy.CopyRequest{SourceID: v.SourceID, Name: "A copy"}
			_ = copier.Identify(req)
			_, err = copier.Copy(t.Context(), req)
			requireNotMade(err, "Copier.Copy")
			_, err = copier.FindCopies(t.Context(), req, time.Now())
			requireNotMade(err, "Copier.FindCopies")
		}
	})
}
