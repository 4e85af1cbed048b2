package langsmith

import (
	"context"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

// GetAgent returns the agent agentID, without its Files.
//
// An agentID that is no UUID is refused before anything is sent, with an
// *[agentcopy.Error] that matches [agentcopy.ErrInvalid]. An agent that does not
// exist, and one that the key has no access to, are [agentcopy.ErrNotFound].
//
// LangSmith: GET /agents/{agent_id},
// https://docs.langchain.com/langsmith/managed-deep-agents-api/agents/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckUUID(vendor, getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.transport, transport.Request{
		Op:   getAgent,
		Path: agentsPath,
		ID:   agentID,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.received(response)
	return agent, nil
}
