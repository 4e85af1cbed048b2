package zudu

import (
	"context"
	"errors"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and for
// programs that copy on several vendors. It treats [agentcopy.RetryAlways] as
// RetrySafe, which makes no second copy.
//
// Its FindCopies reads the agents from the newest on, down to five minutes before the
// request, and judges them by the rules of [agentcopy.MatchAgent]. Beyond that it asks
// Zudu for the agents of the name. It assumes what Zudu does not say:
//
//   - A stamp without a zone is UTC. If it is not, a copy is possible rather than
//     certain, as long as it has the name or a near one.
//   - A list shows when an agent was made. Where it does not, the agent itself is read.
//
// An agent of another name that was made since the request is possible, since the
// server may have changed the name. It is left out if its configuration, which Zudu
// documents as copied, differs from that of the source, and neither agent was edited
// since.
func (c *Client) Copier() agentcopy.Copier {
	return copier{&Client{c.made().ForCopier()}}
}

type copier struct{ client *Client }

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	agent, err := c.client.DuplicateAgent(ctx, req.SourceID, DuplicateAgentRequest{AgentName: req.Name})
	if err != nil {
		return agentcopy.Copy{}, c.client.kit.CopyFailed(err)
	}
	return c.client.kit.Copy(req.SourceID, shown(agent)), nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	name := strings.TrimSpace(req.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	whole := func(a *Agent) (*Agent, error) {
		full, err := c.client.GetAgent(ctx, a.AgentID)
		if errors.Is(err, agentcopy.ErrNotFound) { // but it was listed
			return a, nil
		}
		return full, err
	}
	finder := &vendorkit.Finder[Agent, string]{
		Client:   c.client.kit,
		Agents:   agents,
		Name:     name,
		Since:    since,
		Sorted:   true,
		Show:     shown,
		Stamped:  whole,
		Named:    c.client.pages(ctx, name),
		SourceID: req.SourceID,
		Source:   func() (*Agent, error) { return c.client.GetAgent(ctx, req.SourceID) },
		Whole:    whole,
		Compared: compared,
	}
	return finder.Find(c.client.pages(ctx, "")).Result()
}

func shown(a *Agent) vendorkit.Shown {
	return vendorkit.Shown{
		ID: strings.TrimSpace(a.AgentID), Name: a.AgentName,
		Created: a.CreatedAt, Updated: a.UpdatedAt, Response: a.Response,
	}
}

// compared is what a copy has of its source.
func compared(a *Agent) []string {
	return []string{
		a.Language, a.Voice.VoiceID, a.FirstMessage, a.Model, a.TranscriptionModel, a.BeginMessage, a.WebhookURL, a.Timezone,
		a.LLMConfig.SystemMessage, a.STTConfig.Language, a.TTSConfig.VoiceID,
	}
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return c.client.kit.Identity(req.SourceID, strings.TrimSpace(req.Name))
}
