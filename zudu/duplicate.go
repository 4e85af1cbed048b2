package zudu

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// maxNameLength is the documented length of an agent's name, in characters.
const maxNameLength = 50

var duplicateAgent = &transport.Operation{Name: "DuplicateAgent", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}

// DuplicateAgentRequest is the body of [Client.DuplicateAgent].
type DuplicateAgentRequest struct {
	// AgentName is the name of the new agent: 1 to 50 characters once white space
	// around it is trimmed, which the client does before sending. Required. Names
	// are unique within an organization.
	AgentName string `json:"agent_name"`
}

// DuplicateAgent copies the agent agentID, with its configuration, tools,
// webhooks and settings, and returns the new agent, which is ready at once.
//
// If agentID is empty, "." or "..", or AgentName is empty, longer than 50 characters or
// not valid UTF-8, the error matches [agentcopy.ErrInvalid] and nothing is sent. After
// any other error, check its Outcome before you send the request again: it says
// whether a copy was made.
//
// Zudu: POST /api/agents/{agentId}/duplicate,
// https://docs.zudu.ai/api-reference/agents/duplicate
func (c *Client) DuplicateAgent(ctx context.Context, agentID string, req DuplicateAgentRequest) (*Agent, error) {
	if err := transport.CheckID(vendor, duplicateAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	req.AgentName = strings.TrimSpace(req.AgentName)
	if err := checkName(req.AgentName); err != nil {
		return nil, err
	}
	return c.agent(ctx, &transport.Request{
		Op:     duplicateAgent,
		Path:   agentsPath,
		ID:     agentID,
		Action: "/duplicate",
		Body:   req,
	})
}

// checkName checks a trimmed name against the documented rule. The page does not say
// what a character is: a Unicode code point, we assume.
func checkName(name string) error {
	switch {
	case name == "":
		return transport.Invalid(vendor, duplicateAgent.Name, "AgentName", "is empty or blank")
	case !utf8.ValidString(name):
		return transport.Invalid(vendor, duplicateAgent.Name, "AgentName", "is not valid UTF-8")
	case utf8.RuneCountInString(name) > maxNameLength:
		return transport.Invalid(vendor, duplicateAgent.Name, "AgentName", "is longer than 50 characters")
	}
	return nil
}
