package langsmith

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and for
// programs that copy on several vendors. Every clone is made with template; the name
// of a request replaces the template's. It treats [agentcopy.RetryAlways] as
// RetrySafe, which makes no second copy.
//
// Its FindCopies reads the caller's own agents, which include the clones, from the
// newest on, down to five minutes before the request, and judges them by the rules of
// [agentcopy.MatchAgent]. Beyond that it asks LangSmith for the agents of the name, and
// for those listed with audience=tenant, which this API does not document.
// LangSmith does not document the name of a clone that was requested without one: then
// every agent that was made since is possible, and none is certain.
//
// An agent of another name that was made since the request is possible, since the
// server may have changed the name. It is left out if its model, backend, prompt,
// tools, subagents or skills, which LangSmith documents as copied, differ from those
// of the source, and neither agent was edited since.
func (c *Client) Copier(template CloneAgentRequest) agentcopy.Copier {
	return copier{c.forCopier(), template, new(vendorkit.Differences)}
}

// forCopier is the client that a Copier calls. It is never nil.
func (c *Client) forCopier() *Client {
	if c == nil {
		return &Client{}
	}
	return &Client{c.transport.ForCopier(), c.dates}
}

type copier struct {
	client   *Client
	template CloneAgentRequest
	known    *vendorkit.Differences
}

// findCopies is what faults of a request to find copies are reported under.
var findCopies = &transport.Operation{Name: "FindCopies", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	clone := c.template
	clone.Name = c.nameOf(req)
	source := canonical(req.SourceID)
	agent, err := c.client.CloneAgent(ctx, source, clone)
	if err != nil {
		c.client.dates.Note(nil, err)
		return agentcopy.Copy{}, err
	}
	c.client.dates.Note(agent.Response, nil)
	return agentcopy.Copy{
		Provider: vendor.Name, SourceID: source, ID: canonical(agent.ID), Name: agent.Name,
		CreatedAt: agent.CreatedAt.Time, Body: agent.Response.Body, Attempts: agent.Response.Attempts,
	}, nil
}

// canonical is a UUID in the one form by which IDs are compared.
func canonical(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

func (c copier) nameOf(req agentcopy.CopyRequest) string { return cmp.Or(req.Name, c.template.Name) }

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	name, source := c.nameOf(req), canonical(req.SourceID)
	if err := transport.CheckUUID(vendor, findCopies, "SourceID", source); err != nil {
		return nil, err
	}
	if err := checkListed(name); err != nil {
		return nil, err
	}
	get := func(id string) (*Agent, error) { return c.client.get(ctx, id, GetAgentRequest{}, vendorkit.NoCache()) }
	finder := &vendorkit.Finder[Agent, string]{
		Lister: lister,
		Dates:  c.client.dates,
		Name:   name,
		Since:  since,
		Sorted: true,
		Show:   func(a *Agent) vendorkit.Shown { return shown(a, source) },
		Named: func() iter.Seq2[*Agent, error] {
			return lister.List(c.client.pages(ctx, name, "", vendorkit.NoCache()))
		},
		// The API of LangSmith's fleet lists agents for one audience at a time, user by
		// default. This one documents no such parameter, and may behave alike.
		Beside: func() iter.Seq2[*Agent, error] {
			return lister.List(c.client.pages(ctx, "", "tenant", vendorkit.NoCache()))
		},
		SourceID: source,
		Source:   func() (*Agent, error) { return get(source) },
		Whole:    func(a *Agent) (*Agent, error) { return get(a.ID) },
		Differs:  differs,
		Known:    c.known,
	}
	found, err := finder.Find(c.client.pages(ctx, "", "", vendorkit.NoCache()))
	if err != nil {
		return nil, err
	}
	return found.Result(vendor.Name)
}

func shown(a *Agent, source string) vendorkit.Shown {
	id := canonical(a.ID)
	return vendorkit.Shown{
		Provider: vendor.Name, SourceID: source, ID: id, Name: a.Name,
		Created: a.CreatedAt, Updated: a.UpdatedAt, Response: a.Response, Out: id != "" && id == source,
	}
}

// differs reports whether agent differs from source in what a clone has of it, as
// far as both show it.
func differs(source, agent *Agent) bool {
	return vendorkit.Conflict(source.Runtime.Model.ModelID, agent.Runtime.Model.ModelID) ||
		vendorkit.Conflict(source.Backend.Type, agent.Backend.Type) ||
		vendorkit.Conflict(source.SystemPrompt, agent.SystemPrompt) ||
		vendorkit.Conflict(namesOf(source.Tools.Tools, func(t ToolSpec) string { return t.Name }),
			namesOf(agent.Tools.Tools, func(t ToolSpec) string { return t.Name })) ||
		vendorkit.Conflict(namesOf(source.Subagents, func(s SubagentSpec) string { return s.Name }),
			namesOf(agent.Subagents, func(s SubagentSpec) string { return s.Name })) ||
		vendorkit.Conflict(namesOf(source.Skills, func(s SkillSpec) string { return s.Name }),
			namesOf(agent.Skills, func(s SkillSpec) string { return s.Name }))
}

// namesOf is the names of a list in one text, in whatever order they come; "" if
// there are none.
func namesOf[T any](items []T, name func(T) string) string {
	var all []string
	for _, item := range items {
		all = append(all, name(item))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	made := c.template
	made.Name = "" // it is the SearchKey
	document, _ := json.Marshal(struct {
		CloneAgentRequest
		UserTimezone string `json:"user_timezone,omitzero"`
	}{made, made.UserTimezone}) // texts and lists of texts always marshal
	return agentcopy.Identity{
		Provider:  vendor.Name,
		Origin:    c.client.transport.Origin(),
		Account:   canonical(c.client.transport.Header(workspaceHeader)),
		Template:  string(document),
		SourceID:  canonical(req.SourceID),
		SearchKey: c.nameOf(req),
		Traced:    true,
	}
}
