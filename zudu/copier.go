package zudu

import (
	"context"
	"errors"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and
// for programs that copy on several vendors.
//
// Its FindCopies knows a copy by its name, which is unique in the organization,
// and by its age. Zudu's newer time stamps have no zone. They are taken as UTC;
// an agent of that name whose stamp then does not lie between the request and
// now, but does in another zone, is ambiguous. So is one without a stamp.
func (c *Client) Copier() agentcopy.Copier { return copier{c} }

type copier struct{ client *Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	agent, err := c.client.DuplicateAgent(ctx, req.SourceID, DuplicateAgentRequest{AgentName: req.Name})
	if err != nil {
		return agentcopy.Copy{}, err
	}
	made := copyOf(agent, req)
	made.CreatedAt, made.Body = agent.CreatedAt.Time, agent.Response.Body
	return made, nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Copy, error) {
	name := strings.TrimSpace(req.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	finder := transport.NewFinder(since, true, "agent_id", "created_at")
	for agent, err := range c.client.find(ctx, name) {
		switch {
		case err != nil:
			return nil, err
		case agent.AgentID == req.SourceID:
			continue
		case transport.Unreadable(agent.Response, agent.AgentID, agent.AgentName):
			finder.Doubt(copyOf(agent, req), agent.Response)
			continue
		case !agent.isNamed(name):
			continue
		}
		if agent, err = c.stamped(ctx, finder, agent); err != nil {
			return nil, err
		}
		finder.Add(copyOf(agent, req), agent.Response)
	}
	return finder.Copies()
}

// stamped returns agent with the time of its creation, which a list need not
// show.
func (c copier) stamped(ctx context.Context, finder *transport.Finder, agent *Agent) (*Agent, error) {
	if finder.Stamp(agent.AgentID, agent.Response) != "" {
		return agent, nil
	}
	full, err := c.client.GetAgent(ctx, agent.AgentID)
	if errors.Is(err, agentcopy.ErrNotFound) { // but it was listed
		return agent, nil
	}
	return full, err
}

// Identify says what a request stands for; see [agentcopy.Identifier].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: vendor.Name, Origin: c.client.transport.Origin(), Mark: strings.TrimSpace(req.Name)}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: a.AgentID, Name: a.AgentName}
}
