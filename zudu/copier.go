package zudu

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
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
	return copier{c.forCopier(), new(vendorkit.Differences)}
}

// forCopier is the client that a Copier calls. It is never nil.
func (c *Client) forCopier() *Client {
	if c == nil {
		return &Client{}
	}
	return &Client{c.transport.ForCopier(), c.dates}
}

type copier struct {
	client *Client
	known  *vendorkit.Differences
}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	agent, err := c.client.DuplicateAgent(ctx, req.SourceID, DuplicateAgentRequest{AgentName: req.Name})
	if err != nil {
		c.client.dates.Note(nil, err)
		return agentcopy.Copy{}, err
	}
	c.client.dates.Note(agent.Response, nil)
	return agentcopy.Copy{
		Provider: vendor.Name, SourceID: req.SourceID, ID: agent.AgentID, Name: agent.AgentName,
		CreatedAt: agent.CreatedAt.Time, Body: agent.Response.Body, Attempts: agent.Response.Attempts,
	}, nil
}

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	name := strings.TrimSpace(req.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	whole := func(a *Agent) (*Agent, error) {
		full, err := c.client.get(ctx, a.AgentID, vendorkit.NoCache())
		if errors.Is(err, agentcopy.ErrNotFound) { // but it was listed
			return a, nil
		}
		return full, err
	}
	finder := &vendorkit.Finder[Agent, string]{
		Lister:   lister,
		Dates:    c.client.dates,
		Name:     name,
		Since:    since,
		Sorted:   true,
		Show:     func(a *Agent) vendorkit.Shown { return shown(a, req.SourceID) },
		Stamped:  whole,
		Named:    func() iter.Seq2[*Agent, error] { return c.client.find(ctx, name, vendorkit.NoCache()) },
		SourceID: req.SourceID,
		Source:   func() (*Agent, error) { return c.client.get(ctx, req.SourceID, vendorkit.NoCache()) },
		Whole:    whole,
		Differs:  differs,
		Known:    c.known,
	}
	found, err := finder.Find(c.client.pages(ctx, func(number int) *transport.Request {
		request := listPage(number)
		request.Header = vendorkit.NoCache()
		return request
	}))
	if err != nil {
		return nil, err
	}
	return found.Result(vendor.Name)
}

func shown(a *Agent, source string) vendorkit.Shown {
	id := strings.TrimSpace(a.AgentID)
	return vendorkit.Shown{
		Provider: vendor.Name, SourceID: source, ID: id, Name: a.AgentName,
		Created: a.CreatedAt, Updated: a.UpdatedAt, Response: a.Response, Out: id != "" && id == source,
	}
}

// differs reports whether agent has another configuration than source, as far as
// both show it.
func differs(source, agent *Agent) bool {
	for _, value := range []func(*Agent) string{
		func(a *Agent) string { return a.Language },
		func(a *Agent) string { return a.Voice.VoiceID },
		func(a *Agent) string { return a.FirstMessage },
		func(a *Agent) string { return a.Model },
		func(a *Agent) string { return a.TranscriptionModel },
		func(a *Agent) string { return a.BeginMessage },
		func(a *Agent) string { return a.WebhookURL },
		func(a *Agent) string { return a.Timezone },
		func(a *Agent) string { return a.LLMConfig.SystemMessage },
		func(a *Agent) string { return a.STTConfig.Language },
		func(a *Agent) string { return a.TTSConfig.VoiceID },
	} {
		if vendorkit.Conflict(value(source), value(agent)) {
			return true
		}
	}
	return false
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{
		Provider:  vendor.Name,
		Origin:    c.client.transport.Origin(),
		SourceID:  req.SourceID,
		SearchKey: strings.TrimSpace(req.Name),
		Traced:    true,
	}
}
