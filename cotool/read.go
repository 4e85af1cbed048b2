package cotool

import (
	"context"
	"iter"
	"strings"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

var agents = &vendorkit.Agents[Agent, string]{
	Vendor:   vendor,
	ID:       func(a *Agent) string { return strings.TrimSpace(a.ID) },
	Name:     func(a *Agent) string { return a.Name },
	Received: (*Agent).received,
}

// ListAgentsRequest narrows [Client.ListAgents].
type ListAgentsRequest struct {
	// Name, if it is set, lists only agents of exactly that name. Cotool has no
	// such filter: the whole list is read, and the client picks them out.
	Name string
}

// ListAgents yields the agents of the organization, in the order in which
// Cotool sends them, which it does not document. They come in one answer. An
// error is yielded once, with a nil agent, and ends the sequence. Ranging over the
// sequence again asks Cotool again.
//
// Cotool does not document whether parked and deleted agents are listed: check
// DeletedAt.
//
// Cotool: GET /api/agents,
// https://docs.cotool.ai/api-reference/agents/list-all-agents
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	return agents.Named(req.Name, c.pages(ctx))
}

// pages gets the list, which is one page.
func (c *Client) pages(ctx context.Context) vendorkit.Pages[Agent] {
	request := func(int, string) *transport.Request {
		return &transport.Request{Op: vendorkit.ListAgents, Path: agentsPath}
	}
	page := func(_ int, agents *[]Agent) vendorkit.Page[Agent] { return vendorkit.Page[Agent]{Items: *agents} }
	return vendorkit.Fetch(ctx, c.made(), request, verifyList, page)
}

func verifyList(agents *[]Agent) error {
	if *agents == nil {
		return transport.ErrNoList
	}
	return nil
}

// GetAgent returns the agent agentID. Cotool does not document whether it shows a
// parked or deleted agent; if it does, DeletedAt is set.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. A 404
// is [agentcopy.ErrNotFound]; Cotool does not document when it sends one.
//
// Cotool: GET /api/agents/{agentId},
// https://docs.cotool.ai/api-reference/agents/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckUUID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := &transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID}
	return transport.Do(ctx, c.made().Transport, request, agents.Verify, agents.Received)
}
