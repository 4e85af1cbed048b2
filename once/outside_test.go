package once_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
)

// A vendor that keeps a plain name may still replace what is not ASCII in another one.
// The first key shows that it keeps names, and then the answer of the second is lost.
func TestOnceWhereOnlyPlainNamesAreKept(t *testing.T) {
	const name = "B\u00fcro M\u00fcnchen"
	for how, replaced := range map[string]string{
		"question marks":  "B?ro M?nchen",
		"no marks":        "Buro Munchen",
		"transliterated":  "Buero Muenchen",
		"left out":        "Bro Mnchen",
		"read as Latin-1": "B\u00c3\u00bcro M\u00c3\u00bcnchen",
	} {
		for _, v := range vendortest.Vendors {
			if v.Name == "cotool" { // no name can be chosen
				continue
			}
			t.Run(how+", "+v.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					quirks := agentcopytest.Quirks{Rename: func(n string) string { return strings.ReplaceAll(n, name, replaced) }, ShowAfter: time.Second}
					server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(quirks))
					runner := &once.Runner{Ledger: once.NewMemoryLedger()}
					_, err := runner.Copy(t.Context(), "plain", copier, agentcopy.CopyRequest{SourceID: source, Name: "Leases"})
					require.NoError(t, err)
					server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
					_, err = runner.Copy(t.Context(), "k", copier, agentcopy.CopyRequest{SourceID: source, Name: name})
					require.ErrorIs(t, err, once.ErrAmbiguous)
					require.Len(t, server.Copies(), 2)
				})
			})
		}
	}
}

// The first answer is lost, the copy shows later than SettleTime, and the second request
// is refused because of its name. That is no proof that there is no copy: the key stays,
// and the copy is found once it shows.
func TestOnceARefusalInDoubtProvesNothing(t *testing.T) {
	for _, v := range vendortest.Vendors {
		if v.Name == "cotool" { // its copy parks the source, which shows at once
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(agentcopytest.Quirks{ShowAfter: 2 * time.Minute, NameTaken: 409}))
				server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				req := agentcopy.CopyRequest{SourceID: source, Name: "Leases"}
				_, err := runner.Copy(t.Context(), "k", copier, req)
				require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				require.ErrorIs(t, err, agentcopy.ErrConflict, "what the vendor said")

				time.Sleep(2 * time.Minute)
				made, err := runner.Copy(t.Context(), "k", copier, req)
				require.NoError(t, err)
				require.Len(t, server.Copies(), 1)
				require.Equal(t, server.Copies()[0].ID, made.ID)
			})
		})
	}
}
