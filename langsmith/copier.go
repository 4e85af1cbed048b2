package langsmith

import (
	"cmp"
	"context"
	"encoding/json"
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
	return copier{&Client{c.made().ForCopier()}, template}
}

type copier struct {
	client   *Client
	template CloneAgentRequest
}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	clone := c.template
	clone.Name = c.nameOf(req)
	source := canonical(req.SourceID)
	agent, err := c.client.CloneAgent(ctx, source, clone)
	if err != nil {
		return agentcopy.Copy{}, c.client.kit.CopyFailed(err)
	}
	return c.client.kit.Copy(source, shown(agent)), nil
}

// canonical is a UUID in the one form by which IDs are compared.
func canonical(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

func (c copier) nameOf(req agentcopy.CopyRequest) string { return cmp.Or(req.Name, c.template.Name) }

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	name, source := c.nameOf(req), canonical(req.SourceID)
	if err := transport.CheckUUID(vendor, vendorkit.FindCopies, "SourceID", source); err != nil {
		return nil, err
	}
	if err := checkListed(name); err != nil {
		return nil, err
	}
	get := func(id string) (*Agent, error) { return c.client.GetAgent(ctx, id, GetAgentRequest{}) }
	finder := &vendorkit.Finder[Agent, string]{
		Client: c.client.kit,
		Agents: agents,
		Name:   name,
		Since:  since,
		Sorted: true,
		Show:   shown,
		Named:  c.client.pages(ctx, name, ""),
		// The API of LangSmith's fleet lists agents for one audience at a time, user by
		// default. This one documents no such parameter, and may behave alike.
		Beside:   c.client.pages(ctx, "", "tenant"),
		SourceID: source,
		Source:   func() (*Agent, error) { return get(source) },
		Whole:    func(a *Agent) (*Agent, error) { return get(a.ID) },
		Compared: compared,
	}
	return finder.Find(c.client.pages(ctx, "", "")).Result()
}

func shown(a *Agent) vendorkit.Shown {
	return vendorkit.Shown{ID: canonical(a.ID), Name: a.Name, Created: a.CreatedAt, Updated: a.UpdatedAt, Response: a.Response}
}

// compared is what a clone has of its source.
func compared(a *Agent) []string {
	return []string{
		a.Runtime.Model.ModelID,
		string(a.Backend.Type),
		a.SystemPrompt,
		vendorkit.Names(a.Tools.Tools, func(t ToolSpec) string { return t.Name }),
		vendorkit.Names(a.Subagents, func(s SubagentSpec) string { return s.Name }),
		vendorkit.Names(a.Skills, func(s SkillSpec) string { return s.Name }),
	}
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	made := c.template
	made.Name = "" // it is the SearchKey
	document, _ := json.Marshal(struct {
		CloneAgentRequest
		UserTimezone string `json:"user_timezone,omitzero"`
	}{made, made.UserTimezone}) // texts and lists of texts always marshal
	identity := c.client.kit.Identity(canonical(req.SourceID), c.nameOf(req))
	identity.Account = canonical(c.client.kit.Transport.Header(workspaceHeader))
	identity.Template = string(document)
	return identity
}
