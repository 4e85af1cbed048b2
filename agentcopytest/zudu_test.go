package agentcopytest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

var zuduKeys = http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}

func TestZuduCopiesEverything(t *testing.T) {
	for name, opts := range map[string][]agentcopytest.ServerOption{
		"second generation": nil,
		"first generation":  {agentcopytest.WithZuduFirstGeneration()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := agentcopytest.NewZudu(opts...)
				source := filled[zudu.Agent]()
				source.AgentID, source.AgentName = "agent_source", "Source"
				stored := srv.AddAgent(source)
				client := sdk[*zudu.Client](t, srv)
				time.Sleep(1500 * time.Millisecond)

				made, err := client.DuplicateAgent(t.Context(), "agent_source", zudu.DuplicateAgentRequest{AgentName: "  Copy\t"})
				require.NoError(t, err)
				require.NoError(t, made.Response.Warning)
				require.NotEmpty(t, made.AgentID)
				got, err := client.GetAgent(t.Context(), made.AgentID)
				require.NoError(t, err)
				require.NoError(t, got.Response.Warning)

				want := stored
				want.AgentID, want.AgentName = made.AgentID, "Copy"
				want.CreatedAt.Time = time.Now().UTC().Truncate(time.Second)
				want.UpdatedAt = want.CreatedAt
				requireSame(t, want, got)
				if len(opts) == 0 {
					requireSame(t, want, made)
				} else {
					requireSame(t, zudu.Agent{AgentID: want.AgentID, AgentName: "Copy", OrganizationID: want.OrganizationID, CreatedAt: want.CreatedAt, UpdatedAt: want.UpdatedAt}, made)
				}
				original, err := client.GetAgent(t.Context(), "agent_source")
				require.NoError(t, err)
				requireSame(t, stored, original)
			})
		})
	}
}

func TestZuduDocuments(t *testing.T) {
	agent := zudu.Agent{AgentName: "Source", CreatedAt: agentcopy.Time{Time: time.Date(2025, 1, 15, 13, 45, 0, 5, time.FixedZone("", 3600))}}
	duplicate := func(opts ...agentcopytest.ServerOption) map[string]json.RawMessage {
		srv := agentcopytest.NewZudu(opts...)
		a := srv.AddAgent(agent)
		out := memory(srv.Server).must(t, request{http.MethodPost, "/api/agents/" + a.AgentID + "/duplicate", zuduKeys, `{"agent_name":"Copy"}`})
		require.Equal(t, 200, out.StatusCode)
		envelope := decoded[map[string]json.RawMessage](t, out)
		require.JSONEq(t, `"success"`, string(envelope["status"]))
		require.JSONEq(t, `"Agent duplicated successfully"`, string(envelope["message"]))
		require.Equal(t, "null", string(envelope["error"]))

		full := memory(srv.Server).must(t, request{http.MethodGet, "/api/agents/" + a.AgentID + "/full", zuduKeys, ""})
		require.Equal(t, 200, full.StatusCode)
		wantTime := `"created_at":"2025-01-15T12:45:00"`
		if len(opts) > 0 {
			wantTime = `"created_at":"2025-01-15T12:45:00Z"`
		}
		require.Contains(t, full.body, wantTime)

		var data map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(envelope["data"], &data))
		return data
	}

	second := duplicate()
	require.Equal(t, "null", string(second["widget_config"]))
	require.Equal(t, "null", string(second["post_call_analysis_model"]))
	require.Equal(t, "[]", string(second["knowledge_base_ids"]))
	require.Equal(t, "{}", string(second["access_info"]))
	require.Equal(t, "60000", string(second["end_call_after_silence_ms"]))
	require.Regexp(t, `^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"$`, string(second["created_at"]))
	require.NotContains(t, second, "language", "it is of the first generation")

	first := duplicate(agentcopytest.WithZuduFirstGeneration())
	require.Len(t, first, 5)
	require.Regexp(t, `^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$`, string(first["updated_at"]))
}

func TestZuduAddAgent(t *testing.T) {
	srv := agentcopytest.NewZudu()
	given := zudu.Agent{AgentName: " Source\n", KnowledgeBaseIDs: []string{"kb_1"}}
	a := srv.AddAgent(given)
	require.Regexp(t, `^agent_[0-9a-f-]{36}$`, a.AgentID)
	require.Equal(t, "Source", a.AgentName)
	require.NotEmpty(t, a.OrganizationID)
	require.False(t, a.CreatedAt.IsZero())
	require.Equal(t, a.CreatedAt, a.UpdatedAt)

	given.KnowledgeBaseIDs[0], a.KnowledgeBaseIDs[0] = "changed", "changed"
	got, err := sdk[*zudu.Client](t, srv).GetAgent(t.Context(), a.AgentID)
	require.NoError(t, err)
	require.Equal(t, []string{"kb_1"}, got.KnowledgeBaseIDs, "the fake's agent is its own")

	taken := "agent_00000000-0000-4000-8000-000000000002"
	srv.AddAgent(zudu.Agent{AgentID: taken, AgentName: "Second"})
	require.NotEqual(t, taken, srv.AddAgent(zudu.Agent{AgentName: "Third"}).AgentID)
	srv.AddAgent(zudu.Agent{OrganizationID: "org_other", AgentName: "Source"}) // names are unique within an organization
	srv.AddAgent(zudu.Agent{AgentName: strings.Repeat("ü", 50)})

	for name, tc := range map[string]struct {
		agent zudu.Agent
		says  string
	}{
		"no name":         {zudu.Agent{}, "empty"},
		"blank name":      {zudu.Agent{AgentName: " \t"}, "empty"},
		"long name":       {zudu.Agent{AgentName: strings.Repeat("x", 51)}, "50 characters"},
		"name taken":      {zudu.Agent{AgentName: "Source "}, `has the name "Source" already`},
		"ID taken":        {zudu.Agent{AgentName: "New", AgentID: a.AgentID}, "there is an agent " + a.AgentID},
		"JSON that isn't": {zudu.Agent{AgentName: "New", AccessInfo: json.RawMessage("{")}, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			requirePanic(t, func() { srv.AddAgent(tc.agent) }, "AddAgent", tc.says)
		})
	}
	srv.AddAgent(zudu.Agent{AgentName: "New"}) // the panics above kept nothing
}

func TestZuduRefusals(t *testing.T) {
	const source = "agent_1"
	cases := map[string]struct {
		id, contentType, body string
		status                int
		message, detail       string
	}{
		"empty name":         {source, "", `{"agent_name":""}`, 400, "Validation error", "Agent name cannot be empty"},
		"blank name":         {source, "", `{"agent_name":" \t "}`, 400, "Validation error", "Agent name cannot be empty"},
		"no name":            {source, "", `{}`, 400, "Validation error", "Agent name cannot be empty"},
		"null":               {source, "", `{"agent_name":null}`, 400, "Validation error", "Agent name cannot be empty"},
		"name in other case": {source, "", `{"Agent_Name":"Copy"}`, 400, "Validation error", "Agent name cannot be empty"},
		"long name":          {source, "", `{"agent_name":"` + strings.Repeat("ü", 51) + `"}`, 400, "Validation error", "Agent name cannot be longer than 50 characters"},
		"name taken":         {source, "", `{"agent_name":" Source "}`, 400, "Validation error", "Agent name 'Source' already exists in organization 'org_0000000001'"},
		"name of a number":   {source, "", `{"agent_name":5}`, 400, "Validation error", "agent_name has the wrong type"},
		"no body":            {source, "", ``, 400, "Validation error", "a request body is required"},
		"a list":             {source, "", `[]`, 400, "Validation error", "the request body must be a JSON object"},
		"the word null":      {source, "", `null`, 400, "Validation error", "the request body must be a JSON object"},
		"broken JSON":        {source, "", `{"agent_name":"Copy"`, 400, "Validation error", syntaxError(`{"agent_name":"Copy"`)},
		"a form":             {source, "application/x-www-form-urlencoded", `agent_name=Copy`, 400, "Validation error", "the Content-Type must be application/json"},
		"unknown agent":      {"agent_123", "", `{"agent_name":"Copy"}`, 404, "Agent not found", "Agent with ID 'agent_123' does not exist in organization 'org_0000000001'"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			srv := agentcopytest.NewZudu()
			srv.AddAgent(zudu.Agent{AgentID: source, AgentName: "Source"})
			r := request{http.MethodPost, "/api/agents/" + tc.id + "/duplicate", zuduKeys.Clone(), tc.body}
			if tc.contentType != "" {
				r.header.Set("Content-Type", tc.contentType)
			}
			out := memory(srv.Server).must(t, r)
			require.Equal(t, tc.status, out.StatusCode)
			require.Equal(t, map[string]any{"message": tc.message, "status": "error", "error": tc.detail}, decoded[map[string]any](t, out))
			require.Empty(t, srv.Copies())
		})
	}
}

func TestZuduAcceptsNamesAtTheLimit(t *testing.T) {
	srv := agentcopytest.NewZudu()
	a := srv.AddAgent(zudu.Agent{AgentName: "Source"})
	for _, r := range []request{
		{body: `{"agent_name":" ` + strings.Repeat("ü", 50) + ` "}`},
		{body: `{"agent_name":"source"}`}, // another name than Source
		{body: `{"agent_name":"Copy","more":1}`, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}},
		{body: `{"agent_name":"Copy 2"}`, header: http.Header{"Content-Type": nil}},
	} {
		r.method, r.target = http.MethodPost, "/api/agents/"+a.AgentID+"/duplicate"
		r.header = joined(r.header, zuduKeys)
		require.Equal(t, 200, memory(srv.Server).must(t, r).StatusCode, r.body)
	}
}

// joined is a with b on top.
func joined(a, b http.Header) http.Header {
	out := http.Header{}
	for _, h := range []http.Header{a, b} {
		for name, values := range h {
			out[name] = values
		}
	}
	return out
}

// zuduList is the data of a list's answer.
type zuduList struct {
	OrganizationID string         `json:"organization_id"`
	Agents         []zudu.Agent   `json:"agents"`
	Pagination     map[string]any `json:"pagination"`
	ReturnedCount  int            `json:"returned_count"`
	SortBy         string         `json:"sort_by"`
	SortOrder      string         `json:"sort_order"`
}

func (l zuduList) names() string {
	var names []string
	for _, a := range l.Agents {
		names = append(names, a.AgentName)
	}
	return strings.Join(names, " ")
}

func TestZuduLists(t *testing.T) {
	srv := agentcopytest.NewZudu()
	day := func(n int) agentcopy.Time {
		return agentcopy.Time{Time: time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC)}
	}
	srv.AddAgent(zudu.Agent{AgentName: "b", CreatedAt: day(1), UpdatedAt: day(9)})
	srv.AddAgent(zudu.Agent{AgentName: "c", CreatedAt: day(2), UpdatedAt: day(3)})
	srv.AddAgent(zudu.Agent{AgentName: "a", CreatedAt: day(3), UpdatedAt: day(3)})
	list := func(query, body string) zuduList {
		t.Helper()
		r := request{http.MethodGet, "/api/agents?" + query, zuduKeys, ""}
		if body != "" {
			r = request{http.MethodPost, "/api/agents", zuduKeys, body}
		}
		out := memory(srv.Server).must(t, r)
		require.Equal(t, 200, out.StatusCode, out.body)
		envelope := decoded[struct {
			Message, Status string
			Data            zuduList
		}](t, out)
		require.Equal(t, "Agents retrieved successfully", envelope.Message)
		require.Equal(t, "success", envelope.Status)
		require.Equal(t, len(envelope.Data.Agents), envelope.Data.ReturnedCount)
		return envelope.Data
	}

	all := list("", "")
	require.Equal(t, "b a c", all.names(), "newest change first; of two at the same time, the newer agent")
	require.Equal(t, "updated_at", all.SortBy)
	require.Equal(t, "descending", all.SortOrder)
	require.Equal(t, map[string]any{"page": 0., "limit": 20., "total_count": 3., "total_pages": 1., "has_next_page": false, "has_previous_page": false}, all.Pagination)

	for _, tc := range []struct{ query, body, want string }{
		{"sort_order=ascending", `{"sort_order":"ascending"}`, "c a b"},
		{"sort_by=created_at", `{"sort_by":"created_at"}`, "a c b"},
		{"sort_by=agent_name&sort_order=ascending", `{"sort_by":"agent_name","sort_order":"ascending"}`, "a b c"},
		{"limit=2", `{"limit":2}`, "b a"},
		{"limit=2&page=1", `{"limit":2,"page":1}`, "c"},
		{"limit=2&page=2", `{"limit":2,"page":2}`, ""},
		{"limit=100&page=2147483647", `{"limit":100,"page":2147483647}`, ""},
	} {
		require.Equal(t, tc.want, list(tc.query, "").names(), tc.query)
		require.Equal(t, tc.want, list("", tc.body).names(), tc.body)
	}
	page := list("limit=1&page=1", "").Pagination
	require.Equal(t, map[string]any{"page": 1., "limit": 1., "total_count": 3., "total_pages": 3., "has_next_page": true, "has_previous_page": true}, page)

	for body, want := range map[string]string{
		`{"filter_criteria":{"agent_name":["A"]}}`:     "a",
		`{"filter_criteria":{"agent_name":["c","b"]}}`: "b c",
		`{"filter_criteria":{"agent_name":["x"]}}`:     "",
		`{"filter_criteria":{"agent_name":[]}}`:        "",
		`{"filter_criteria":{}}`:                       "b a c",
		`{"filter_criteria":null}`:                     "b a c",
		`{}`:                                           "b a c",
	} {
		require.Equal(t, want, list("", body).names(), body)
	}
	require.Equal(t, 200, memory(srv.Server).must(t, request{http.MethodPost, "/api/agents", zuduKeys, ""}).StatusCode, "the body may be left out")

	for query, body := range map[string]string{
		"page=-1":                    `{"page":-1}`,
		"page=x":                     `{"page":"1"}`,
		"limit=0":                    `{"limit":0}`,
		"limit=101":                  `{"limit":101}`,
		"limit=":                     `{"limit":[]}`,
		"sort_by=model":              `{"sort_by":"model"}`,
		"sort_order=down":            `{"sort_order":"down"}`,
		"page=1.5":                   `{"filter_criteria":{"agent_name":"b"}}`,
		"limit=99999999999999999999": `{"page`,
	} {
		for _, r := range []request{{http.MethodGet, "/api/agents?" + query, zuduKeys, ""}, {http.MethodPost, "/api/agents", zuduKeys, body}} {
			out := memory(srv.Server).must(t, r)
			require.Equal(t, 400, out.StatusCode, "%s %s: %s", query, body, out.body)
			require.Equal(t, "Validation error", decoded[map[string]any](t, out)["message"])
		}
	}
}

func TestZuduListsOfTheFirstGeneration(t *testing.T) {
	srv := agentcopytest.NewZudu(agentcopytest.WithZuduFirstGeneration())
	srv.AddAgent(filledZudu("Source"))
	out := memory(srv.Server).must(t, request{http.MethodGet, "/api/agents?limit=10", zuduKeys, ""})
	data := decoded[struct{ Data map[string]any }](t, out).Data
	require.Equal(t, map[string]any{"page": 0., "limit": 10., "total": 1., "total_pages": 1.}, data["pagination"])
	item := data["agents"].([]any)[0].(map[string]any)
	require.Len(t, item, 5)
	require.Equal(t, "Source", item["agent_name"])
}

func filledZudu(name string) zudu.Agent {
	a := filled[zudu.Agent]()
	a.AgentName = name
	return a
}

func TestZuduListsThroughTheSDK(t *testing.T) {
	for name, opts := range map[string][]agentcopytest.ServerOption{
		"second generation": nil,
		"first generation":  {agentcopytest.WithZuduFirstGeneration()},
	} {
		t.Run(name, func(t *testing.T) {
			srv := agentcopytest.NewZudu(opts...)
			for i := range 210 {
				srv.AddAgent(zudu.Agent{AgentName: "Agent " + strconv.Itoa(i)})
			}
			client := sdk[*zudu.Client](t, srv)
			seen := make(map[string]bool)
			for a, err := range client.ListAgents(t.Context(), zudu.ListAgentsRequest{}) {
				require.NoError(t, err)
				seen[a.AgentID] = true
			}
			require.Len(t, seen, 210)
			var found []string
			for a, err := range client.ListAgents(t.Context(), zudu.ListAgentsRequest{Name: " Agent 24 "}) {
				require.NoError(t, err)
				found = append(found, a.AgentName)
			}
			require.Equal(t, []string{"Agent 24"}, found)
		})
	}
}

func TestZuduIDsAreOpaque(t *testing.T) {
	srv := agentcopytest.NewZudu()
	for _, id := range []string{"a/b", "ä ö", "50%", "a?b"} {
		srv.AddAgent(zudu.Agent{AgentID: id, AgentName: "Agent " + url.PathEscape(id)})
		a, err := sdk[*zudu.Client](t, srv).GetAgent(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, a.AgentID)
	}
	_, err := sdk[*zudu.Client](t, srv).GetAgent(t.Context(), "agent_404")
	require.ErrorIs(t, err, agentcopy.ErrNotFound)
	require.Contains(t, fmt.Sprint(err), "does not exist in organization")
}
