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
	// Name is the name of the new agent, sent as it is. Kolena requires it, and
	// documents neither a longest name nor that names are unique. This SDK refuses an
	// empty or blank one.
	Name string `json:"name"`
	// TargetWorkspaceID and TargetFolderID say where the new agent goes. Zero is not
	// sent and leaves the choice to Kolena, which does not document it. This SDK
	// refuses negative ones.
	TargetWorkspaceID int64 `json:"target_workspace_id,omitzero"`
	TargetFolderID    int64 `json:"target_folder_id,omitzero"`
}

// CopyAgent copies the agent agentID and returns the new agent.
//
// If agentID is not positive, Name is blank or not valid UTF-8, or a target is negative,
// the error matches [agentcopy.ErrInvalid] and nothing is sent; these rules are this
// SDK's. After any other error, check its Outcome before you send the request again: it
// says whether a copy was made, and Kolena documents no call to remove a second one.
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
	return transport.Do(ctx, c.made().Transport, &transport.Request{
		Op:     copyAgent,
		Path:   agentsPath,
		ID:     strconv.FormatInt(agentID, 10),
		Action: "/copy",
		Body:   req,
	}, agents.Verify, agents.Received)
}

// check refuses what makes no sense. The rules are ours: Kolena's page states none.
func (r *CopyAgentRequest) check() error {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return transport.Invalid(vendor, copyAgent.Name, "Name", "is empty or blank")
	case !utf8.ValidString(r.Name):
		return transport.Invalid(vendor, copyAgent.Name, "Name", "is not valid UTF-8")
	case r.TargetWorkspaceID < 0:
		return transport.Invalid(vendor, copyAgent.Name, "TargetWorkspaceID", "is negative")
	case r.TargetFolderID < 0:
		return transport.Invalid(vendor, copyAgent.Name, "TargetFolderID", "is negative")
	}
	return nil
}

// checkID refuses an ID that is not positive. Kolena's page says "integer"; every
// ID it shows is positive.
func checkID(op *transport.Operation, field string, id int64) error {
	if id <= 0 {
		return transport.Invalid(vendor, op.Name, field, "is not positive")
	}
	return nil
}
