package langsmith_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
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

const (
	sourceID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	agent    = `{"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11","name":"Research"}`
)

var newClient = vendortest.NewClient[*langsmith.Client]

func TestWithWorkspaceRefuses(t *testing.T) {
	for _, workspace := range []string{"", " \t", "a\r\nX-Api-Key: b", "a\x7f"} {
		client, err := langsmith.New("key", langsmith.WithWorkspace(workspace))
		require.Nil(t, client)
		vendortest.RequireInvalid(t, err, "WithWorkspace")
	}
}

func TestNewFromEnvReadsEndpointAndWorkspace(t *testing.T) {
	const workspace = "ws-1"
	t.Setenv("LANGSMITH_API_KEY", vendortest.Key())
	sent := func(opts ...agentcopy.Option) vendortest.Request {
		wire := vendortest.Always(http.StatusOK, agent)
		client, err := langsmith.NewFromEnv(append(opts, agentcopy.WithHTTPClient(wire.Client()))...)
		require.NoError(t, err)
		_, err = client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
		require.NoError(t, err)
		return wire.Requests()[0]
	}
	t.Setenv("LANGSMITH_WORKSPACE_ID", " ")
	for endpoint, base := range map[string]string{
		" ":                                  "api.smith.langchain.com",
		"https://eu.api.smith.langchain.com": "eu.api.smith.langchain.com",
		" https://eu.api.smith.langchain.com//\n":            "eu.api.smith.langchain.com",
		"https://eu.api.smith.langchain.com/v1/deepagents":   "eu.api.smith.langchain.com",
		"https://eu.api.smith.langchain.com/v1/deepagents//": "eu.api.smith.langchain.com",
		"https://eu.api.smith.langchain.com//v1/deepagents/": "eu.api.smith.langchain.com",
	} {
		t.Setenv("LANGSMITH_ENDPOINT", endpoint)
		request := sent()
		require.Equal(t, base+"/v1/deepagents/agents/"+sourceID, request.Host+request.Target, endpoint)
		require.NotContains(t, request.Header, "X-Tenant-Id")
	}
	t.Setenv("LANGSMITH_WORKSPACE_ID", workspace)
	require.Equal(t, workspace, sent().Header.Get("X-Tenant-Id"))
	require.Equal(t, "ws-2", sent(langsmith.WithWorkspace("ws-2")).Header.Get("X-Tenant-Id"), "an option overrides the environment")
}

func TestNewFromEnvRefuses(t *testing.T) {
	t.Setenv("LANGSMITH_API_KEY", "key")
	for _, tt := range []struct{ endpoint, workspace, field string }{
		{"///", "", "LANGSMITH_ENDPOINT"},
		{"https://api.smith.langchain.com?x=y", "", "LANGSMITH_ENDPOINT"},
		{"", "a\nb", "LANGSMITH_WORKSPACE_ID"},
	} {
		t.Setenv("LANGSMITH_ENDPOINT", tt.endpoint)
		t.Setenv("LANGSMITH_WORKSPACE_ID", tt.workspace)
		_, err := langsmith.NewFromEnv()
		vendortest.RequireInvalid(t, err, tt.field)
	}
}

func TestWithReplacesTheWorkspace(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	original := newClient(t, wire, langsmith.WithWorkspace("ws-1"))
	changed, err := original.With(langsmith.WithWorkspace("ws-2"))
	require.NoError(t, err)
	for i, client := range []*langsmith.Client{original, changed} {
		_, err := client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprint("ws-", i+1)}, wire.Requests()[i].Header["X-Tenant-Id"])
	}
}

// All calls of a key share one limit, which keeps inside both that LangSmith
// documents, from the first request on.
func TestAllCallsKeepBothLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, vendortest.Always(http.StatusOK, agent))
		start := time.Now()
		var sent []time.Duration
		for range 2200 {
			_, err := client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
			require.NoError(t, err)
			sent = append(sent, time.Since(start))
		}
		for _, limit := range []struct {
			requests int
			window   time.Duration
		}{{2000, time.Minute}, {1000, 10 * time.Second}} {
			for i := range sent[limit.requests:] {
				require.Greater(t, sent[i+limit.requests]-sent[i], limit.window)
			}
		}
	})
}

// The bare refusals that users of LangSmith ask about most come with a hint.
func TestHints(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		hint   string
	}{
		"no key arrived":      {401, `{"error":"Unauthorized"}`, "another region"},
		"a bare 403":          {403, `{"error":"Forbidden"}`, "langsmith.WithWorkspace"},
		"an organization":     {403, `{"error":"org_scoped_key_requires_workspace"}`, "the key belongs to an organization"},
		"an agent not shown":  {404, `{"code":"agent_not_found","detail":"agent not found","status":404}`, "no access to the agent"},
		"another API's 404":   {404, `404 page not found`, "/v1/deepagents"},
		"an empty 403":        {403, ``, "another region"},
		"a right is missing":  {403, `missing permission agents:create`, ""},
		"another code's text": {403, `{"code":"plan_limit","detail":"no"}`, ""},
		"nothing to hint at":  {400, ``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(t, vendortest.Always(tt.status, tt.body)).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
			e := vendortest.RequireError(t, err)
			if tt.hint == "" {
				require.NoError(t, e.Err)
				return
			}
			require.ErrorContains(t, err, tt.hint)
		})
	}
}

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[langsmith.Agent](t, "clone.json", "create.json")
	vendortest.RequireRoundTrip[langsmith.Agent](t, `{"id":"a","created_at":"<string>","updated_at":"2023-11-07T05:31:56.10+0000"}`)
}

func TestGetAgent(t *testing.T) {
	const document = `{"id":"` + sourceID + `","is_owner":false}`
	wire := vendortest.Always(http.StatusOK, document)
	agent, err := newClient(t, wire).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{IncludeFiles: true})
	require.NoError(t, err)
	require.Equal(t, "/v1/deepagents/agents/"+sourceID+"?include_files=true", wire.Requests()[0].Target)
	written, err := json.Marshal(agent)
	require.NoError(t, err)
	require.JSONEq(t, document, string(written), "false comes back")
}

func TestCloneAgent(t *testing.T) {
	const target = "/v1/deepagents/agents/" + sourceID + "/clone"
	for name, tt := range map[string]struct {
		req          langsmith.CloneAgentRequest
		target, body string
		timezone     []string
	}{
		"nothing asked for":   {langsmith.CloneAgentRequest{}, target, `{}`, nil},
		"default permissions": {langsmith.CloneAgentRequest{Permissions: &langsmith.Permissions{}}, target, `{"permissions":{}}`, nil},
		"everything": {
			langsmith.CloneAgentRequest{
				Name: "Research",
				Permissions: &langsmith.Permissions{
					Identity:          langsmith.IdentityShared,
					Visibility:        langsmith.VisibilityUser,
					TenantAccessLevel: langsmith.TenantAccessWrite,
					SharedUsers:       langsmith.SharedUsers{Read: []string{"u1"}, Run: []string{}, Update: []string{"u3"}},
				},
				IncludeFiles: true,
				UserTimezone: "UTC",
			},
			target + "?include_files=true",
			`{"name":"Research","permissions":{"identity":"shared","visibility":"user","tenant_access_level":"write",
				"shared_users":{"read":["u1"],"run":[],"update":["u3"]}}}`,
			[]string{"UTC"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusCreated, vendortest.Document(t, "clone.json"))
			got, err := newClient(t, wire).CloneAgent(t.Context(), sourceID, tt.req)
			require.NoError(t, err)
			require.Equal(t, "7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11", got.ID)
			require.Equal(t, langsmith.AccessWrite, got.AccessLevel)
			require.Equal(t, langsmith.FileEntry{Type: langsmith.FileTypeSkill, RepoHandle: "summarizer", CommitID: "abc"}, got.Files["skills/sum"])
			require.True(t, got.CreatedAt.Equal(time.Date(2026, 5, 15, 20, 50, 32, 708302000, time.UTC)))

			sent := wire.Requests()[0]
			require.Equal(t, tt.target, sent.Target)
			require.Equal(t, tt.timezone, sent.Header["X-User-Timezone"])
			require.NotContains(t, sent.Header, "X-Tenant-Id")
			require.JSONEq(t, tt.body, sent.Body)
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	wire := vendortest.Always(http.StatusCreated, agent)
	client := newClient(t, wire)
	for field, requests := range map[string][]langsmith.CloneAgentRequest{
		"Name":         {{Name: "caf\xe9"}},
		"UserTimezone": {{UserTimezone: "UTC\r\nX-Api-Key: x"}, {UserTimezone: "UTC\x7f"}},
	} {
		for _, req := range requests {
			_, err := client.CloneAgent(t.Context(), sourceID, req)
			vendortest.RequireInvalid(t, err, field)
		}
	}
	_, err := client.CloneAgent(t.Context(), "my-agent", langsmith.CloneAgentRequest{})
	vendortest.RequireInvalid(t, err, "agentID")
	_, err = client.GetAgent(t.Context(), "my-agent", langsmith.GetAgentRequest{})
	vendortest.RequireInvalid(t, err, "agentID")
	_, err = vendortest.Collect(t, client.ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: "caf\xe9"}))
	vendortest.RequireInvalid(t, err, "Name")
	require.Empty(t, wire.Requests())
}

func TestCloneAgentReadsWhatItCan(t *testing.T) {
	const body = `{"name":{},"extras":null,"permissions":null,"access_level":"ADMIN","backend":{"type":"thread_scoped_sandbox"},
		"files":{"a":{"content":5,"type":"link"}},"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11"}`
	got, err := newClient(t, vendortest.Always(http.StatusCreated, body)).CloneAgent(t.Context(), sourceID, langsmith.CloneAgentRequest{})
	require.NoError(t, err)
	require.ErrorContains(t, got.Response.Warning, "name")
	require.Nil(t, got.Extras, "null equals absent")
	require.Equal(t, langsmith.AccessLevel("ADMIN"), got.AccessLevel, "a new value is kept")
	require.Equal(t, langsmith.BackendType("thread_scoped_sandbox"), got.Backend.Type)
	require.Equal(t, langsmith.FileType("link"), got.Files["a"].Type)
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "langsmith") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "langsmith", vendortest.Document(f, "clone.json"), vendortest.Document(f, "create.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "langsmith",
		`{"items":[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"}],"next_cursor":"next"}`,
		`{"items":[],"next_cursor":null}`,
	)
}

// page is an answer with the agents from first on. cursor is JSON.
func page(cursor string, first, count int) string {
	return fmt.Sprintf(`{"items":%s,"next_cursor":%s}`, vendortest.Agents(`{"id":"agent-%[1]d","name":"name %[1]d"}`, first, count), cursor)
}

func TestListAgents(t *testing.T) {
	for name, tt := range map[string]struct {
		pages   []string
		agents  int
		cursors []string
	}{
		"three pages": {
			[]string{page(`"a&b=/+"`, 0, 2), page(`"é"`, 2, 2), page(`null`, 4, 1)}, 5, []string{"", "a&b=/+", "é"},
		},
		"no cursor":       {[]string{`{"items":[{"id":"agent-0"}]}`}, 1, []string{""}},
		"an empty cursor": {[]string{page(`""`, 0, 2)}, 2, []string{""}},
		"none":            {[]string{page(`null`, 0, 0)}, 0, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, listAgents(t, wire))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, got := range agents {
				require.Equal(t, fmt.Sprintf("agent-%d", i), got.ID)
				require.NotNil(t, got.Response)
			}
			require.Len(t, wire.Requests(), len(tt.cursors))
			for i, sent := range wire.Requests() {
				want := url.Values{"page_size": {"100"}, "sort_by": {"created_at"}, "sort_order": {"desc"}}
				if tt.cursors[i] != "" {
					want.Set("cursor", tt.cursors[i])
				}
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/v1/deepagents/agents", sent.Path())
				require.Equal(t, want, sent.Query())
			}
		})
	}
}

func TestListAgentsByName(t *testing.T) {
	for _, tt := range []struct{ name, sent, ids string }{
		{"R&D", "R&D", "[a e]"},
		{" R&D", "R&D", "[d]"},
		{"  ", "", "[]"},
	} {
		wire := vendortest.InTurn(
			`{"items":[{"id":"a","name":"R&D"},{"id":"b","name":"R&D, Berlin"},{"id":"c","name":"r&d"}],"next_cursor":"x"}`,
			`{"items":[{"id":"d","name":" R&D"}],"next_cursor":"y"}`,
			`{"items":[{"id":"e","name":"R&D"},{"id":"f"}],"next_cursor":null}`,
		)
		agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: tt.name}))
		require.NoError(t, err)
		ids := []string{}
		for _, agent := range agents {
			ids = append(ids, agent.ID)
		}
		require.Equal(t, tt.ids, fmt.Sprint(ids))
		require.Len(t, wire.Requests(), 3)
		for _, sent := range wire.Requests() {
			require.Equal(t, tt.sent, sent.Query().Get("name"), "LangSmith may compare it with trimmed names")
		}
	}
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "langsmith", listAgents, map[string]vendortest.ListFailure{
		"a cursor that repeats":      vendortest.ListFails(4, 2, "leads back", page(`"x"`, 0, 2), page(`"x"`, 2, 2)),
		"a cursor that is not text":  vendortest.ListFails(0, 1, "next_cursor", page(`7`, 0, 2)),
		"null for none":              vendortest.ListFails(0, 1, "lacks the list", `{"items":null,"next_cursor":null}`),
		"no items":                   vendortest.ListFails(0, 1, "lacks the list", `{"next_cursor":null}`),
		"another document":           vendortest.ListFails(0, 1, "lacks the list", `{"error":"Unauthorized"}`),
		"items of another type":      vendortest.ListFails(0, 1, "lacks the list", `{"items":"none","next_cursor":null}`),
		"the second page is no JSON": vendortest.ListFails(2, 2, "not JSON", page(`"x"`, 0, 2), `sorry`),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*langsmith.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{})
}

// TestCopierSuspectsTheStampOfTheSource: the vendor may have copied it.
func TestCopierSuspectsTheStampOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Millisecond) // in whole seconds, many agents have the same
		server := agentcopytest.NewLangSmith()
		source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
		server.AddAgent(langsmith.Agent{Name: "EU law"})
		time.Sleep(time.Hour)
		copier := newClient(t, server.Client().Transport).Copier(langsmith.CloneAgentRequest{})
		found, err := copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: source.ID, Name: "EU law"}, time.Now())
		require.ErrorIs(t, err, agentcopy.ErrNameTaken)
		require.Equal(t, "[possible]", vendortest.Matches(found))
	})
}

func TestCopierFindsTheCloneOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewLangSmith()
		defer server.Close()
		source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
		server.AddAgent(langsmith.Agent{Name: "EU law"}) // of the clone's name, and older
		for i := range 250 {
			server.AddAgent(langsmith.Agent{Name: fmt.Sprintf("EU law %d", i)})
		}
		client := newClient(t, server.Client().Transport)
		copier := client.Copier(langsmith.CloneAgentRequest{UserTimezone: "Europe/Berlin"})
		request := agentcopy.CopyRequest{SourceID: source.ID, Name: "EU law"}

		time.Sleep(time.Hour)
		since := time.Now()
		// LangSmith's own filter shows what lies beyond the part of the list that is read.
		vendortest.LoseCopy(t, server.Server, copier, request, agentcopy.ErrNameTaken)

		nameless := agentcopy.CopyRequest{SourceID: source.ID}
		before := len(server.Requests())
		found, err := copier.FindCopies(t.Context(), nameless, since)
		require.NoError(t, err)
		require.Equal(t, "[possible]", vendortest.Matches(found), "what a clone without a name is called is not documented")
		lists := 0
		for _, sent := range server.Requests()[before:] {
			require.Equal(t, "no-cache", sent.Header.Get("Cache-Control"))
			if strings.HasSuffix(sent.Path, "/agents") {
				lists++
			}
		}
		require.Equal(t, 1, lists, "the list is read no farther than to older agents")

		_, err = copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.ID, Name: "US law"})
		require.NoError(t, err)
		requests := server.Requests()
		require.Equal(t, "Europe/Berlin", requests[len(requests)-1].Header.Get("X-User-Timezone"), "of the template")
	})
}

func TestIdentityTellsTemplatesAndWorkspacesApart(t *testing.T) {
	const id = "3C90C3CC-0D44-4B50-8888-8DD25736052A"
	identify := func(template langsmith.CloneAgentRequest, opts ...agentcopy.Option) agentcopy.Identity {
		return newClient(t, nil, opts...).Copier(template).Identify(agentcopy.CopyRequest{SourceID: id, Name: "a"})
	}
	base := identify(langsmith.CloneAgentRequest{Name: "b"})
	require.Equal(t, agentcopy.Identity{
		Provider: "langsmith", Origin: "https://api.smith.langchain.com/v1/deepagents", Template: "{}",
		SourceID: "3c90c3cc-0d44-4b50-8888-8dd25736052a", SearchKey: "a", Traced: true,
	}, base)
	require.Equal(t, base, identify(langsmith.CloneAgentRequest{IncludeFiles: true}), "what the answer shows is no part of what is made")
	require.NotEqual(t, base.Template, identify(langsmith.CloneAgentRequest{UserTimezone: "Europe/Berlin"}).Template)
	require.NotEqual(t, base.Template, identify(langsmith.CloneAgentRequest{Permissions: &langsmith.Permissions{}}).Template)
	require.Equal(t, "w1", identify(langsmith.CloneAgentRequest{}, langsmith.WithWorkspace("W1")).Account)
}
