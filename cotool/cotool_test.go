package cotool_test

import (
	"encoding/json"
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

const sourceID = "3c90c3cc-0d44-4b50-8888-8dd25736052d"

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *cotool.Client {
	t.Helper()
	return vendortest.NewClient[*cotool.Client](t, wire, opts...)
}

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[cotool.CopyAgentResponse](t, "copy.json", "copy_sparse.json")
	vendortest.RequireRoundTrip[cotool.CopyAgentResponse](t, `{"agent":{"id":"a","isBuiltIn":false,"persistentWorkspaceEnabled":false,"isSuggestion":false,
		"createdAt":"<string>","updatedAt":"2025-06-17 12:34:56+00","deletedAt":1750163696789,"lastDetectionRunAt":"yesterday",
		"toolActionConfigs":[{"type":"slack","hideAgentButton":false},{"type":"jira","projects":[{"key":"SEC"}],"dryRun":false},{"type":7}],
		"skills":[{"skillId":"s","invocationCount30d":12.5}]},"parkedAgentId":"p","parkedAgentName":"P"}`)
}

func TestToolActionConfigsComeBack(t *testing.T) {
	var configs []cotool.ToolActionConfig
	vendortest.Decode(t, `[{"type":"slack","hideAgentButton":true,"newer":1},{"type":7,"allowedChannels":[{"id":"c"}]},null]`, &configs)
	require.Equal(t, "slack", configs[0].Type)
	require.Equal(t, []cotool.Channel{{ID: "c"}}, configs[1].AllowedChannels, "what can be read beside what cannot")
	configs[0].HideAgentButton = false
	configs[1].Type = "slack"
	configs = append(configs, cotool.ToolActionConfig{Type: "made here"})
	written, err := json.Marshal(configs)
	require.NoError(t, err)
	require.JSONEq(t, `[{"type":"slack","hideAgentButton":false,"newer":1},{"type":"slack","allowedChannels":[{"id":"c"}]},{},{"type":"made here"}]`, string(written))
}

func TestCopyAgent(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		document := vendortest.Document(t, "copy.json")
		wire := vendortest.Always(status, document)
		answer, err := newClient(t, wire).CopyAgent(t.Context(), sourceID)
		require.NoError(t, err)
		require.Equal(t, "7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11", answer.Agent.ID)
		require.Equal(t, cotool.AgentTypeDetection, answer.Agent.AgentType)
		require.Equal(t, sourceID, answer.ParkedAgentID)
		require.Equal(t, "Triage", answer.ParkedAgentName)
		require.Equal(t, []string{"On ticket"}, answer.TransferredTriggerNames)
		require.Equal(t, status, answer.Response.StatusCode)
		require.Equal(t, document, string(answer.Response.Body))
		require.Same(t, answer.Response, answer.Agent.Response)

		require.Len(t, wire.Requests(), 1)
		sent := wire.Requests()[0]
		require.Equal(t, http.MethodPost, sent.Method)
		require.Equal(t, "/api/agents/"+sourceID+"/copy", sent.Target)
		require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
		require.Empty(t, sent.Body)
	}
}

func TestAnIDThatIsNoUUIDIsNotSent(t *testing.T) {
	for name, id := range map[string]string{
		"empty": "", "blank": " ", "dot": ".", "dots": "..", "word": "agent_1", "a path": sourceID + "/..",
		"with a line break": sourceID + "\n", "without hyphens": "3c90c3cc0d444b5088888dd25736052d", "braces": "{" + sourceID + "}",
		"no hexadecimal": "3c90c3cc-0d44-4b50-8888-8dd25736052g",
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "copy.json"))
			client := newClient(t, wire)
			_, err := client.CopyAgent(t.Context(), id)
			vendortest.RequireInvalid(t, err, "agentID")
			_, err = client.GetAgent(t.Context(), id)
			vendortest.RequireInvalid(t, err, "agentID")
			require.Empty(t, wire.Requests())
		})
	}
}

func TestCopyAgentTellsFailuresApart(t *testing.T) {
	vendortest.TestCopyFails(t, "cotool", map[string]vendortest.Failure{
		"refused":             vendortest.Fails(409, `{"error":"integration is connected"}`, agentcopy.OutcomeNotCopied, agentcopy.ErrConflict, "integration is connected"),
		"not JSON":            vendortest.Fails(401, `nope`, agentcopy.OutcomeNotCopied, agentcopy.ErrUnauthorized, ""),
		"server error":        vendortest.Fails(500, ``, agentcopy.OutcomeUnknown, agentcopy.ErrOutcomeUnknown, ""),
		"no agent":            vendortest.Fails(200, `{"parkedAgentId":"`+sourceID+`"}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, ""),
		"a null agent":        vendortest.Fails(200, `{"agent":null}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, ""),
		"an agent with no ID": vendortest.Fails(200, `{"agent":{"name":"Triage"}}`, agentcopy.OutcomeCopied, agentcopy.ErrCopied, ""),
	})
}

func TestCopyAgentReadsWhatItCan(t *testing.T) {
	const body = `{"parkedAgentName":5,"agent":{"createdAt":17,"modelAlias":{"id":1},"structuredOutputSchema":null,
		"planningMode":"sometimes","inputs":[{"required":"yes","name":"alert"}],"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11"}}`
	answer, err := newClient(t, vendortest.Always(http.StatusOK, body)).CopyAgent(t.Context(), sourceID)
	require.NoError(t, err)
	require.ErrorContains(t, answer.Response.Warning, "parkedAgentName")
	require.Equal(t, cotool.PlanningMode("sometimes"), answer.Agent.PlanningMode, "a new value is kept")
	require.Equal(t, `{"id":1}`, string(answer.Agent.ModelAlias))
	require.Nil(t, answer.Agent.StructuredOutputSchema, "null equals absent")
	require.Equal(t, "alert", answer.Agent.Inputs[0].Name)
	require.True(t, answer.Agent.CreatedAt.Time.IsZero())
}

func TestListAgents(t *testing.T) {
	const body = `[{"id":"a","name":"One"},{"name":"no ID"},{"id":"b","deletedAt":"2025-06-17T12:34:56Z"}]`
	wire := vendortest.Always(http.StatusOK, body)
	list := listAgents(t, wire)
	require.Empty(t, wire.Requests(), "nothing is sent before the loop begins")
	for range 2 {
		agents, err := vendortest.Collect(t, list)
		require.NoError(t, err)
		require.Len(t, agents, 3)
		require.Equal(t, "One", agents[0].Name)
		require.False(t, agents[2].DeletedAt.IsZero(), "parked agents are not hidden")
		require.Equal(t, body, string(agents[1].Response.Body))
	}
	require.Len(t, wire.Requests(), 2)
	require.Equal(t, http.MethodGet, wire.Requests()[0].Method)
	require.Equal(t, "/api/agents", wire.Requests()[0].Target)
}

func TestListAgentsOfNone(t *testing.T) {
	agents, err := vendortest.Collect(t, listAgents(t, vendortest.Always(http.StatusOK, `[]`)))
	require.NoError(t, err)
	require.Empty(t, agents)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "cotool", listAgents, map[string]vendortest.ListFailure{
		"an object":     vendortest.ListFails(0, 1, "lacks the list", `{"agents":[]}`),
		"null":          vendortest.ListFails(0, 1, "lacks the list", `null`),
		"a text":        vendortest.ListFails(0, 1, "lacks the list", `"none"`),
		"a page":        vendortest.ListFails(0, 1, "Sign in", `<title>Sign in</title>`),
		"an empty body": vendortest.ListFails(0, 1, "empty", ``),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*cotool.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), cotool.ListAgentsRequest{})
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "cotool") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "cotool", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_sparse.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "cotool",
		`[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"},null]`,
	)
}
