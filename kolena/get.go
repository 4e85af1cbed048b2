package kolena

import (
	"context"
	"net/http"
	"strconv"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

// GetAgent returns the agent agentID.
//
// An agentID that is not positive is [agentcopy.ErrInvalid], and nothing is sent; this
// rule is ours. Kolena allows 1,200 calls a minute per user; the call waits for its
// turn. It documents no errors; a 404 is [agentcopy.ErrNotFound].
//
// Kolena: GET /api/v1/client/agents/{agent_id},
// https://docs.agents.kolena.com/api-reference/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID int64) (*Agent, error) {
	return c.get(ctx, agentID, nil)
}

func (c *Client) get(ctx context.Context, agentID int64, header http.Header) (*Agent, error) {
	if err := checkID(getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.made(), &transport.Request{
		Op:     getAgent,
		Path:   agentsPath,
		ID:     strconv.FormatInt(agentID, 10),
		Header: header,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.received(response)
	return agent, nil
}
