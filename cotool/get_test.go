package cotool_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestGetAgent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	got, err := newClient(t, wire).GetAgent(t.Context(), sourceID)
	require.NoError(t, err)
	require.Equal(t, "Triage", got.Name)
	require.Equal(t, http.StatusOK, got.Response.StatusCode)

	sent := wire.Requests()[0]
	require.Equal(t, http.MethodGet, sent.Method)
	require.Equal(t, "/api/agents/"+sourceID, sent.Target)
	require.Empty(t, sent.Body)
}

func TestGetAgentFails(t *testing.T) {
	_, err := newClient(t, vendortest.Always(http.StatusOK, `{"name":"Triage"}`)).GetAgent(t.Context(), sourceID)
	require.ErrorContains(t, err, "lacks the agent's ID")
	require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)

	_, err = newClient(t, vendortest.Always(http.StatusNotFound, ``)).GetAgent(t.Context(), sourceID)
	require.ErrorIs(t, err, agentcopy.ErrNotFound)
}
