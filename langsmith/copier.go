package langsmith

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and
// for programs that copy on several vendors. Every clone is made with template;
// the name of a request replaces the template's.
//
// Its FindCopies knows a clone by its exact name and by its age, reading the
// caller's agents from the newest on until it comes to older ones. Of a request
// without a name, it is not documented what the clone is called: then every
// agent that was made since may be it, and is ambiguous.
func (c *Client) Copier(template CloneAgentRequest) agentcopy.Copier { return copier{c, template} }

type copier struct {
	client   *Client
	template CloneAgentRequest
}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	clone := c.template
	clone.Name = c.nameOf(req)
	agent, err := c.client.CloneAgent(ctx, req.SourceID, clone)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	made := copyOf(agent, req)
	made.CreatedAt, made.Body = agent.CreatedAt.Time, agent.Response.Body
	return made, nil
}

func (c copier) nameOf(req agentcopy.CopyRequest) string {
	if req.Name != "" {
		return req.Name
	}
	return c.template.Name
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Copy, error) {
	name := c.nameOf(req)
	finder := transport.NewFinder(since, name != "", "id", "created_at")
	if err := checkListed(name); err != nil {
		return nil, err
	}
	for agent, err := range c.client.list(ctx, ListAgentsRequest{Name: name}) {
		switch {
		case err != nil:
			return nil, err
		case strings.EqualFold(agent.ID, req.SourceID):
			continue
		case transport.Unreadable(agent.Response, agent.ID, agent.Name):
			finder.Doubt(copyOf(agent, req), agent.Response)
			continue
		case name != "" && agent.Name != name:
			continue
		}
		if finder.Add(copyOf(agent, req), agent.Response) {
			break // the list is sorted: all that follow are older still
		}
	}
	return finder.Copies()
}

// Identify says what a request stands for; see [agentcopy.Identifier].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	made := c.template
	made.Name = "" // the request has it, as the Mark
	document, _ := json.Marshal(struct {
		CloneAgentRequest
		UserTimezone string
	}{made, made.UserTimezone}) // texts and lists of texts always marshal
	return agentcopy.Identity{
		Provider: vendor.Name,
		Origin:   c.client.transport.Origin(),
		Template: string(document),
		Mark:     c.nameOf(req),
	}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: a.ID, Name: a.Name}
}
