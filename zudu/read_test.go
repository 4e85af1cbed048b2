package zudu_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// page is an answer with count agents, from agent_<first> on.
func page(pagination string, first, count int) string {
	agents := vendortest.Agents(`{"agent_id":"agent_%[1]d","agent_name":"name %[1]d"}`, first, count)
	return `{"message":"Agents retrieved successfully","status":"success","error":null,"data":` +
		`{"organization_id":"org_1","agents":` + agents + `,"pagination":` + pagination + `}}`
}

func TestListAgentsReadsEveryPage(t *testing.T) {
	for name, tt := range map[string]struct {
		pages    []string
		agents   int
		requests int
	}{
		"second generation": {[]string{
			page(`{"page":0,"limit":2,"total_count":5,"total_pages":3,"has_next_page":true,"has_previous_page":false}`, 0, 2),
			page(`{"page":1,"limit":2,"total_count":5,"total_pages":3,"has_next_page":true,"has_previous_page":true}`, 2, 2),
			page(`{"page":2,"limit":2,"total_count":5,"total_pages":3,"has_next_page":false,"has_previous_page":true}`, 4, 1),
		}, 5, 3},
		"first generation": {[]string{
			page(`{"page":0,"limit":2,"total":4,"total_pages":2}`, 0, 2),
			page(`{"page":1,"limit":2,"total":4,"total_pages":2}`, 2, 2),
		}, 4, 2},
		"no pagination, a full page and a short one":  {[]string{page(`{}`, 0, 100), page(`{}`, 100, 3)}, 103, 2},
		"no pagination, a full page and an empty one": {[]string{page(`{}`, 0, 100), page(`{}`, 100, 0)}, 100, 2},
		"only a limit":    {[]string{page(`{"limit":20}`, 0, 20), page(`{"limit":20}`, 20, 3)}, 23, 2},
		"null pagination": {[]string{page(`null`, 0, 3)}, 3, 1},
		"has_next_page is null": {[]string{
			page(`{"has_next_page":null,"total_pages":2}`, 0, 1), page(`{"has_next_page":null,"total_pages":2}`, 1, 1),
		}, 2, 2},
		"has_next_page is not a boolean": {[]string{
			page(`{"has_next_page":"yes","total_pages":2}`, 0, 1), page(`{"has_next_page":"no","total_pages":2}`, 1, 1),
		}, 2, 2},
		"has_next_page decides": {[]string{page(`{"has_next_page":false,"total_pages":9}`, 0, 100)}, 100, 1},
		"no agents":             {[]string{page(`{"total_pages":0,"has_next_page":false}`, 0, 0)}, 0, 1},
		"agents that slide to the next page are yielded once": {[]string{
			page(`{"has_next_page":true}`, 0, 3), page(`{"has_next_page":false}`, 1, 3),
		}, 4, 2},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, listAgents(t, wire))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, agent := range agents {
				require.Equal(t, fmt.Sprintf("agent_%d", i), agent.AgentID)
				require.Equal(t, http.StatusOK, agent.Response.StatusCode)
			}
			require.Len(t, wire.Requests(), tt.requests)
			for number, sent := range wire.Requests() {
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/api/agents", sent.Path())
				require.Empty(t, sent.Body)
				query := sent.Query()
				require.Equal(t, strconv.Itoa(number), query.Get("page"))
				require.Equal(t, "100", query.Get("limit"))
				require.Equal(t, "created_at", query.Get("sort_by"))
				require.Equal(t, "descending", query.Get("sort_order"))
			}
		})
	}
}

func TestListAgentsByName(t *testing.T) {
	wire := vendortest.InTurn(
		`{"status":"success","data":{"pagination":{"has_next_page":true},"agents":[
			{"agent_id":"a","agent_name":"Support"},{"agent_id":"b","agent_name":"Support Berlin"},{"agent_id":"c","agent_name":"support"}]}}`,
		`{"status":"success","data":{"pagination":{"has_next_page":true},"agents":[{"agent_id":"d","agent_name":"Other"}]}}`,
		`{"status":"success","data":{"pagination":{},"agents":[{"agent_id":"e","agent_name":" Support "},{"agent_id":"f"}]}}`,
	)
	agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{Name: " Support\n"}))
	require.NoError(t, err)
	require.Len(t, agents, 2)
	require.Equal(t, "a", agents[0].AgentID)
	require.Equal(t, "e", agents[1].AgentID)

	require.Len(t, wire.Requests(), 3)
	for number, sent := range wire.Requests() {
		require.Equal(t, http.MethodPost, sent.Method)
		require.Equal(t, "/api/agents", sent.Target)
		require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
		require.JSONEq(t, fmt.Sprintf(`{"page":%d,"limit":100,"sort_by":"created_at","sort_order":"descending",
			"filter_criteria":{"agent_name":["Support"]}}`, number), sent.Body)
	}
}

// A list by filter is a POST, but a read: it is retried like any other.
func TestListAgentsByNameIsRetried(t *testing.T) {
	wire := vendortest.New(func(number int, _ vendortest.Request) (int, string) {
		if number == 0 {
			return http.StatusInternalServerError, ``
		}
		return http.StatusOK, page(`{}`, 1, 1)
	})
	client := newClient(t, wire, agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	agents, err := vendortest.Collect(t, client.ListAgents(t.Context(), zudu.ListAgentsRequest{Name: "name 1"}))
	require.NoError(t, err)
	require.Len(t, agents, 1)
	require.Len(t, wire.Requests(), 2)
	require.Equal(t, wire.Requests()[0].Body, wire.Requests()[1].Body)
	require.NotEmpty(t, wire.Requests()[1].Body)
}

func TestListAgentsRefusesANameNoAgentHas(t *testing.T) {
	for _, name := range []string{" ", "\n\t", "caf\xe9"} {
		wire := vendortest.Always(http.StatusOK, page(`{}`, 0, 1))
		agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{Name: name}))
		require.Empty(t, agents)
		vendortest.RequireInvalid(t, err, "Name")
		require.Empty(t, wire.Requests())
	}
}

func TestListAgentsFetchesAPageWhenTheLoopReachesIt(t *testing.T) {
	wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
		if r.Query().Get("page") == "0" {
			return http.StatusOK, page(`{"has_next_page":true}`, 0, 2)
		}
		return http.StatusOK, page(`{"has_next_page":false}`, 2, 1)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	list := newClient(t, wire).ListAgents(ctx, zudu.ListAgentsRequest{})
	require.Empty(t, wire.Requests(), "nothing is sent before the loop begins")
	for range list {
		break
	}
	require.Len(t, wire.Requests(), 1)

	agents, err := vendortest.Collect(t, list)
	require.NoError(t, err, "the list can be ranged over again")
	var responses []string
	for _, agent := range agents {
		responses = append(responses, agent.Response.RequestID)
	}
	require.Equal(t, []string{"req-1", "req-1", "req-2"}, responses)

	yielded := 0
	for agent, err := range list {
		cancel()
		if agent == nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		yielded++
	}
	require.Equal(t, 2, yielded, "what has come is still yielded")
	require.Len(t, wire.Requests(), 4)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "zudu", listAgents, map[string]vendortest.ListFailure{
		"a page is empty, but not the last": vendortest.ListFails(2, 2, "page 2 of the list",
			page(`{"has_next_page":true}`, 0, 2), page(`{"has_next_page":true}`, 0, 0)),
		"the server ignores the page number": vendortest.ListFails(2, 2, "not on an earlier one",
			page(`{"has_next_page":true}`, 0, 2)),
		"the server ignores the page number and says nothing": vendortest.ListFails(100, 2, "not on an earlier one",
			page(`{}`, 0, 100)),
		"no list":                 vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{}}`),
		"no data":                 vendortest.ListFails(0, 1, "lacks the list", `{"status":"success"}`),
		"the list is no list":     vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{"agents":{}}}`),
		"the data is no object":   vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":[]}`),
		"refused":                 vendortest.ListFails(0, 1, "no: way", `{"status":"error","message":"no","error":"way","data":{"agents":[]}}`),
		"the second page is none": vendortest.ListFails(2, 2, "Hello", page(`{"has_next_page":true}`, 0, 2), `<html><title>Hello</title>`),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*zudu.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{})
}

func TestListAgentsIsLenientAboutItems(t *testing.T) {
	const body = `{"status":"success","data":{"agents":[{"agent_name":"no ID"},null,{"agent_id":5,"agent_name":"odd ID"},
		{"agent_id":"agent_1","timezone":7},{"agent_name":"no ID"}],"pagination":{"total_pages":1}}}`
	wire := vendortest.Always(http.StatusOK, body)
	agents, err := vendortest.Collect(t, listAgents(t, wire))
	require.NoError(t, err)
	require.Len(t, agents, 5)
	require.Equal(t, "agent_1", agents[3].AgentID)
	require.Error(t, agents[0].Response.Warning)
	require.Equal(t, body, string(agents[4].Response.Body))
}
