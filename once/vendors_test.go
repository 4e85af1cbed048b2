package once_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
)

// Whatever becomes of the answer, each vendor makes one copy, and Once knows it.
func TestOnceSettlesWithEachVendor(t *testing.T) {
	faults := map[string][]agentcopytest.Fault{
		"answered":                     nil,
		"no answer, no copy":           {{Drop: true}},
		"no answer, but a copy":        {{Drop: true, AfterCopy: true}},
		"bad gateway, no copy":         {{Status: 502}},
		"bad gateway, but a copy":      {{Status: 502, AfterCopy: true}},
		"cut off":                      {{Truncate: 20}},
		"a proxy's page":               {{Body: "<html><title>Welcome</title></html>", AfterCopy: true}},
		"made after we stop waiting":   {{Delay: 80 * time.Second}},
		"lost twice, then answered":    {{Drop: true}, {Status: 504}},
		"lost, sent again, lost again": {{Drop: true}, {Drop: true, AfterCopy: true}},
	}
	for _, v := range vendortest.Vendors {
		for faultName, fault := range faults {
			t.Run(v.Name+", "+faultName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, copier, source := v.FakeCopier(t)
					server.Inject(fault...)
					runner := &once.Runner{Ledger: once.NewMemoryLedger()}
					req := agentcopy.CopyRequest{SourceID: source, Name: "copy"}
					made, err := runner.Copy(t.Context(), "k", copier, req)
					require.NoError(t, err)
					time.Sleep(time.Hour)
					again, err := runner.Copy(t.Context(), "k", copier, req)
					require.NoError(t, err)
					require.Len(t, server.Copies(), 1)
					require.Equal(t, server.Copies()[0].ID, made.ID)
					require.Equal(t, v.Name, made.Provider)
					require.Equal(t, source, made.SourceID)
					require.Equal(t, server.Copies()[0].Name, made.Name)
					require.False(t, made.CreatedAt.IsZero())
					made.Body, made.Attempts = nil, nil
					require.True(t, made.CreatedAt.Equal(again.CreatedAt))
					made.CreatedAt = again.CreatedAt
					require.Equal(t, made, again)
				})
			})
		}
	}
}
