package kolena

import (
	"context"
	"strconv"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// GetAgent returns the agent agentID.
//
// An agentID that is not positive is [agentcopy.ErrInvalid], and nothing is sent; this
// rule is ours. Kolena allows 1,200 calls a minute per user; the call waits for its
// turn. It documents no errors; a 404 is [agentcopy.ErrNotFound].
//
// Kolena: GET /api/v1/client/agents/{agent_id},
// https://docs.agents.kolena.com/api-reference/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID int64) (*Agent, error) {
	if err := checkID(vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: strconv.FormatInt(agentID, 10)}
	return agents.Do(ctx, c.made(), request)
}
