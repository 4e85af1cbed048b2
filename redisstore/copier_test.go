package redisstore_test

import (
	"context"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// copier knows a copy by its name, of which there is one for each key.
type copier struct{ client *kolena.Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	source, err := strconv.ParseInt(req.SourceID, 10, 64)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	agent, err := c.client.CopyAgent(ctx, source, kolena.CopyAgentRequest{Name: req.Name})
	if err != nil {
		return agentcopy.Copy{}, err
	}
	return copyOf(req, agent), nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, _ time.Time) (found []agentcopy.Copy, err error) {
	for agent, err := range c.client.ListAgents(ctx) {
		if err != nil {
			return nil, err
		}
		if agent.Name == req.Name {
			found = append(found, copyOf(req, agent))
		}
	}
	return found, nil
}

func copyOf(req agentcopy.CopyRequest, agent *kolena.Agent) agentcopy.Copy {
	return agentcopy.Copy{
		Provider: "kolena", SourceID: req.SourceID, ID: strconv.FormatInt(agent.ID, 10),
		Name: agent.Name, CreatedAt: agent.Created.Time,
	}
}
