package langsmith_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func TestGetAgent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	got, err := newClient(t, wire).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
	require.NoError(t, err)
	require.Equal(t, "Research", got.Name)
	require.Equal(t, http.StatusOK, got.Response.StatusCode)

	sent := wire.Requests()[0]
	require.Equal(t, http.MethodGet, sent.Method)
	require.Equal(t, "/v1/deepagents/agents/"+sourceID, sent.Target)
	require.Empty(t, sent.Body)

	_, err = newClient(t, wire).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{IncludeFiles: true})
	require.NoError(t, err)
	require.Equal(t, "/v1/deepagents/agents/"+sourceID+"?include_files=true", wire.Requests()[1].Target)
}

func TestGetAgentFails(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, `{"name":"Research"}`)
	client := newClient(t, wire)
	for _, id := range []string{"", " ", ".", "..", "my-agent"} {
		_, err := client.GetAgent(t.Context(), id, langsmith.GetAgentRequest{})
		vendortest.RequireInvalid(t, err, "agentID")
	}
	require.Empty(t, wire.Requests())

	_, err := client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
	require.ErrorContains(t, err, "lacks the agent's ID")
	require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
}
