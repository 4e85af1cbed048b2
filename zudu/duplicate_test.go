package zudu_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func TestDuplicateAgent(t *testing.T) {
	for generation, id := range map[string]string{
		"first":  "agent_abc123def456",
		"second": "agent_f3302e6b-4ab0-4d5b-8b4c-f85c88ba4df2",
	} {
		t.Run(generation, func(t *testing.T) {
			document := vendortest.Document(t, "duplicate_"+generation+".json")
			wire := vendortest.Always(http.StatusOK, document)
			agent, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: "Support"})
			require.NoError(t, err)
			require.Equal(t, id, agent.AgentID)
			require.Equal(t, http.StatusOK, agent.Response.StatusCode)
			require.Equal(t, "req-0", agent.Response.RequestID)
			require.Equal(t, document, string(agent.Response.Body))
			require.Len(t, agent.Response.Attempts, 1)
			require.NoError(t, agent.Response.Warning)

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, "/api/agents/agent_123/duplicate", sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.JSONEq(t, `{"agent_name":"Support"}`, sent.Body)
		})
	}
}

func TestDuplicateAgentTrimsAndChecksTheName(t *testing.T) {
	for name, tt := range map[string]struct{ given, sent, reason string }{
		"one character":            {given: "a", sent: "a"},
		"trimmed":                  {given: " \t Support, Berlin\u00a0\n", sent: "Support, Berlin"},
		"inner space is kept":      {given: "a  b", sent: "a  b"},
		"50 characters":            {given: strings.Repeat("a", 50), sent: strings.Repeat("a", 50)},
		"50 characters of 4 bytes": {given: strings.Repeat("😀", 50), sent: strings.Repeat("😀", 50)},
		"50 characters, padded":    {given: "  " + strings.Repeat("ä", 50) + "  ", sent: strings.Repeat("ä", 50)},
		"no need to escape":        {given: "<R&D>", sent: "<R&D>"},
		"51 characters":            {given: strings.Repeat("a", 51), reason: "longer"},
		"51 characters of 2 bytes": {given: strings.Repeat("ä", 51), reason: "longer"},
		"empty":                    {given: "", reason: "empty"},
		"blank":                    {given: " \t\n\u00a0", reason: "empty"},
		"not UTF-8":                {given: "caf\xe9", reason: "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
			_, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: tt.given})
			if tt.reason != "" {
				vendortest.RequireInvalid(t, err, "AgentName")
				require.ErrorContains(t, err, tt.reason)
				require.Empty(t, wire.Requests())
				return
			}
			require.NoError(t, err)
			var body zudu.DuplicateAgentRequest
			vendortest.Decode(t, wire.Requests()[0].Body, &body)
			require.Equal(t, tt.sent, body.AgentName)
		})
	}
}

func TestAgentIDIsOneSegment(t *testing.T) {
	for id, segment := range map[string]string{
		"agent_123":   "agent_123",
		"a/b?c#d%2e":  "a%2Fb%3Fc%23d%252e",
		"../x":        "..%2Fx",
		"...":         "...",
		"%2e%2e":      "%252e%252e",
		"agent ü;a=1": "agent%20%C3%BC%3Ba=1",
		"a\r\nb":      "a%0D%0Ab",
	} {
		t.Run(id, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
			client := newClient(t, wire)
			_, err := client.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "a"})
			require.NoError(t, err)
			_, err = client.GetAgent(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, "/api/agents/"+segment+"/duplicate", wire.Requests()[0].Target)
			require.Equal(t, "/api/agents/"+segment+"/full", wire.Requests()[1].Target)
		})
	}
}

func TestAgentIDIsRefused(t *testing.T) {
	for _, id := range []string{"", " ", "\t\n", ".", ".."} {
		t.Run(id, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
			client := newClient(t, wire)
			_, err := client.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "a"})
			vendortest.RequireInvalid(t, err, "agentID")
			_, err = client.GetAgent(t.Context(), id)
			vendortest.RequireInvalid(t, err, "agentID")
			require.Empty(t, wire.Requests())
		})
	}
}

func TestDuplicateAgentTellsFailuresApart(t *testing.T) {
	vendortest.TestCopyFails(t, "zudu", map[string]vendortest.Failure{
		"the name is taken": vendortest.Fails(
			400, `{"message":"Validation error","status":"error","error":"Agent name cannot be empty"}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrInvalid, "Validation error: Agent name cannot be empty"),
		"no such agent": vendortest.Fails(
			404, `{"message":"Agent not found","status":"error","error":"Agent with ID 'agent_123' does not exist"}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrNotFound, "Agent not found"),
		"refused with the status of success": vendortest.Fails(
			200, `{"message":"Validation error","status":"error","error":"Name is taken"}`,
			agentcopy.OutcomeUnknown, nil, "Name is taken"),
		"refused, whatever the data": vendortest.Fails(
			200, `{"message":"m","status":"ERROR","error":"e","data":{"agent_id":"agent_2"}}`,
			agentcopy.OutcomeUnknown, nil, "m: e"),
		"no ID": vendortest.Fails(
			200, `{"status":"success","error":null,"data":{"agent_name":"a"}}`,
			agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"no data": vendortest.Fails(
			200, `{"status":"success","error":null,"data":null}`,
			agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
		"an ID of another type": vendortest.Fails(
			200, `{"status":"success","data":{"agent_id":[7]}}`,
			agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
	})
}

func TestDuplicateAgentReadsWhatItCan(t *testing.T) {
	const body = `{"status":"success","data":{"agent_name":7,"timezone":null,"widget_config":null,` +
		`"llm_config":{"max_tokens":"many","system_message":"Hi"},"future":true,"agent_id":"agent_2"}}`
	agent, err := newClient(t, vendortest.Always(201, body)).DuplicateAgent(t.Context(), "agent_1", zudu.DuplicateAgentRequest{AgentName: "a"})
	require.NoError(t, err)
	require.Equal(t, "agent_2", agent.AgentID)
	require.Equal(t, "Hi", agent.LLMConfig.SystemMessage)
	require.Equal(t, "7", agent.AgentName, "a number where a string is documented")
	require.Zero(t, agent.LLMConfig.MaxTokens)
	require.Nil(t, agent.WidgetConfig, "null equals absent")
	require.ErrorContains(t, agent.Response.Warning, "agent_name")
	require.Equal(t, body, string(agent.Response.Body))
}

// documents are the answers that show an agent, of both generations.
var documents = []string{"duplicate_first.json", "full_first.json", "duplicate_second.json", "duplicate_empty.json"}

// dataOf is the agent in an answer.
func dataOf(t *testing.T, document string) string {
	t.Helper()
	var envelope struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(document), &envelope))
	return string(envelope.Data)
}

func TestAgentGivesTheDocumentBack(t *testing.T) {
	for _, name := range documents {
		t.Run(name, func(t *testing.T) {
			vendortest.RequireRoundTrip[zudu.Agent](t, dataOf(t, vendortest.Document(t, name)))
		})
	}
}

func TestAgentReadsEveryField(t *testing.T) {
	var agent zudu.Agent
	for _, name := range documents[:3] { // each generation has fields that the other lacks
		require.NoError(t, json.Unmarshal([]byte(dataOf(t, vendortest.Document(t, name))), &agent))
	}
	vendortest.RequireFilled(t, agent)
}

func TestAgentReadsEveryFormOfTime(t *testing.T) {
	noon := time.Date(2025, 1, 15, 12, 45, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2025-01-15T12:45:00Z"`:             noon,
		`"2025-01-15T14:45:00+02:00"`:        noon,
		`"2025-01-15T12:45:00.000250+00:00"`: noon.Add(250 * time.Microsecond),
		`"2025-01-15T12:45:00"`:              noon, // no zone: UTC
		`"2025-01-15T12:45:00.123456789"`:    noon.Add(123456789),
		`"2025-01-15 12:45:00"`:              noon,
		`"yesterday"`:                        {},
		`1751401457604`:                      time.UnixMilli(1751401457604), // as Zudu stamps its MCP servers
		`null`:                               {},
	} {
		t.Run(text, func(t *testing.T) {
			wire := vendortest.Always(200, `{"status":"success","data":{"created_at":`+text+`,"agent_id":"agent_2"}}`)
			agent, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_1", zudu.DuplicateAgentRequest{AgentName: "a"})
			require.NoError(t, err)
			require.NoError(t, agent.Response.Warning)
			require.Truef(t, agent.CreatedAt.Equal(want), "got %v, want %v", agent.CreatedAt, want)
		})
	}
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "zudu") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "zudu", vendortest.Document(f, "duplicate_first.json"), vendortest.Document(f, "duplicate_second.json"), vendortest.Document(f, "duplicate_empty.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "zudu",
		`{"status":"success","data":{"agents":[{"agent_id":"agent_1","agent_name":"A"},{"agent_id":"agent_2"}],"pagination":{"has_next_page":true,"total_pages":2}}}`,
		`{"status":"success","data":{"agents":[],"pagination":{"has_next_page":false}}}`,
	)
}

// FuzzAgentID: an ID is one segment of the path, whatever it holds, or nothing
// is sent.
func FuzzAgentID(f *testing.F) {
	for _, id := range []string{"agent_123", "", " ", ".", "..", "a/b", "../../delete", "a?b=c", "a#b", "a%2Fb", "%", "é", "a b", "\x00", "\xff", ";x", "http://evil.example/", "@evil.example"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		wire := vendortest.Always(http.StatusOK, `{"status":"success","data":{"agent_id":"agent_2"}}`)
		c, err := zudu.New(vendortest.FuzzedKey, vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		require.NoError(t, err)
		_, err = c.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "Support"})
		if errors.Is(err, agentcopy.ErrInvalid) {
			require.Empty(t, wire.Requests(), "the ID is refused, but was sent")
			return
		}
		require.NoError(t, err)
		require.Len(t, wire.Requests(), 1)
		sent := wire.Requests()[0]
		segment, begins := strings.CutPrefix(sent.Target, "/api/agents/")
		segment, ends := strings.CutSuffix(segment, "/duplicate")
		got, err := url.PathUnescape(segment)
		require.NoError(t, err)
		require.True(t, begins && ends && got == id, "the ID went out in %q", sent.Target)
		require.NotContains(t, []string{".", ".."}, segment)
		require.False(t, strings.ContainsAny(segment, "/?#"), "not one segment: %q", segment)
		require.Equal(t, "api.zudu.ai", sent.Host)
	})
}
