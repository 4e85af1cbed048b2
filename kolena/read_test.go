package kolena_test

import (
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

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
			agents, err := vendortest.Collect(t, listAgents(t, wire))
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

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "kolena", listAgents, map[string]vendortest.ListFailure{
		"total_pages is never reached": vendortest.ListFails(2, 2, "not on an earlier one", page(0, 1<<30, 1, 2), page(1, 1<<30, 1, 2)),
		"the pages run dry":            vendortest.ListFails(4, 3, "page 3 of the list", page(0, 9, 1, 2), page(1, 9, 3, 2), page(2, 9, 5, 0)),
		"the list has gone":            vendortest.ListFails(2, 2, "page 2 of the list", page(0, 3, 1, 2), page(0, 0, 3, 0)),
		"no total":                     vendortest.ListFails(0, 1, "how many pages", `{"agents":[{"id":1}]}`),
		"a total that is not a number": vendortest.ListFails(0, 1, "how many pages", `{"agents":[{"id":1}],"total_pages":"two"}`),
		"no list":                      vendortest.ListFails(0, 1, "lacks the list", `{"total_pages":1}`),
		"another document":             vendortest.ListFails(0, 1, "lacks the list", agent),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*kolena.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), kolena.ListAgentsRequest{})
}

func TestListAgentsIsLenientAboutItems(t *testing.T) {
	const body = `{"agents":[{"name":"no ID"},{"id":"7"},{"id":1,"prompts":[{"options":null}]}],"total_pages":1}`
	agents, err := vendortest.Collect(t, listAgents(t, vendortest.Always(http.StatusOK, body)))
	require.NoError(t, err)
	require.Len(t, agents, 3)
	require.Error(t, agents[0].Response.Warning)
	require.Nil(t, agents[2].Prompts[0].Options)
}
