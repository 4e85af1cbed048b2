package kolena_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// page is an answer with count agents, from number first on.
// Its page_size is how many they are, and its page_number may be wrong.
func page(number, total, first, count int) string {
	agents := vendortest.Agents(`{"id":%[1]d,"name":"agent %[1]d"}`, first, count)
	return fmt.Sprintf(`{"agents":%s,"total_pages":%d,"page_number":%d,"page_size":%d}`, agents, total, number, count)
}

func TestListAgents(t *testing.T) {
	for name, tt := range map[string]struct {
		pages            []string
		agents, requests int
	}{
		"three pages":      {[]string{page(0, 3, 1, 2), page(1, 3, 3, 2), page(2, 3, 5, 1)}, 5, 3},
		"one short page":   {[]string{page(0, 1, 1, 2)}, 2, 1},
		"none":             {[]string{page(0, 0, 1, 0)}, 0, 1},
		"one empty page":   {[]string{page(0, 1, 1, 0)}, 0, 1},
		"no page number":   {[]string{page(0, 2, 1, 2), page(0, 2, 3, 2)}, 4, 2},
		"the list shrinks": {[]string{page(0, 3, 1, 2), page(1, 2, 3, 2)}, 4, 2},
		"the list grows":   {[]string{page(0, 1+1, 1, 2), page(1, 3, 2, 2), page(2, 3, 4, 1)}, 4, 3},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), kolena.ListAgentsRequest{}))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, agent := range agents {
				require.Equal(t, int64(i+1), agent.ID)
				require.NotNil(t, agent.Response)
			}
			require.Len(t, wire.Requests(), tt.requests)
			for number, sent := range wire.Requests() {
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/api/v1/client/agents", sent.Path())
				require.Equal(t, strconv.Itoa(number), sent.Query().Get("page_number"))
				require.Equal(t, "200", sent.Query().Get("page_size"))
			}
		})
	}
}

func TestListAgentsStopsWithTheLoop(t *testing.T) {
	wire := vendortest.InTurn(page(0, 2, 1, 2), page(1, 2, 3, 2))
	for range newClient(t, wire).ListAgents(t.Context(), kolena.ListAgentsRequest{}) {
		break
	}
	require.Len(t, wire.Requests(), 1)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	for name, tt := range map[string]struct {
		pages            []string
		agents, requests int
		message          string
	}{
		"total_pages is never reached": {[]string{page(0, 1<<30, 1, 2), page(1, 1<<30, 1, 2)}, 2, 2, "not on an earlier one"},
		"the pages run dry":            {[]string{page(0, 9, 1, 2), page(1, 9, 3, 2), page(2, 9, 5, 0)}, 4, 3, "page 3 of the list"},
		"the list has gone":            {[]string{page(0, 3, 1, 2), page(0, 0, 3, 0)}, 2, 2, "page 2 of the list"},
		"no total":                     {[]string{`{"agents":[{"id":1}]}`}, 0, 1, "how many pages"},
		"a total that is not a number": {[]string{`{"agents":[{"id":1}],"total_pages":"two"}`}, 0, 1, "how many pages"},
		"no list":                      {[]string{`{"total_pages":1}`}, 0, 1, "lacks the list"},
		"another document":             {[]string{agent}, 0, 1, "lacks the list"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), kolena.ListAgentsRequest{}))
			e := vendortest.RequireError(t, err)
			require.ErrorContains(t, err, tt.message)
			require.Equal(t, "ListAgents", e.Operation)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Len(t, agents, tt.agents)
			require.Len(t, wire.Requests(), tt.requests)
		})
	}
}

func TestListAgentsIsLenientAboutItems(t *testing.T) {
	const body = `{"agents":[{"name":"no ID"},{"id":"7"},{"id":1,"prompts":[{"options":null}]}],"total_pages":1}`
	agents, err := vendortest.Collect(t, newClient(t, vendortest.Always(http.StatusOK, body)).ListAgents(t.Context(), kolena.ListAgentsRequest{}))
	require.NoError(t, err)
	require.Len(t, agents, 3)
	require.Error(t, agents[0].Response.Warning)
	require.Nil(t, agents[2].Prompts[0].Options)
}
