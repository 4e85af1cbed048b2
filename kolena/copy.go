package kolena

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var copyAgent = &transport.Operation{Name: "CopyAgent", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}

// CopyAgentRequest is the body of [Client.CopyAgent].
type CopyAgentRequest struct {
	// Name is the name of the new agent. Required. It is sent as it is. That it must
	// not be blank is this SDK's rule: Kolena documents none, neither a longest name
	// nor that names are unique.
	Name string `json:"name"`
	// TargetWorkspaceID and TargetFolderID say where the new agent goes. A nil
	// one is not sent, which leaves the choice to Kolena; where the agent then goes, it
	// does not document. That null would mean the same is inferred, and cannot be sent.
	// That one that is set must be positive is this SDK's rule.
	TargetWorkspaceID *int64 `json:"target_workspace_id,omitzero"`
	TargetFolderID    *int64 `json:"target_folder_id,omitzero"`
}

// CopyAgent copies the agent agentID and returns the new agent.
//
// An agentID that is not positive, and a request that breaks one of the rules
// above, all of which are this SDK's, are refused before anything is sent, with an *[agentcopy.Error] that
// matches [agentcopy.ErrInvalid]. Of any other *Error, look at the Outcome
// before you send the request again: it says whether a copy was made, and Kolena
// has no call to remove a second one.
//
// Kolena allows 60 copies a minute per user; the call waits for its turn.
//
// Kolena: POST /api/v1/client/agents/{agent_id}/copy,
// https://docs.agents.kolena.com/api-reference/copy-agent
func (c *Client) CopyAgent(ctx context.Context, agentID int64, req CopyAgentRequest) (*Agent, error) {
	if err := checkID(copyAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	agent, response, err := transport.Do(ctx, c.transport, transport.Request{
		Op:     copyAgent,
		Path:   agentsPath,
		ID:     strconv.FormatInt(agentID, 10),
		Action: "/copy",
		Body:   req,
	}, verifyAgent)
	if err != nil {
		return nil, err
	}
	agent.received(response)
	return agent, nil
}

// check refuses a request that cannot be meant, by rules of this SDK. Kolena's page
// only says that the name is required.
func (r *CopyAgentRequest) check() error {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return transport.Invalid(vendor, copyAgent.Name, "Name", "is empty or blank")
	case !utf8.ValidString(r.Name):
		return transport.Invalid(vendor, copyAgent.Name, "Name", "is not valid UTF-8")
	}
	if id := r.TargetWorkspaceID; id != nil {
		if err := checkID(copyAgent, "TargetWorkspaceID", *id); err != nil {
			return err
		}
	}
	if id := r.TargetFolderID; id != nil {
		return checkID(copyAgent, "TargetFolderID", *id)
	}
	return nil
}

// checkID refuses an ID that is not positive. That Kolena gives none is inferred.
func checkID(op *transport.Operation, field string, id int64) error {
	if id <= 0 {
		return transport.Invalid(vendor, op.Name, field, "is not positive")
	}
	return nil
}

func verifyAgent(agent *Agent) error {
	if agent.ID <= 0 {
		return transport.ErrNoID
	}
	return nil
}
