package cotool_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestListAgents(t *testing.T) {
	const body = `[{"id":"a","name":"One"},{"name":"no ID"},{"id":"b","deletedAt":"2025-06-17T12:34:56Z"}]`
	wire := vendortest.Always(http.StatusOK, body)
	list := newClient(t, wire).ListAgents(t.Context(), cotool.ListAgentsRequest{})
	require.Empty(t, wire.Requests(), "nothing is sent before the loop begins")
	for range 2 {
		agents, err := vendortest.Collect(t, list)
		require.NoError(t, err)
		require.Len(t, agents, 3)
		require.Equal(t, "One", agents[0].Name)
		require.False(t, agents[2].DeletedAt.IsZero(), "parked agents are not hidden")
		require.Equal(t, body, string(agents[1].Response.Body))
	}
	require.Len(t, wire.Requests(), 2)
	require.Equal(t, http.MethodGet, wire.Requests()[0].Method)
	require.Equal(t, "/api/agents", wire.Requests()[0].Target)
}

func TestListAgentsOfNone(t *testing.T) {
	agents, err := vendortest.Collect(t, newClient(t, vendortest.Always(http.StatusOK, `[]`)).ListAgents(t.Context(), cotool.ListAgentsRequest{}))
	require.NoError(t, err)
	require.Empty(t, agents)
}

func TestListAgentsFails(t *testing.T) {
	for body, message := range map[string]string{
		`{"agents":[]}`:          "lacks the list",
		`null`:                   "lacks the list",
		`"none"`:                 "lacks the list",
		`<title>Sign in</title>`: "Sign in",
		``:                       "empty",
	} {
		t.Run(body, func(t *testing.T) {
			agents, err := vendortest.Collect(t, newClient(t, vendortest.Always(http.StatusOK, body)).ListAgents(t.Context(), cotool.ListAgentsRequest{}))
			require.Empty(t, agents)
			require.ErrorContains(t, err, message)
			require.Equal(t, "ListAgents", vendortest.RequireError(t, err).Operation)
		})
	}
}
