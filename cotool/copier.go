package cotool

import (
	"context"
	"errors"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and
// for programs that copy on several vendors. It ignores the name of a request:
// none can be chosen. A copy is taken to have the name of its source, which Cotool
// does not document.
//
// Its FindCopies asks first whether the source is parked. If it is not, there is
// no copy. If it is, the copies are the agents of its name that are not managed
// and were made since. Where Cotool no longer shows the source, its name is not
// known: then every such agent may be the copy, whatever its name, and is
// ambiguous. So is an agent without a time stamp.
func (c *Client) Copier() agentcopy.Copier { return copier{c} }

type copier struct{ client *Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	moved, err := c.client.CopyAgent(ctx, req.SourceID)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	made := copyOf(&moved.Agent, req)
	made.CreatedAt, made.Body = moved.Agent.CreatedAt.Time, moved.Response.Body
	return made, nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Copy, error) {
	source, err := c.client.GetAgent(ctx, req.SourceID)
	switch {
	case errors.Is(err, agentcopy.ErrNotFound): // the list may show it all the same
	case err != nil:
		return nil, err
	case source.DeletedAt.IsZero():
		return nil, nil
	}
	var manual []*Agent
	for agent, err := range c.client.ListAgents(ctx) {
		switch {
		case err != nil:
			return nil, err
		case strings.EqualFold(agent.ID, req.SourceID) && agent.DeletedAt.IsZero():
			return nil, nil
		case strings.EqualFold(agent.ID, req.SourceID):
			source = agent
		case agent.SyncKey == "" && agent.DeletedAt.IsZero():
			manual = append(manual, agent) // also where the key could not be read
		}
	}
	finder := transport.NewFinder(since, source != nil, "id", "createdAt")
	for _, agent := range manual {
		switch {
		case transport.Unreadable(agent.Response, agent.ID, agent.Name):
			finder.Doubt(copyOf(agent, req), agent.Response)
		case source == nil, agent.Name == source.Name:
			finder.Add(copyOf(agent, req), agent.Response)
		}
	}
	return finder.Copies()
}

// Identify says what a request stands for; see [agentcopy.Identifier]. A source
// can be moved once, whatever the name that is asked for.
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: vendor.Name, Origin: c.client.transport.Origin(), Mark: req.SourceID}
}

func copyOf(a *Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: vendor.Name, SourceID: req.SourceID, ID: a.ID, Name: a.Name}
}
