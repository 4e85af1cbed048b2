package kolena

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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
	return copier{&Client{c.made().ForCopier()}, template}
}

type copier struct {
	client   *Client
	template CopyAgentRequest
}

func (c copier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	source, err := sourceOf(copyAgent, req)
	if err != nil {
		return agentcopy.Copy{}, err
	}
	request := c.template
	request.Name = c.nameOf(req)
	agent, err := c.client.CopyAgent(ctx, source, request)
	if err != nil {
		return agentcopy.Copy{}, c.client.kit.CopyFailed(err)
	}
	return c.client.kit.Copy(decimal(source), c.shown(agent)), nil
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
	source, err := sourceOf(vendorkit.FindCopies, req)
	if err == nil {
		err = checkID(vendorkit.FindCopies, "SourceID", source)
	}
	name := c.nameOf(req)
	if err == nil && strings.TrimSpace(name) == "" {
		err = transport.Invalid(vendor, vendorkit.FindCopies.Name, "Name", "is empty or blank")
	}
	if err != nil {
		return nil, err
	}
	finder := &vendorkit.Finder[Agent, int64]{
		Client:   c.client.kit,
		Agents:   agents,
		Name:     name,
		Since:    since,
		Show:     c.shown,
		SourceID: decimal(source),
		Source:   func() (*Agent, error) { return c.client.GetAgent(ctx, source) },
		Compared: compared,
	}
	return finder.Find(c.client.pages(ctx)).Result()
}

func (c copier) shown(a *Agent) vendorkit.Shown {
	s := vendorkit.Shown{ID: decimal(a.ID), Name: a.Name, Created: a.Created, Updated: a.Updated, Response: a.Response}
	switch workspace := c.template.TargetWorkspaceID; {
	case workspace == 0 || a.WorkspaceID == workspace:
	case a.WorkspaceID == 0:
		s.Doubt = fmt.Sprintf("named %q, its workspace cannot be read", a.Name)
	default:
		s.Out = true
	}
	return s
}

// compared is what a copy has of its source.
func compared(a *Agent) []string {
	return []string{a.Objective, vendorkit.Names(a.Prompts, func(p Prompt) string { return p.Name })}
}

// Identify says what a request stands for; see [agentcopy.Identity].
func (c copier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	source := req.SourceID
	if id, err := sourceOf(vendorkit.FindCopies, req); err == nil {
		source = strconv.FormatInt(id, 10)
	}
	document, _ := json.Marshal(struct {
		Workspace int64 `json:"target_workspace_id,omitzero"`
		Folder    int64 `json:"target_folder_id,omitzero"`
	}{c.template.TargetWorkspaceID, c.template.TargetFolderID}) // numbers always marshal
	identity := c.client.kit.Identity(source, c.nameOf(req))
	identity.Template = string(document)
	return identity
}

// decimal is an ID in decimal, "" if it is none.
func decimal(id int64) string {
	if id <= 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
