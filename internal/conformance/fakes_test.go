package conformance

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// newFake returns the fake of a vendor, with the agents that the operations of
// this package copy and read.
func newFake(t testing.TB, provider string, opts ...agentcopytest.ServerOption) *agentcopytest.Server {
	var srv *agentcopytest.Server
	switch provider {
	case "zudu":
		fake := agentcopytest.NewZudu(opts...)
		fake.AddAgent(zudu.Agent{AgentID: "agent_1", AgentName: "The source"})
		srv = fake.Server
	case "cotool":
		fake := agentcopytest.NewCotool(opts...)
		fake.AddAgent(cotool.Agent{ID: sourceUUID, Name: "The source", SyncKey: "source"})
		srv = fake.Server
	case "langsmith":
		fake := agentcopytest.NewLangSmith(opts...)
		fake.AddAgent(langsmith.Agent{ID: sourceUUID, Name: "The source"})
		srv = fake.Server
	case "kolena":
		fake := agentcopytest.NewKolena(opts...)
		fake.AddAgent(kolena.Agent{ID: 1, Name: "The source"})
		srv = fake.Server
	}
	t.Cleanup(srv.Close)
	return srv
}
