package zudu_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

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
