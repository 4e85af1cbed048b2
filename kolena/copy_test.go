package kolena_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[kolena.Agent](t, "copy.json", "copy_oldest.json")
	vendortest.RequireRoundTrip[kolena.Agent](t, `{"id":1,"name":"a","objective":"","created":"2025-01-01T00:00:00",
		"updated":"2025-10-08T20:14:29.472247+00:00","created_by":"","n_runs":0,"prompts":[{"created":"2025-01-01T00:00:00.5","updated":1735689600}]}`)
}

func TestCopyAgent(t *testing.T) {
	for name, tt := range map[string]struct {
		req  kolena.CopyAgentRequest
		body string
	}{
		"only a name":       {kolena.CopyAgentRequest{Name: "Leases"}, `{"name":"Leases"}`},
		"into a workspace":  {kolena.CopyAgentRequest{Name: "Leases", TargetWorkspaceID: 7}, `{"name":"Leases","target_workspace_id":7}`},
		"into a folder":     {kolena.CopyAgentRequest{Name: "Leases", TargetFolderID: 8}, `{"name":"Leases","target_folder_id":8}`},
		"large IDs":         {kolena.CopyAgentRequest{Name: "a", TargetWorkspaceID: math.MaxInt64, TargetFolderID: 1}, `{"name":"a","target_workspace_id":9223372036854775807,"target_folder_id":1}`},
		"the name as given": {kolena.CopyAgentRequest{Name: " Leases\n"}, `{"name":" Leases\n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			document := vendortest.Document(t, "copy.json")
			wire := vendortest.Always(http.StatusOK, document)
			agent, err := newClient(t, wire).CopyAgent(t.Context(), 123, tt.req)
			require.NoError(t, err)
			require.Equal(t, int64(456), agent.ID)
			require.True(t, agent.Created.Equal(time.Date(2025, 10, 8, 20, 14, 29, 472247000, time.UTC)))
			require.True(t, agent.Prompts[0].Created.Equal(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)), "no zone: UTC")
			require.Equal(t, document, string(agent.Response.Body))
			require.NoError(t, agent.Response.Warning)

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, "/api/v1/client/agents/123/copy", sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.JSONEq(t, tt.body, sent.Body)
		})
	}
}

func TestCopyAgentRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		id    int64
		req   kolena.CopyAgentRequest
		field string
	}{
		"no ID":                {0, kolena.CopyAgentRequest{Name: "a"}, "agentID"},
		"a negative ID":        {-1, kolena.CopyAgentRequest{Name: "a"}, "agentID"},
		"no name":              {123, kolena.CopyAgentRequest{}, "Name"},
		"a blank name":         {123, kolena.CopyAgentRequest{Name: " \t\n\u00a0"}, "Name"},
		"a name not of UTF-8":  {123, kolena.CopyAgentRequest{Name: "caf\xe9"}, "Name"},
		"a negative workspace": {123, kolena.CopyAgentRequest{Name: "a", TargetWorkspaceID: -7}, "TargetWorkspaceID"},
		"a negative folder":    {123, kolena.CopyAgentRequest{Name: "a", TargetFolderID: -8}, "TargetFolderID"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, agent)
			client := newClient(t, wire)
			_, err := client.CopyAgent(t.Context(), tt.id, tt.req)
			vendortest.RequireInvalid(t, err, tt.field)
			if tt.field == "agentID" {
				_, err = client.GetAgent(t.Context(), tt.id)
				vendortest.RequireInvalid(t, err, tt.field)
			}
			require.Empty(t, wire.Requests())
		})
	}
}

func TestCopyAgentTellsFailuresApart(t *testing.T) {
	vendortest.TestCopyFails(t, "kolena", map[string]vendortest.Failure{
		"a fault of a field": vendortest.Fails(
			422, `{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}}]}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrInvalid, "Field required"),
		"a detail":         vendortest.Fails(404, `{"detail":"Agent not found"}`, agentcopy.OutcomeNotCopied, agentcopy.ErrNotFound, "Agent not found"),
		"no key":           vendortest.Fails(403, `{"detail":"Not authenticated"}`, agentcopy.OutcomeNotCopied, agentcopy.ErrForbidden, "Not authenticated"),
		"no ID":            vendortest.Fails(200, `{"name":"a"}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"a null ID":        vendortest.Fails(200, `{"id":null}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"an ID of words":   vendortest.Fails(200, `{"id":"A456"}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"an ID of halves":  vendortest.Fails(200, `{"id":4.5}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"an ID beyond all": vendortest.Fails(200, `{"id":99999999999999999999}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"cut off":          vendortest.Fails(200, `{"id":45`, agentcopy.OutcomeUnknown, agentcopy.ErrOutcomeUnknown, "truncated"),
	})
}

func TestCopyAgentReadsWhatItCan(t *testing.T) {
	const body = `{"name":[],"created":null,"metadata":null,"prompts":[{"id":"x","name":"p","options":null},7],"n_runs":null,"id":456}`
	agent, err := newClient(t, vendortest.Always(http.StatusOK, body)).CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "a"})
	require.NoError(t, err)
	require.Equal(t, int64(456), agent.ID)
	require.ErrorContains(t, agent.Response.Warning, "name")
	require.Nil(t, agent.Metadata, "null equals absent")
	require.Nil(t, agent.Prompts[0].Options)
	require.Equal(t, "p", agent.Prompts[0].Name)
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "kolena") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "kolena", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_oldest.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "kolena",
		`{"agents":[{"id":1,"name":"A"},{"id":2},{"name":"B"}],"total_pages":3,"page_number":0,"page_size":3}`,
		`{"agents":[],"total_pages":0,"page_number":0,"page_size":0}`,
	)
}
