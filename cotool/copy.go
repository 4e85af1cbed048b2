package cotool

import (
	"context"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var copyAgent = &transport.Operation{Name: "CopyAgent", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}

// CopyAgentResponse is what [Client.CopyAgent] returns.
type CopyAgentResponse struct {
	// Agent is the new agent, which is no longer managed.
	Agent Agent `json:"agent"`
	// ParkedAgentID and ParkedAgentName are those of the managed agent that was copied.
	// It is parked: deleted, but recoverable.
	ParkedAgentID   string `json:"parkedAgentId"`
	ParkedAgentName string `json:"parkedAgentName"`
	// TransferredTriggerNames are the triggers that now start the new agent, with
	// their email, webhook and Slack bindings. Empty if the original had none.
	TransferredTriggerNames []string `json:"transferredTriggerNames,omitzero"`

	// Response describes the answer.
	Response *agentcopy.Response `json:"-"`
}

// CopyAgent turns the managed agent agentID, whose integration is disconnected, into
// an editable agent: configuration and prompt are copied, the triggers are moved to
// the copy, and the original is parked. The name cannot be chosen. Cotool does not say
// what a second call for the same agent does.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. After
// any other error, check its Outcome before you send the request again: it says
// whether a copy was made.
//
// Cotool: POST /api/agents/{agentId}/copy,
// https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
func (c *Client) CopyAgent(ctx context.Context, agentID string) (*CopyAgentResponse, error) {
	if err := transport.CheckUUID(vendor, copyAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := &transport.Request{Op: copyAgent, Path: agentsPath, ID: agentID, Action: "/copy"}
	return transport.Do(ctx, c.made().Transport, request, verifyCopy, (*CopyAgentResponse).received)
}

// received completes an answer that response brought.
func (r *CopyAgentResponse) received(response *agentcopy.Response) {
	r.Response = response
	r.Agent.received(response)
}

func verifyCopy(answer *CopyAgentResponse) error { return agents.Verify(&answer.Agent) }
