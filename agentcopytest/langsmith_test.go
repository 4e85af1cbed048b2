package agentcopytest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

var langsmithKey = http.Header{"X-Api-Key": {"k"}}

func TestLangSmithClonesWhatBehaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := agentcopytest.NewLangSmith()
		caller := srv.AddAgent(langsmith.Agent{}).OwnerID
		source := filled[langsmith.Agent]()
		source.ID, source.Name, source.OwnerID = someUUID, "Research", "10000000-0000-4000-8000-00000000000f"
		stored := srv.AddAgent(source)
		require.False(t, stored.IsOwner)
		client := sdk[*langsmith.Client](t, srv)
		time.Sleep(1500 * time.Nanosecond)
		now := agentcopy.Time{Time: time.Now().UTC().Truncate(time.Microsecond)}

		made, err := client.CloneAgent(t.Context(), someUUID, langsmith.CloneAgentRequest{Name: "Mine", IncludeFiles: true, UserTimezone: "Nowhere/At All"})
		require.NoError(t, err)
		require.NoError(t, made.Response.Warning)
		require.Equal(t, 201, made.Response.StatusCode)
		want := stored
		want.ID, want.Name, want.CreatedAt, want.UpdatedAt = made.ID, "Mine", now, now
		want.OwnerID, want.IsOwner, want.AccessLevel = caller, true, langsmith.AccessWrite
		want.Extras = json.RawMessage("{}")
		want.Permissions = langsmith.Permissions{Identity: langsmith.IdentityPersonal, Visibility: langsmith.VisibilityTenant, TenantAccessLevel: langsmith.TenantAccessRead}
		want.Revision = made.Revision
		require.Regexp(t, `^[0-9a-f]{64}$`, made.Revision)
		require.NotEqual(t, stored.Revision, made.Revision)
		requireSame(t, want, made)

		got, err := client.GetAgent(t.Context(), made.ID, langsmith.GetAgentRequest{})
		require.NoError(t, err)
		want.Files = nil // which nobody asked for
		requireSame(t, want, got)
	})
}

func TestLangSmithDefaults(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	source := srv.AddAgent(langsmith.Agent{Name: "Research"})
	client := sdk[*langsmith.Client](t, srv)
	made, err := client.CloneAgent(t.Context(), source.ID, langsmith.CloneAgentRequest{})
	require.NoError(t, err)
	require.Equal(t, "Research (copy)", made.Name)

	permissions := langsmith.Permissions{Visibility: langsmith.VisibilityUser, SharedUsers: langsmith.SharedUsers{Run: []string{"u1"}}}
	made, err = client.CloneAgent(t.Context(), source.ID, langsmith.CloneAgentRequest{Permissions: &permissions})
	require.NoError(t, err)
	require.Equal(t, "Research (copy)", made.Name, "names need not be unique")
	permissions.Identity, permissions.TenantAccessLevel = langsmith.IdentityPersonal, langsmith.TenantAccessRead
	require.Equal(t, permissions, made.Permissions)
}

func TestLangSmithCloneBodies(t *testing.T) {
	const invalidBody = "invalid_request_body"
	cases := map[string]struct {
		body, contentType string
		status            int
		code              string
	}{
		"none":                {"", "", 201, ""},
		"empty object":        {"{}", "", 201, ""},
		"nulls":               {`{"name":null,"permissions":null}`, "", 201, ""},
		"empty name":          {`{"name":""}`, "", 201, ""},
		"unknown property":    {`{"nom":"x"}`, "", 201, ""},
		"a charset":           {`{"name":"x"}`, "application/json; charset=utf-8", 201, ""},
		"broken":              {`{"name":`, "", 400, invalidBody},
		"list":                {`[]`, "", 400, invalidBody},
		"text":                {`name=x`, "text/plain", 400, invalidBody},
		"name of a number":    {`{"name":1}`, "", 400, invalidBody},
		"permissions of text": {`{"permissions":"all"}`, "", 400, invalidBody},
		"unknown identity":    {`{"permissions":{"identity":"root"}}`, "", 422, "invalid_permissions"},
		"unknown visibility":  {`{"permissions":{"visibility":"world"}}`, "", 422, "invalid_permissions"},
		"unknown level":       {`{"permissions":{"tenant_access_level":"WRITE"}}`, "", 422, "invalid_permissions"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			srv := agentcopytest.NewLangSmith()
			header := langsmithKey.Clone()
			if tc.contentType != "" {
				header.Set("Content-Type", tc.contentType)
			}
			out := memory(srv.Server).must(t, request{http.MethodPost, "/agents/" + srv.AddAgent(langsmith.Agent{}).ID + "/clone", header, tc.body})
			require.Equal(t, tc.status, out.StatusCode, out.body)
			if tc.code != "" {
				requireProblem(t, out, tc.code)
				require.Empty(t, srv.Copies())
			}
		})
	}
}

// requireProblem requires a body in LangSmith's form.
func requireProblem(t testing.TB, out reply, code string) {
	t.Helper()
	problem := decoded[map[string]any](t, out)
	require.Len(t, problem, 4)
	require.Equal(t, "https://docs.langchain.com/errors/"+code, problem["type"])
	require.Equal(t, code, problem["code"])
	require.EqualValues(t, out.StatusCode, problem["status"])
	require.NotEmpty(t, problem["detail"])
}

func TestLangSmithRefusals(t *testing.T) {
	srv := agentcopytest.NewLangSmith(agentcopytest.WithRateLimit(1, time.Minute))
	id := srv.AddAgent(langsmith.Agent{}).ID
	send := func(method, path string) reply {
		return memory(srv.Server).must(t, request{method, path, langsmithKey, ""})
	}
	require.Equal(t, 201, send(http.MethodPost, "/agents/"+id+"/clone").StatusCode)
	for _, tc := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodPost, "/agents/" + id + "/clone", 429, "too_many_requests"},
		{http.MethodGet, "/agents/" + someUUID, 404, "agent_not_found"},
		{http.MethodGet, "/agents/agent-1", 422, "invalid_agent_id"},
		{http.MethodGet, "/elsewhere", 404, "not_found"},
		{http.MethodPut, "/agents/" + id, 405, "method_not_allowed"},
		{http.MethodGet, "/agents?page_size=0", 400, "invalid_query_parameter"},
		{http.MethodGet, "/agents?page_size=101", 400, "invalid_query_parameter"},
		{http.MethodGet, "/agents?page_size=many", 400, "invalid_query_parameter"},
		{http.MethodGet, "/agents?sort_by=owner", 400, "invalid_query_parameter"},
		{http.MethodGet, "/agents?sort_order=ascending", 400, "invalid_query_parameter"},
		{http.MethodGet, "/agents?cursor=abc", 400, "invalid_query_parameter"},
	} {
		out := send(tc.method, tc.path)
		require.Equal(t, tc.status, out.StatusCode, tc.path)
		requireProblem(t, out, tc.code)
	}

	fresh := agentcopytest.NewLangSmith()
	for path, status := range map[string]int{"/agents/" + someUUID + "/clone": 404, "/agents/x/clone": 422} {
		require.Equal(t, status, memory(fresh.Server).must(t, request{http.MethodPost, path, langsmithKey, ""}).StatusCode)
	}
}

func TestLangSmithBasePath(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	defer srv.Close()
	id := srv.AddAgent(langsmith.Agent{}).ID
	for _, base := range []string{srv.URL(), srv.URL() + "/v1/deepagents", srv.URL() + "/v1/deepagents/"} {
		client, err := langsmith.New(vendortest.Key(), agentcopy.WithBaseURL(base), agentcopy.WithHTTPClient(socketClient(t)))
		require.NoError(t, err)
		_, err = client.CloneAgent(t.Context(), id, langsmith.CloneAgentRequest{})
		require.NoError(t, err, base)
	}
	require.Len(t, srv.Copies(), 3)
}

func TestLangSmithDocuments(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	agent := langsmith.Agent{
		SystemPrompt: "Be brief.",
		Files:        map[string]langsmith.FileEntry{"a.md": {Content: "x"}},
		CreatedAt:    agentcopy.Time{Time: time.Date(2026, 5, 15, 22, 50, 32, 708302999, time.FixedZone("", 7200))},
	}
	a := srv.AddAgent(agent)
	get := func(query string) map[string]any {
		return decoded[map[string]any](t, memory(srv.Server).must(t, request{http.MethodGet, "/v1/deepagents/agents/" + a.ID + query, langsmithKey, ""}))
	}
	doc := get("")
	require.Equal(t, "2026-05-15T20:50:32.708302+00:00", doc["created_at"])
	require.Equal(t, "Be brief.", doc["system_prompt"])
	require.Equal(t, "Be brief.", doc["instructions"], "sent under both names")
	require.Equal(t, true, doc["is_owner"])
	require.NotContains(t, doc, "files")
	require.NotContains(t, get("?include_files=yes"), "files")
	require.NotContains(t, get("?include_files=false"), "files")
	require.Contains(t, get("?include_files=true"), "files")
	require.Contains(t, get("?include_files=1"), "files")

	other := srv.AddAgent(langsmith.Agent{OwnerID: someUUID})
	a = other
	require.Equal(t, false, get("")["is_owner"])
}

func TestLangSmithLists(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	day := func(n int) agentcopy.Time {
		return agentcopy.Time{Time: time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)}
	}
	add := func(name string, created, updated int) {
		a := filled[langsmith.Agent]()
		a.ID, a.OwnerID, a.Name, a.CreatedAt, a.UpdatedAt = "", "", name, day(created), day(updated)
		srv.AddAgent(a)
	}
	add("b one", 1, 9)
	add("C one", 2, 3)
	add("a two", 3, 3)
	srv.AddAgent(langsmith.Agent{Name: "another's one", OwnerID: someUUID})
	list := func(query string) (names string, next string, items []map[string]any) {
		t.Helper()
		out := memory(srv.Server).must(t, request{http.MethodGet, "/v1/deepagents/agents?" + query, langsmithKey, ""})
		require.Equal(t, 200, out.StatusCode, out.body)
		page := decoded[struct {
			Items      []map[string]any `json:"items"`
			NextCursor *string          `json:"next_cursor"`
		}](t, out)
		require.Contains(t, out.body, `"next_cursor":`)
		for _, item := range page.Items {
			names += item["name"].(string) + ", "
		}
		if page.NextCursor != nil {
			next = *page.NextCursor
		}
		return names, next, page.Items
	}
	for query, want := range map[string]string{
		"":                                "b one, a two, C one, ",
		"sort_order=asc":                  "C one, a two, b one, ",
		"sort_by=created_at":              "a two, C one, b one, ",
		"sort_by=name&sort_order=asc":     "C one, a two, b one, ",
		"name=ONE":                        "b one, C one, ",
		"name=nobody":                     "",
		"name=c%20one&sort_by=created_at": "C one, ",
	} {
		names, next, _ := list(query)
		require.Equal(t, want, names, query)
		require.Empty(t, next, query)
	}
	_, _, items := list("")
	require.Len(t, items[0], 12, "of the fields of AgentSummary, and no more: %v", items[0])
	for _, name := range []string{"files", "tools", "skills", "subagents", "system_prompt", "instructions", "revision"} {
		require.NotContains(t, items[0], name)
	}

	names, next, _ := list("page_size=2")
	require.Equal(t, "b one, a two, ", names)
	add("newest", 20, 20)
	names, next, _ = list("page_size=2&cursor=" + next)
	require.Equal(t, "C one, ", names, "what is new meanwhile moves nothing")
	require.Empty(t, next)
}

func TestLangSmithListsThroughTheSDK(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	for i := range 210 {
		srv.AddAgent(langsmith.Agent{Name: "Agent " + strconv.Itoa(i)})
	}
	client := sdk[*langsmith.Client](t, srv)
	seen := make(map[string]bool)
	for a, err := range client.ListAgents(t.Context(), langsmith.ListAgentsRequest{}) {
		require.NoError(t, err)
		require.NoError(t, a.Response.Warning)
		seen[a.ID] = true
	}
	require.Len(t, seen, 210)
	var found []string
	for a, err := range client.ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: "Agent 24"}) {
		require.NoError(t, err)
		found = append(found, a.Name)
	}
	require.Contains(t, strings.Join(found, ", "), "Agent 24")
	require.Less(t, len(found), 20)
}

func TestLangSmithAddAgent(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	//lint:ignore SA1019 the older name of SystemPrompt
	a := srv.AddAgent(langsmith.Agent{ID: strings.ToUpper(someUUID), Instructions: "Be brief."})
	require.Equal(t, someUUID, a.ID)
	require.NotEmpty(t, a.Name)
	require.NotEmpty(t, a.OwnerID)
	require.True(t, a.IsOwner)
	require.Equal(t, langsmith.AccessWrite, a.AccessLevel)
	require.Equal(t, langsmith.IdentityPersonal, a.Permissions.Identity)
	require.Equal(t, "Be brief.", a.SystemPrompt)
	got, err := sdk[*langsmith.Client](t, srv).GetAgent(t.Context(), a.ID, langsmith.GetAgentRequest{})
	require.NoError(t, err)
	requireSame(t, a, got)

	requirePanic(t, func() { srv.AddAgent(langsmith.Agent{ID: "agent_1"}) }, "AddAgent", `not a UUID: "agent_1"`)
	requirePanic(t, func() { srv.AddAgent(langsmith.Agent{ID: someUUID}) }, "AddAgent", "there is an agent "+someUUID)
}
