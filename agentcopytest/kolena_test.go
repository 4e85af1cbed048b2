package agentcopytest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestKolenaCopiesEverything(t *testing.T) {
	for name, opts := range map[string][]agentcopytest.ServerOption{
		"with zones":    nil,
		"without zones": {agentcopytest.WithKolenaZonelessTimes()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := agentcopytest.NewKolena(opts...)
				source := filled[kolena.Agent]()
				source.ID, source.WorkspaceID, source.Name = 123, 5, "Leases"
				stored := srv.AddAgent(source)
				client := sdk[*kolena.Client](t, srv)
				time.Sleep(1500 * time.Nanosecond)
				now := agentcopy.Time{Time: time.Now().UTC().Truncate(time.Microsecond)}

				made, err := client.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: " Leases 2 "})
				require.NoError(t, err)
				require.NoError(t, made.Response.Warning)
				require.Equal(t, 200, made.Response.StatusCode)
				want := stored
				want.ID, want.Name, want.Created, want.Updated, want.NRuns = made.ID, " Leases 2 ", now, now, 0
				want.CreatedBy = made.CreatedBy
				require.Contains(t, made.CreatedBy, "@")
				requireSame(t, want, made)
				got, err := client.GetAgent(t.Context(), made.ID)
				require.NoError(t, err)
				requireSame(t, want, got)
				original, err := client.GetAgent(t.Context(), 123)
				require.NoError(t, err)
				requireSame(t, stored, original)

				made, err = client.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "Leases 2", TargetWorkspaceID: 9, TargetFolderID: 3})
				require.NoError(t, err)
				require.EqualValues(t, 9, made.WorkspaceID)
			})
		})
	}
}

func TestKolenaDocuments(t *testing.T) {
	created := agentcopy.Time{Time: time.Date(2025, 10, 8, 22, 14, 29, 472247999, time.FixedZone("", 7200))}
	for want, opts := range map[string][]agentcopytest.ServerOption{
		"2025-10-08T20:14:29.472247+00:00": nil,
		"2025-10-08T20:14:29.472247":       {agentcopytest.WithKolenaZonelessTimes()},
	} {
		srv := agentcopytest.NewKolena(opts...)
		a := srv.AddAgent(kolena.Agent{Name: "Source", Created: created, Prompts: []kolena.Prompt{{Name: "Account"}}, OutputTemplates: []kolena.OutputTemplate{{Filename: "a.docx"}}})
		out := memory(srv.Server).must(t, request{http.MethodGet, "/api/v1/client/agents/" + strconv.FormatInt(a.ID, 10), vendortest.Bearer("k"), ""})
		doc := decoded[map[string]any](t, out)
		require.Equal(t, want, doc["created"])
		require.Equal(t, want, doc["updated"])
		for _, part := range []string{"prompts", "output_templates"} {
			first := doc[part].([]any)[0].(map[string]any)
			require.Equal(t, want, first["created"])
			require.Equal(t, want, first["updated"])
		}
	}
	srv := agentcopytest.NewKolena()
	srv.AddAgent(kolena.Agent{Name: "Bare"})
	doc := decoded[map[string]any](t, memory(srv.Server).must(t, request{http.MethodGet, "/api/v1/client/agents/1", vendortest.Bearer("k"), ""}))
	require.Len(t, doc, 9, "the fields that are required: %v", doc)
	require.Equal(t, []any{}, doc["prompts"])
}

func TestKolenaCopyBodies(t *testing.T) {
	const path = "/api/v1/client/agents/123/copy"
	cases := map[string]struct {
		path, body, contentType string
		status                  int
		detail                  string
	}{
		"only a name":        {path, `{"name":"x"}`, "", 200, ""},
		"nulls":              {path, `{"name":"x","target_workspace_id":null,"target_folder_id":null}`, "", 200, ""},
		"targets":            {path, `{"name":"x","target_workspace_id":7,"target_folder_id":8}`, "", 200, ""},
		"unknown property":   {path, `{"name":"x","more":1}`, "", 200, ""},
		"ID in other digits": {"/api/v1/client/agents/0123/copy", `{"name":"x"}`, "", 200, ""},

		"no name":             {path, `{"more":1}`, "", 422, `[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{"more":1}}]`},
		"null name":           {path, `{"name":null}`, "", 422, `[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{"name":null}}]`},
		"name of a number":    {path, `{"name":5}`, "", 422, `[{"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string","input":5}]`},
		"empty name":          {path, `{"name":""}`, "", 422, `[{"type":"string_too_short","loc":["body","name"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}]`},
		"workspace of text":   {path, `{"name":"x","target_workspace_id":"a"}`, "", 422, `[{"type":"int_type","loc":["body","target_workspace_id"],"msg":"Input should be a valid integer","input":"a"}]`},
		"half a folder":       {path, `{"name":"x","target_folder_id":1.5}`, "", 422, `[{"type":"int_type","loc":["body","target_folder_id"],"msg":"Input should be a valid integer","input":1.5}]`},
		"no body":             {path, ``, "", 422, `[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]`},
		"a list":              {path, `[]`, "", 422, `[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"[]"}]`},
		"a form":              {path, `name=x`, "application/x-www-form-urlencoded", 422, `[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"name=x"}]`},
		"broken":              {path, `{"name":x}`, "", 422, `[{"type":"json_invalid","loc":["body",9],"msg":"JSON decode error","input":{},"ctx":{"error":` + strconv.Quote(syntaxError(`{"name":x}`)) + `}}]`},
		"ID that is not one":  {"/api/v1/client/agents/abc/copy", `{"name":"x"}`, "", 422, `[{"type":"int_parsing","loc":["path","agent_id"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"abc"}]`},
		"unknown agent":       {"/api/v1/client/agents/124/copy", `{"name":"x"}`, "", 404, `"Agent not found"`},
		"agent that can't be": {"/api/v1/client/agents/-1/copy", `{"name":"x"}`, "", 404, `"Agent not found"`},
		"two faults": {"/api/v1/client/agents/abc/copy", `{}`, "", 422, `[
			{"type":"int_parsing","loc":["path","agent_id"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"abc"},
			{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}}]`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			srv := agentcopytest.NewKolena()
			srv.AddAgent(kolena.Agent{ID: 123, Name: "Source"})
			header := vendortest.Bearer("k")
			if tc.contentType != "" {
				header.Set("Content-Type", tc.contentType)
			}
			out := memory(srv.Server).must(t, request{http.MethodPost, tc.path, header, tc.body})
			require.Equal(t, tc.status, out.StatusCode, out.body)
			if tc.detail != "" {
				require.JSONEq(t, `{"detail":`+tc.detail+`}`, out.body)
				require.Empty(t, srv.Copies())
			} else {
				require.Equal(t, "123", srv.Copies()[0].SourceID)
			}
		})
	}
}

func TestKolenaErrors(t *testing.T) {
	srv := agentcopytest.NewKolena()
	for path, want := range map[string]string{
		"/api/v1/client/agents/5":      `{"detail":"Agent not found"}`,
		"/api/v1/client/workspaces":    `{"detail":"Not Found"}`,
		"/api/v1/client/agents/5/copy": `{"detail":"Method Not Allowed"}`,
	} {
		require.JSONEq(t, want, memory(srv.Server).must(t, request{http.MethodGet, path, vendortest.Bearer("k"), ""}).body)
	}
	out := memory(srv.Server).must(t, request{http.MethodGet, "/api/v1/client/agents/5", nil, ""})
	require.Equal(t, "Bearer", out.Header.Get("WWW-Authenticate"))
	out = memory(srv.Server).must(t, request{http.MethodGet, "/api/v1/client/agents/five", vendortest.Bearer("k"), ""})
	require.Equal(t, 422, out.StatusCode)
}

func TestKolenaLists(t *testing.T) {
	srv := agentcopytest.NewKolena()
	for i := range 120 {
		srv.AddAgent(kolena.Agent{Name: "Agent " + strconv.Itoa(i)})
	}
	list := func(query string) reply {
		return memory(srv.Server).must(t, request{http.MethodGet, "/api/v1/client/agents?" + query, vendortest.Bearer("k"), ""})
	}
	type page struct {
		Agents     []kolena.Agent `json:"agents"`
		TotalPages int            `json:"total_pages"`
		PageNumber int            `json:"page_number"`
		PageSize   int            `json:"page_size"`
	}
	for _, tc := range []struct {
		query                       string
		first, count, pages, number int
	}{
		{"", 0, 50, 3, 0},
		{"page_number=2", 100, 20, 3, 2},
		{"page_number=3", 0, 0, 3, 3},
		{"page_size=1000", 0, 120, 1, 0},
		{"page_size=7&page_number=1", 7, 7, 18, 1},
		{"page_size=0", 0, 0, 0, 0},
		{"page_number=2147483647&page_size=1000", 0, 0, 1, 2147483647},
	} {
		got := decoded[page](t, list(tc.query))
		require.Len(t, got.Agents, tc.count, tc.query)
		require.Equal(t, []int{tc.pages, tc.number, tc.count}, []int{got.TotalPages, got.PageNumber, got.PageSize}, tc.query)
		if tc.count > 0 {
			require.Equal(t, "Agent "+strconv.Itoa(tc.first), got.Agents[0].Name)
		}
	}
	require.Contains(t, list("page_number=3").body, `"agents":[]`)

	for query, detail := range map[string]string{
		"page_number=-1": `[{"type":"greater_than_equal","loc":["query","page_number"],"msg":"Input should be greater than or equal to 0","input":"-1","ctx":{"ge":0}}]`,
		"page_size=1001": `[{"type":"less_than_equal","loc":["query","page_size"],"msg":"Input should be less than or equal to 1000","input":"1001","ctx":{"le":1000}}]`,
		"page_size=x&page_number=": `[
			{"type":"int_parsing","loc":["query","page_number"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":""},
			{"type":"int_parsing","loc":["query","page_size"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}]`,
	} {
		out := list(query)
		require.Equal(t, 422, out.StatusCode)
		require.JSONEq(t, `{"detail":`+detail+`}`, out.body)
	}
}

func TestKolenaListsThroughTheSDK(t *testing.T) {
	srv := agentcopytest.NewKolena()
	for range 1200 {
		srv.AddAgent(kolena.Agent{Name: "Agent"})
	}
	seen := make(map[int64]bool)
	for a, err := range sdk[*kolena.Client](t, srv).ListAgents(t.Context(), kolena.ListAgentsRequest{}) {
		require.NoError(t, err)
		require.NoError(t, a.Response.Warning)
		seen[a.ID] = true
	}
	require.Len(t, seen, 1200)
}

func TestKolenaAddAgent(t *testing.T) {
	srv := agentcopytest.NewKolena()
	srv.AddAgent(kolena.Agent{ID: 2, Name: "Second"})
	a := srv.AddAgent(kolena.Agent{Name: "Leases", Prompts: []kolena.Prompt{{Name: "Account"}}})
	require.EqualValues(t, 1, a.ID)
	require.EqualValues(t, 3, srv.AddAgent(kolena.Agent{Name: "Third"}).ID)
	require.NotZero(t, a.WorkspaceID)
	require.Contains(t, a.CreatedBy, "@")
	require.False(t, a.Created.IsZero())
	require.Equal(t, a.Created, a.Prompts[0].Updated)
	require.Equal(t, a.CreatedBy, a.Prompts[0].LastUpdatedBy)
	got, err := sdk[*kolena.Client](t, srv).GetAgent(t.Context(), a.ID)
	require.NoError(t, err)
	requireSame(t, a, got)

	requirePanic(t, func() { srv.AddAgent(kolena.Agent{}) }, "AddAgent", "name is empty")
	requirePanic(t, func() { srv.AddAgent(kolena.Agent{Name: "x", ID: -1}) }, "AddAgent", "not positive: -1")
	requirePanic(t, func() { srv.AddAgent(kolena.Agent{Name: "x", ID: 2}) }, "AddAgent", "there is an agent 2")
	requirePanic(t, func() { srv.AddAgent(kolena.Agent{Name: "x", Metadata: json.RawMessage("{")}) }, "AddAgent", "JSON")
}
