package toyvendor

import (
	"context"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

// GetAgent returns the agent agentID.
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckID(vendor, getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.transport, transport.Request{
		Op:   getAgent,
		Path: "/v1/agents",
		ID:   agentID,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.Response = response
	return agent, nil
}
