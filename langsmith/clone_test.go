package langsmith_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[langsmith.Agent](t, "clone.json", "create.json")
	vendortest.RequireRoundTrip[langsmith.Agent](t, `{"id":"a","created_at":"<string>","updated_at":"2023-11-07T05:31:56.10+0000"}`)
}

func TestFalseComesBack(t *testing.T) {
	const document = `{"id":"` + sourceID + `","is_owner":false}`
	client := newClient(t, vendortest.Always(http.StatusOK, document))
	agent, err := client.GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
	require.NoError(t, err)
	written, err := json.Marshal(agent)
	require.NoError(t, err)
	require.JSONEq(t, document, string(written))
}

func TestFilesAreRead(t *testing.T) {
	var got langsmith.Agent
	vendortest.Decode(t, vendortest.Document(t, "clone.json"), &got)
	require.Equal(t, langsmith.FileEntry{Type: langsmith.FileTypeSkill, RepoHandle: "summarizer", CommitID: "abc"}, got.Files["skills/sum"])
}

func TestCloneAgent(t *testing.T) {
	const target = "/v1/deepagents/agents/" + sourceID + "/clone"
	for name, tt := range map[string]struct {
		req          langsmith.CloneAgentRequest
		target, body string
		timezone     []string
	}{
		"nothing asked for": {langsmith.CloneAgentRequest{}, target, `{}`, nil},
		"a name":            {langsmith.CloneAgentRequest{Name: "Research, Berlin"}, target, `{"name":"Research, Berlin"}`, nil},
		"files":             {langsmith.CloneAgentRequest{IncludeFiles: true}, target + "?include_files=true", `{}`, nil},
		"a time zone": {
			langsmith.CloneAgentRequest{UserTimezone: "America/Los_Angeles"}, target, `{}`, []string{"America/Los_Angeles"},
		},
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
			document := vendortest.Document(t, "clone.json")
			wire := vendortest.Always(http.StatusCreated, document)
			got, err := newClient(t, wire).CloneAgent(t.Context(), sourceID, tt.req)
			require.NoError(t, err)
			require.Equal(t, "7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11", got.ID)
			require.Equal(t, langsmith.AccessWrite, got.AccessLevel)
			require.True(t, got.CreatedAt.Equal(time.Date(2026, 5, 15, 20, 50, 32, 708302000, time.UTC)))
			require.Equal(t, http.StatusCreated, got.Response.StatusCode)
			require.Equal(t, document, string(got.Response.Body))

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, "api.smith.langchain.com", sent.Host)
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, tt.target, sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.Equal(t, tt.timezone, sent.Header["X-User-Timezone"])
			require.NotContains(t, sent.Header, "X-Tenant-Id")
			require.JSONEq(t, tt.body, sent.Body)
		})
	}
}

func TestCloneAgentRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		id    string
		req   langsmith.CloneAgentRequest
		field string
	}{
		"no ID":                     {"", langsmith.CloneAgentRequest{}, "agentID"},
		"a blank ID":                {" ", langsmith.CloneAgentRequest{}, "agentID"},
		"a dot":                     {".", langsmith.CloneAgentRequest{}, "agentID"},
		"two dots":                  {"..", langsmith.CloneAgentRequest{}, "agentID"},
		"no UUID":                   {"my-agent", langsmith.CloneAgentRequest{}, "agentID"},
		"a path":                    {sourceID + "/x", langsmith.CloneAgentRequest{}, "agentID"},
		"a line break":              {sourceID + "\n", langsmith.CloneAgentRequest{}, "agentID"},
		"a name not of UTF-8":       {sourceID, langsmith.CloneAgentRequest{Name: "caf\xe9"}, "Name"},
		"a time zone of two lines":  {sourceID, langsmith.CloneAgentRequest{UserTimezone: "UTC\r\nX-Api-Key: x"}, "UserTimezone"},
		"a time zone with a delete": {sourceID, langsmith.CloneAgentRequest{UserTimezone: "UTC\x7f"}, "UserTimezone"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusCreated, agent)
			client := newClient(t, wire)
			_, err := client.CloneAgent(t.Context(), tt.id, tt.req)
			vendortest.RequireInvalid(t, err, tt.field)
			if tt.field == "agentID" {
				_, err = client.GetAgent(t.Context(), tt.id, langsmith.GetAgentRequest{})
				vendortest.RequireInvalid(t, err, tt.field)
			}
			require.Empty(t, wire.Requests())
		})
	}
}

func TestCloneAgentTellsFailuresApart(t *testing.T) {
	vendortest.TestCopyFails(t, "langsmith", map[string]vendortest.Failure{
		"a problem": vendortest.Fails(
			400, `{"type":"https://docs.langchain.com/errors/invalid_request_body","code":"invalid_request_body","detail":"Provide a valid body","status":400}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrInvalid, "invalid_request_body"),
		"a conflict":      vendortest.Fails(409, `{"detail":"free plan"}`, agentcopy.OutcomeNotCopied, agentcopy.ErrConflict, ""),
		"upstream":        vendortest.Fails(502, `{"code":"upstream_auth_failed","detail":"x","status":502}`, agentcopy.OutcomeUnknown, agentcopy.ErrServer, "upstream_auth_failed"),
		"no ID":           vendortest.Fails(201, `{"name":"Research"}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, ""),
		"an ID of a list": vendortest.Fails(201, `{"id":[1]}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, ""),
	})
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
