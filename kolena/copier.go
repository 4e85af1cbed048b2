package kolena

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and
// for programs that copy on several vendors. Every copy is made with template;
// the name of a request replaces the template's. IDs are decimal numbers there;
// a SourceID that is none is [agentcopy.ErrInvalid].
//
// Its FindCopies knows a copy by its exact name, by the template's workspace if
// it has one, and by its age. Kolena has no search and documents no order, so it
// reads the whole list. A time stamp without a zone is taken as UTC; an agent
// whose stamp then does not lie between the request and now, but does in another
// zone, is ambiguous. So is one without a stamp.
func (c *Client) Copier(template CopyAgentRequest) agentcopy.Copier { return copier{c, template} }

type copier struct {
	client   *Client
	template CopyAgentRequest
}

// findCopies is what faults of a request to find copies are reported under.
var findCopies = &transport.Operation{Name: "FindCopies", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	source, err := sourceOf(copyAgent, req)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	request := c.template
	request.Name = c.nameOf(req)
	agent, err := c.client.CopyAgent(ctx, source, request)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	made := copyOf(agent, req)
	made.CreatedAt, made.Body = agent.Created.Time, agent.Response.Body
	return made, nil
}

func sourceOf(op *transport.Operation, req agentcopy.CopyRequest) (int64, error) {
	id, err := strconv.ParseInt(req.SourceID, 10, 64)
	if err != nil {
		return 0, transport.Invalid(vendor, op.Name, "SourceID", "is not a number, which Kolena's agent IDs are")
	}
	return id, nil
}

func (c copier) nameOf(req agentcopy.CopyRequest) string {
	if req.Name != "" {
		return req.Name
	}
	return c.template.Name
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Copy, error) {
	source, err := sourceOf(findCopies, req)
	if err != nil {
		return nil, err
	}
	name, workspace := c.nameOf(req), c.template.TargetWorkspaceID
	finder := transport.NewFinder(since, true, "id", "created")
	for agent, err := range c.client.ListAgents(ctx) {
		switch {
		case err != nil:
			return nil, err
		case agent.ID == source:
		case unreadable(agent, workspace != nil):
			finder.Doubt(copyOf(agent, req), agent.Response)
		case agent.Name == name && (workspace == nil || agent.WorkspaceID == *workspace):
			finder.Add(copyOf(agent, req), agent.Response)
		}
	}
	return finder.Copies()
}

// unreadable reports whether agent may be any; see [transport.Unreadable].
func unreadable(agent *Agent, byWorkspace bool) bool {
	workspace := "any"
	if byWorkspace && agent.WorkspaceID == 0 {
		workspace = ""
	}
	return transport.Unreadable(agent.Response, idOf(agent), agent.Name, workspace)
}

// Identify says what a request stands for; see [agentcopy.Identifier].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	made := c.template
	made.Name = ""                    // the request has it, as the Mark
	document, _ := json.Marshal(made) // numbers always marshal
	return agentcopy.Identity{
		Provider: vendor.Name,
		Origin:   c.client.transport.Origin(),
		Template: string(document),
		Mark:     c.nameOf(req),
	}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: idOf(a), Name: a.Name}
}

// idOf is the ID of a in decimal, "" if it has none.
func idOf(a *Agent) string {
	if a.ID <= 0 {
		return ""
	}
	return strconv.FormatInt(a.ID, 10)
}
