package kolena

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// Copier returns the client as an [agentcopy.Copier], for [once.Runner] and for
// programs that copy on several vendors. Every copy is made with template; the name of
// a request replaces the template's. IDs are decimal numbers: any other SourceID is
// [agentcopy.ErrInvalid], and "0123" and "+123" are 123. It treats
// [agentcopy.RetryAlways] as RetrySafe, which makes no second copy.
//
// Its FindCopies reads the whole list, since Kolena has no search and documents no
// order, and judges the agents by the rules of [agentcopy.MatchAgent]. If the template
// names a workspace, agents of other workspaces are left out. It assumes that a stamp
// without a zone is UTC, which Kolena does not say. If it is not, a copy of the name
// or a near one is possible rather than certain.
//
// An agent of another name that was made since the request is possible, since the
// server may have changed the name. It is left out if its objective or its prompts
// differ from those of the source, which a copy shares, and neither agent was edited
// since.
func (c *Client) Copier(template CopyAgentRequest) agentcopy.Copier {
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
	template CopyAgentRequest
	known    *vendorkit.Differences
}

// findCopies is what faults of a request to find copies are reported under.
var findCopies = &transport.Operation{Name: "FindCopies", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	source, err := sourceOf(copyAgent, req)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	request := c.template
	request.Name = c.nameOf(req)
	agent, err := c.client.CopyAgent(ctx, source, request)
	if err != nil {
		c.client.dates.Note(nil, err)
		return agentcopy.Copy{}, err
	}
	c.client.dates.Note(agent.Response, nil)
	return agentcopy.Copy{
		Provider: vendor.Name, SourceID: decimal(source), ID: decimal(agent.ID), Name: agent.Name,
		CreatedAt: agent.Created.Time, Body: agent.Response.Body, Attempts: agent.Response.Attempts,
	}, nil
}

func sourceOf(op *transport.Operation, req agentcopy.CopyRequest) (int64, error) {
	id, err := strconv.ParseInt(req.SourceID, 10, 64)
	if err != nil {
		return 0, transport.Invalid(vendor, op.Name, "SourceID", "is not a number, as Kolena's agent IDs are")
	}
	return id, nil
}

func (c copier) nameOf(req agentcopy.CopyRequest) string { return cmp.Or(req.Name, c.template.Name) }

func (c copier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	source, err := sourceOf(findCopies, req)
	if err == nil {
		err = checkID(findCopies, "SourceID", source)
	}
	name := c.nameOf(req)
	if err == nil && strings.TrimSpace(name) == "" {
		err = transport.Invalid(vendor, findCopies.Name, "Name", "is empty or blank")
	}
	if err != nil {
		return nil, err
	}
	var listed *Agent // the source, as the list shows it
	finder := &vendorkit.Finder[Agent, int64]{
		Lister: lister,
		Dates:  c.client.dates,
		Name:   name,
		Since:  since,
		Show: func(a *Agent) vendorkit.Shown {
			if a.ID == source {
				listed = a
			}
			return c.shown(a, source)
		},
		SourceID: decimal(source),
		Source: func() (*Agent, error) {
			if listed != nil {
				return listed, nil
			}
			return c.client.get(ctx, source, vendorkit.NoCache())
		},
		Differs: differs,
		Known:   c.known,
	}
	found, err := finder.Find(c.client.pages(ctx, vendorkit.NoCache()))
	if err != nil {
		return nil, err
	}
	return found.Result(vendor.Name)
}

func (c copier) shown(a *Agent, source int64) vendorkit.Shown {
	s := vendorkit.Shown{
		Provider: vendor.Name, SourceID: decimal(source), ID: decimal(a.ID), Name: a.Name,
		Created: a.Created, Updated: a.Updated, Response: a.Response, Out: a.ID == source,
	}
	switch workspace := c.template.TargetWorkspaceID; {
	case workspace == 0 || a.WorkspaceID == workspace:
	case a.WorkspaceID == 0:
		s.Doubt = fmt.Sprintf("named %q, its workspace cannot be read", a.Name)
	default:
		s.Out = true
	}
	return s
}

// differs reports whether agent has another objective or other prompts than
// source, as far as both show them.
func differs(source, agent *Agent) bool {
	return vendorkit.Conflict(source.Objective, agent.Objective) || vendorkit.Conflict(promptsOf(source), promptsOf(agent))
}

// promptsOf is the names of the prompts of an agent in one text, in whatever order
// they come; "" if there are none.
func promptsOf(a *Agent) string {
	var all []string
	for _, prompt := range a.Prompts {
		all = append(all, prompt.Name)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	source := req.SourceID
	if id, err := sourceOf(findCopies, req); err == nil {
		source = strconv.FormatInt(id, 10)
	}
	document, _ := json.Marshal(struct {
		Workspace int64 `json:"target_workspace_id,omitzero"`
		Folder    int64 `json:"target_folder_id,omitzero"`
	}{c.template.TargetWorkspaceID, c.template.TargetFolderID}) // numbers always marshal
	return agentcopy.Identity{
		Provider:  vendor.Name,
		Origin:    c.client.transport.Origin(),
		Template:  string(document),
		SourceID:  source,
		SearchKey: c.nameOf(req),
		Traced:    true,
	}
}

// decimal is an ID in decimal, "" if it is none.
func decimal(id int64) string {
	if id <= 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
