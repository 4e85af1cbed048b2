package cotool

import (
	"context"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// GetAgent returns the agent agentID. Cotool does not document whether it shows a
// parked or deleted agent; if it does, DeletedAt is set.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. A 404
// is [agentcopy.ErrNotFound]; Cotool does not document when it sends one.
//
// Cotool: GET /api/agents/{agentId},
// https://docs.cotool.ai/api-reference/agents/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckUUID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID}
	return agents.Do(ctx, c.made(), request)
}
