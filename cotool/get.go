package cotool

import (
	"context"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

// GetAgent returns the agent agentID. Cotool does not document whether it shows a
// parked or deleted agent; if it does, DeletedAt is set.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. A 404
// is [agentcopy.ErrNotFound]; Cotool does not document when it sends one.
//
// Cotool: GET /api/agents/{agentId},
// https://docs.cotool.ai/api-reference/agents/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	return c.get(ctx, agentID, nil)
}

func (c *Client) get(ctx context.Context, agentID string, header http.Header) (*Agent, error) {
	if err := transport.CheckUUID(vendor, getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.made(), &transport.Request{
		Op:     getAgent,
		Path:   agentsPath,
		ID:     agentID,
		Header: header,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.received(response)
	return agent, nil
}
