package langsmith_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

const (
	sourceID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	agent    = `{"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11","name":"Research"}`
)

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *langsmith.Client {
	t.Helper()
	return vendortest.NewClient[*langsmith.Client](t, wire, opts...)
}

func TestWithWorkspaceRefuses(t *testing.T) {
	for name, workspace := range map[string]string{
		"no workspace":              "",
		"a blank workspace":         " \t",
		"a workspace of two lines":  "a\r\nX-Api-Key: b",
		"a workspace with a delete": "a\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			client, err := langsmith.New("key", langsmith.WithWorkspace(workspace))
			require.Nil(t, client)
			vendortest.RequireInvalid(t, err, "WithWorkspace")
		})
	}
}

func TestNewFromEnvReadsEndpointAndWorkspace(t *testing.T) {
	const target = "/v1/deepagents/agents/" + sourceID
	key := vendortest.Key()
	for name, tt := range map[string]struct {
		endpoint, workspace string
		opts                []agentcopy.Option
		host, target        string
		tenant              string
	}{
		"only a key":             {host: "api.smith.langchain.com", target: target},
		"blank variables":        {endpoint: " ", workspace: " ", host: "api.smith.langchain.com", target: target},
		"LangSmith's address":    {endpoint: "https://eu.api.smith.langchain.com", host: "eu.api.smith.langchain.com", target: target},
		"with a slash":           {endpoint: "https://eu.api.smith.langchain.com/", host: "eu.api.smith.langchain.com", target: target},
		"with slashes and space": {endpoint: " https://eu.api.smith.langchain.com//\n", host: "eu.api.smith.langchain.com", target: target},
		"the API's address":      {endpoint: "https://eu.api.smith.langchain.com/v1/deepagents", host: "eu.api.smith.langchain.com", target: target},
		"the same with slashes":  {endpoint: "https://eu.api.smith.langchain.com/v1/deepagents//", host: "eu.api.smith.langchain.com", target: target},
		"slashes in between":     {endpoint: "https://eu.api.smith.langchain.com//v1/deepagents/", host: "eu.api.smith.langchain.com", target: target},
		"below a path":           {endpoint: "https://gateway.example/smith", host: "gateway.example", target: "/smith" + target},
		"a workspace":            {workspace: "ws-1", host: "api.smith.langchain.com", target: target, tenant: "ws-1"},
		"options override": {
			endpoint: "https://eu.api.smith.langchain.com", workspace: "ws-1",
			opts: []agentcopy.Option{agentcopy.WithBaseURL("https://other.example/x"), langsmith.WithWorkspace("ws-2")},
			host: "other.example", target: "/x/agents/" + sourceID, tenant: "ws-2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LANGSMITH_API_KEY", key)
			t.Setenv("LANGSMITH_ENDPOINT", tt.endpoint)
			t.Setenv("LANGSMITH_WORKSPACE_ID", tt.workspace)
			wire := vendortest.Always(http.StatusOK, agent)
			client, err := langsmith.NewFromEnv(append(tt.opts, agentcopy.WithHTTPClient(wire.Client()))...)
			require.NoError(t, err)
			_, err = client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
			require.NoError(t, err)

			sent := wire.Requests()[0]
			require.Equal(t, tt.host, sent.Host)
			require.Equal(t, tt.target, sent.Target)
			require.Equal(t, key, sent.Header.Get("X-Api-Key"))
			require.Equal(t, tt.tenant, sent.Header.Get("X-Tenant-Id"))
		})
	}
}

func TestNewFromEnvRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ endpoint, workspace, field string }{
		"only slashes":             {"///", "", "LANGSMITH_ENDPOINT"},
		"a query":                  {"https://api.smith.langchain.com?x=y", "", "LANGSMITH_ENDPOINT"},
		"a workspace of two lines": {"", "a\nb", "LANGSMITH_WORKSPACE_ID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LANGSMITH_API_KEY", "key")
			t.Setenv("LANGSMITH_ENDPOINT", tt.endpoint)
			t.Setenv("LANGSMITH_WORKSPACE_ID", tt.workspace)
			_, err := langsmith.NewFromEnv()
			vendortest.RequireInvalid(t, err, tt.field)
		})
	}
}

func TestGetAgentIncludesFilesIfAsked(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	_, err := newClient(t, wire).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{IncludeFiles: true})
	require.NoError(t, err)
	require.Equal(t, "/v1/deepagents/agents/"+sourceID+"?include_files=true", wire.Requests()[0].Target)
}

func TestWithReplacesTheWorkspace(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	original := newClient(t, wire, langsmith.WithWorkspace("ws-1"))
	changed, err := original.With(langsmith.WithWorkspace("ws-2"))
	require.NoError(t, err)
	for _, client := range []*langsmith.Client{changed, original} {
		_, err := client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
		require.NoError(t, err)
	}
	requests := wire.Requests()
	require.Equal(t, []string{"ws-2"}, requests[0].Header["X-Tenant-Id"])
	require.Equal(t, []string{"ws-1"}, requests[1].Header["X-Tenant-Id"])
	require.Equal(t, requests[0].Header.Get("X-Api-Key"), requests[1].Header.Get("X-Api-Key"))

	_, err = original.With(langsmith.WithWorkspace(""))
	vendortest.RequireInvalid(t, err, "WithWorkspace")
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
