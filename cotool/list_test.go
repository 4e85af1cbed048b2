package cotool_test

import (
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestListAgents(t *testing.T) {
	const body = `[{"id":"a","name":"One"},{"name":"no ID"},{"id":"b","deletedAt":"2025-06-17T12:34:56Z"}]`
	wire := vendortest.Always(http.StatusOK, body)
	list := listAgents(t, wire)
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
	agents, err := vendortest.Collect(t, listAgents(t, vendortest.Always(http.StatusOK, `[]`)))
	require.NoError(t, err)
	require.Empty(t, agents)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "cotool", listAgents, map[string]vendortest.ListFailure{
		"an object":     vendortest.ListFails(0, 1, "lacks the list", `{"agents":[]}`),
		"null":          vendortest.ListFails(0, 1, "lacks the list", `null`),
		"a text":        vendortest.ListFails(0, 1, "lacks the list", `"none"`),
		"a page":        vendortest.ListFails(0, 1, "Sign in", `<title>Sign in</title>`),
		"an empty body": vendortest.ListFails(0, 1, "empty", ``),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*cotool.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), cotool.ListAgentsRequest{})
}
