package zudu

import (
	"context"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

// GetAgent returns the agent agentID with all of its configuration.
//
// An agentID that is empty, ".", or ".." is [agentcopy.ErrInvalid], and nothing is
// sent. An agent that does not exist in the organization of the credentials is
// [agentcopy.ErrNotFound].
//
// Zudu: GET /api/agents/{agentId}/full,
// https://docs.zudu.ai/api-reference/agents/get-full
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	return c.get(ctx, agentID, nil)
}

func (c *Client) get(ctx context.Context, agentID string, header http.Header) (*Agent, error) {
	if err := transport.CheckID(vendor, getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	answer, response, err := transport.Do(ctx, c.made(), &transport.Request{
		Op:     getAgent,
		Path:   agentsPath,
		ID:     agentID,
		Action: "/full",
		Header: header,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	answer.Data.received(response)
	return &answer.Data, nil
}
