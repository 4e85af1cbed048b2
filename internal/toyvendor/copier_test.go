package toyvendor

import (
	"context"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Copier returns the client as an [agentcopy.Copier]. Its FindCopies knows a copy
// by its name and its age.
func (c *Client) Copier() agentcopy.Copier { return copier{c} }

type copier struct{ client *Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	agent, err := c.client.CopyAgent(ctx, req.SourceID, CopyAgentRequest{Name: req.Name})
	if err != nil {
		return agentcopy.Copy{}, err
	}
	made := copyOf(agent, req)
	made.CreatedAt, made.Body = agent.CreatedAt.Time, agent.Response.Body
	return made, nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Copy, error) {
	finder := transport.NewFinder(since, true, "id", "created_at")
	for agent, err := range c.client.ListAgents(ctx) {
		if err != nil {
			return nil, err
		}
		if agent.ID != req.SourceID && agent.Name == req.Name {
			finder.Add(copyOf(agent, req), agent.Response)
		}
	}
	return finder.Copies()
}

// Identify says what a request stands for; see [agentcopy.Identifier].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: vendor.Name, Origin: c.client.transport.Origin(), Mark: req.Name}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: a.ID, Name: a.Name}
}
