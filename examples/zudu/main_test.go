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
	require.Contains(t, out.String(), "Wien: may have been copied; it is not asked for again\n    an agent of this name is there: "+server.Copies()[1].ID)
	require.Contains(t, out.String(), "Berlin: not copied\n")
	require.Contains(t, out.String(), "Bern: copied, agent_")
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out))
	require.Contains(t, out.String(), "Support, Berlin: copied, agent_")
	require.Contains(t, out.String(), "Support, Wien: may have been copied")
	require.Contains(t, out.String(), "Copies on the server: 2\n")

	require.ErrorContains(t, run(t.Context(), []string{"agent_1"}, &out), "usage")
	t.Setenv("ZUDU_API_KEY", "")
	require.ErrorContains(t, run(t.Context(), []string{"agent_1", "Berlin"}, &out), "ZUDU_API_KEY")
}
