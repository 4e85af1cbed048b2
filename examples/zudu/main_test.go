package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func TestDuplicate(t *testing.T) {
	server := agentcopytest.NewZudu()
	defer server.Close()
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	client, err := zudu.New("not-a-real-key", "not-a-real-secret", agentcopy.WithHTTPClient(server.Client()))
	require.NoError(t, err)

	var out strings.Builder
	require.NoError(t, duplicate(t.Context(), client, source.AgentID, []string{"Berlin"}, &out))
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	err = duplicate(t.Context(), client, source.AgentID, []string{"Wien", "Berlin", "Bern"}, &out)
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.Len(t, server.Copies(), 3)
	require.Contains(t, out.String(), "Wien: may have been made")
	require.Contains(t, out.String(), "Berlin: not made")
	require.Contains(t, out.String(), "Bern: agent_")
}
