package toyvendor

import (
	"context"
	"net/http"
	"strings"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var copyAgent = &transport.Operation{Name: "CopyAgent", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}

// CopyAgentRequest is the body of [Client.CopyAgent].
type CopyAgentRequest struct {
	Name string `json:"name"`
}

// CopyAgent copies the agent agentID and returns the new agent.
func (c *Client) CopyAgent(ctx context.Context, agentID string, req CopyAgentRequest) (*Agent, error) {
	if err := transport.CheckID(vendor, copyAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	if strings.TrimSpace(req.Name) == "" {
		return nil, transport.Invalid(vendor, copyAgent.Name, "Name", "is empty or blank")
	}
	agent, response, err := transport.Do(ctx, c.transport, transport.Request{
		Op:     copyAgent,
		Path:   "/v1/agents",
		ID:     agentID,
		Action: "/copy",
		Body:   req,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.Response = response
	return agent, nil
}
