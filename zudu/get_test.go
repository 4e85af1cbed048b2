package zudu_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestGetAgent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "full_first.json"))
	agent, err := newClient(t, wire).GetAgent(t.Context(), "agent_123")
	require.NoError(t, err)
	require.Equal(t, "agent_123", agent.AgentID)
	require.Equal(t, "voice_1", agent.Voice.VoiceID)
	require.Equal(t, http.StatusOK, agent.Response.StatusCode)

	sent := wire.Requests()[0]
	require.Equal(t, http.MethodGet, sent.Method)
	require.Equal(t, "/api/agents/agent_123/full", sent.Target)
	require.Empty(t, sent.Body)
	require.Empty(t, sent.Header.Get("Content-Type"))
}

func TestGetAgentFails(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		body    string
		is      error
		message string
	}{
		"not found":  {404, `{"message":"Agent not found","status":"error","error":"no such agent"}`, agentcopy.ErrNotFound, "no such agent"},
		"refused":    {200, `{"message":"m","status":"error","error":"e"}`, nil, "m: e"},
		"without ID": {200, `{"status":"success","data":{}}`, nil, "lacks the agent's ID"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(tt.status, tt.body)
			_, err := newClient(t, wire).GetAgent(t.Context(), "agent_123")
			e := vendortest.RequireError(t, err)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "a read makes no copy")
			require.Equal(t, "GetAgent", e.Operation)
			require.ErrorContains(t, err, tt.message)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.Len(t, wire.Requests(), 1)
		})
	}
}
