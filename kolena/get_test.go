package kolena_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestGetAgent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "copy_oldest.json"))
	got, err := newClient(t, wire).GetAgent(t.Context(), 123)
	require.NoError(t, err)
	require.Equal(t, "Leases", got.Name)
	require.Equal(t, http.StatusOK, got.Response.StatusCode)

	sent := wire.Requests()[0]
	require.Equal(t, http.MethodGet, sent.Method)
	require.Equal(t, "/api/v1/client/agents/123", sent.Target)
	require.Empty(t, sent.Body)
}

func TestGetAgentFails(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, `{"name":"Leases"}`)
	client := newClient(t, wire)
	for _, id := range []int64{0, -123} {
		_, err := client.GetAgent(t.Context(), id)
		vendortest.RequireInvalid(t, err, "agentID")
	}
	require.Empty(t, wire.Requests())

	_, err := client.GetAgent(t.Context(), 123)
	require.ErrorContains(t, err, "lacks the agent's ID")
	require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
}
