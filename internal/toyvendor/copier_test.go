package toyvendor

import (
	"context"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Copier returns the client as an [agentcopy.Copier]. Its FindCopies knows a copy
// by its name and its age.
func (c *Client) Copier() agentcopy.Copier { return copier{&Client{c.transport.ForCopier(), c.dates}} }

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

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	finder := &vendorkit.Finder[Agent, string]{
		Lister: lister,
		Dates:  c.client.dates,
		Name:   req.Name,
		Since:  since,
		Show: func(a *Agent) vendorkit.Shown {
			return vendorkit.Shown{
				Provider: vendor.Name, SourceID: req.SourceID, ID: a.ID, Name: a.Name,
				Created: a.CreatedAt, Response: a.Response, Out: a.ID == req.SourceID,
			}
		},
	}
	found, err := finder.Find(c.client.pages(ctx, vendorkit.NoCache()))
	if err != nil {
		return nil, err
	}
	return found.Result(vendor.Name)
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: vendor.Name, Origin: c.client.transport.Origin(), SearchKey: req.Name, Traced: true}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: a.ID, Name: a.Name}
}
