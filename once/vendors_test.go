package once_test

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// aVendor is a fake with one agent that can be copied, and its client's Copier.
type aVendor struct {
	server interface {
		Client() *http.Client
		Close()
		Copies() []agentcopytest.CopyRecord
		Requests() []agentcopytest.Request
		Inject(...agentcopytest.Fault)
	}
	copier   agentcopy.Copier
	sourceID string
}

var vendors = map[string]func(*testing.T) aVendor{
	"zudu": func(t *testing.T) aVendor {
		server := agentcopytest.NewZudu()
		client, err := zudu.New("not-a-real-key", "not-a-real-secret", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		return aVendor{server, client.Copier(), server.AddAgent(zudu.Agent{AgentName: "source"}).AgentID}
	},
	"cotool": func(t *testing.T) aVendor {
		server := agentcopytest.NewCotool()
		client, err := cotool.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		return aVendor{server, client.Copier(), server.AddAgent(cotool.Agent{Name: "source"}).ID}
	},
	"langsmith": func(t *testing.T) aVendor {
		server := agentcopytest.NewLangSmith()
		client, err := langsmith.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		return aVendor{server, client.Copier(langsmith.CloneAgentRequest{}), server.AddAgent(langsmith.Agent{Name: "source"}).ID}
	},
	"kolena": func(t *testing.T) aVendor {
		server := agentcopytest.NewKolena()
		client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		id := server.AddAgent(kolena.Agent{Name: "source"}).ID
		return aVendor{server, client.Copier(kolena.CopyAgentRequest{}), strconv.FormatInt(id, 10)}
	},
}

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
	for vendorName, newVendor := range vendors {
		for faultName, fault := range faults {
			t.Run(vendorName+", "+faultName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v := newVendor(t)
					defer v.server.Close()
					if fault != nil {
						v.server.Inject(fault...)
					}
					runner := &once.Runner{Ledger: once.NewMemoryLedger()}
					req := agentcopy.CopyRequest{SourceID: v.sourceID, Name: "copy"}
					made, err := runner.Copy(t.Context(), "k", v.copier, req)
					require.NoError(t, err)
					time.Sleep(time.Hour)
					again, err := runner.Copy(t.Context(), "k", v.copier, req)
					require.NoError(t, err)
					require.Len(t, v.server.Copies(), 1)
					require.Equal(t, v.server.Copies()[0].ID, made.ID)
					require.Equal(t, vendorName, made.Provider)
					require.Equal(t, v.sourceID, made.SourceID)
					require.Equal(t, v.server.Copies()[0].Name, made.Name)
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
