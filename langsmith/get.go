package langsmith

import (
	"context"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// GetAgentRequest has the options of [Client.GetAgent].
type GetAgentRequest struct {
	// IncludeFiles asks for the agent's Files.
	IncludeFiles bool
}

// GetAgent returns the agent agentID, with its Files if req asks for them.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. An
// agent that does not exist, and one that the key has no access to, are
// [agentcopy.ErrNotFound].
//
// LangSmith: GET /agents/{agent_id}, as the API's last published document says.
func (c *Client) GetAgent(ctx context.Context, agentID string, req GetAgentRequest) (*Agent, error) {
	if err := transport.CheckUUID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID, Query: filesQuery(req.IncludeFiles)}
	return agents.Do(ctx, c.made(), request)
}
