package langsmith

import (
	"context"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var getAgent = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}

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
	return c.get(ctx, agentID, req, nil)
}

func (c *Client) get(ctx context.Context, agentID string, req GetAgentRequest, header http.Header) (*Agent, error) {
	if err := transport.CheckUUID(vendor, getAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.made(), &transport.Request{
		Op:     getAgent,
		Path:   agentsPath,
		ID:     agentID,
		Query:  filesQuery(req.IncludeFiles),
		Header: header,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.received(response)
	return agent, nil
}
