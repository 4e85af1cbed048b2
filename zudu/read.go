package zudu

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// pageSize is the most agents that Zudu puts on a page.
const pageSize = 100

// Newest first: an agent that is made while the list is read pushes others to
// the next page, where they are recognised, rather than off it.
const (
	sortBy    = "created_at"
	sortOrder = "descending"
)

// findAgents is ListAgents by name.
var findAgents = &transport.Operation{Name: "ListAgents", Method: http.MethodPost, Endpoint: transport.ListEndpoint}

var agents = &vendorkit.Agents[Agent, string]{
	Vendor:   vendor,
	ID:       func(a *Agent) string { return strings.TrimSpace(a.AgentID) },
	Name:     func(a *Agent) string { return strings.TrimSpace(a.AgentName) },
	Received: (*Agent).received,
}

// ListAgentsRequest narrows [Client.ListAgents].
type ListAgentsRequest struct {
	// Name, if it is set, lists only agents of exactly that name. White space
	// around it is ignored, on either side, since Zudu trims names. A blank
	// Name, which no agent can have, is [agentcopy.ErrInvalid].
	Name string
}

// ListAgents yields the agents of the organization, newest first. Pages are fetched as
// the loop needs them. An error is yielded once, with a nil agent, and ends the
// sequence. Ranging over the sequence again lists the agents anew.
//
// A list shows at least the ID and name of an agent; Zudu does not say what else.
// [Client.GetAgent] shows all of it.
//
// Zudu: GET /api/agents, https://docs.zudu.ai/api-reference/agents/get-agents,
// and with a Name POST /api/agents, https://docs.zudu.ai/api-reference/agents/post-agents
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	name := strings.TrimSpace(req.Name)
	switch {
	case name == "" && req.Name != "":
		return vendorkit.Failed[Agent](transport.Invalid(vendor, vendorkit.ListAgents.Name, "Name", "is blank"))
	case !utf8.ValidString(name):
		return vendorkit.Failed[Agent](transport.Invalid(vendor, vendorkit.ListAgents.Name, "Name", "is not valid UTF-8"))
	}
	return agents.Named(name, c.pages(ctx, name))
}

// pages gets the pages of the agents that Zudu finds by name, which may include others,
// of all for "".
func (c *Client) pages(ctx context.Context, name string) vendorkit.Pages[Agent] {
	return vendorkit.Fetch(ctx, c.made(), func(number int, _ string) *transport.Request {
		if name == "" {
			return listPage(number)
		}
		return findPage(number, name)
	}, verifyList, func(number int, answer *envelope[listData]) vendorkit.Page[Agent] {
		p := answer.Data.Pagination
		more, unsure := p.more(number, len(answer.Data.Agents))
		return vendorkit.Page[Agent]{Items: answer.Data.Agents, More: more, Unsure: unsure, Total: max(p.Total, p.TotalCount)}
	})
}

// listPage asks for a page of all agents.
func listPage(number int) *transport.Request {
	return &transport.Request{Op: vendorkit.ListAgents, Path: agentsPath, Query: url.Values{
		"page":       {strconv.Itoa(number)},
		"limit":      {strconv.Itoa(pageSize)},
		"sort_by":    {sortBy},
		"sort_order": {sortOrder},
	}}
}

// findPage asks for a page of the agents whose name matches name. Whether that
// means equal or similar, Zudu does not say.
func findPage(number int, name string) *transport.Request {
	return &transport.Request{Op: findAgents, Path: agentsPath, Body: map[string]any{
		"page":            number,
		"limit":           pageSize,
		"sort_by":         sortBy,
		"sort_order":      sortOrder,
		"filter_criteria": map[string][]string{"agent_name": {name}},
	}}
}

// listData is the data of a list's answer.
type listData struct {
	Agents     []Agent    `json:"agents"`
	Pagination pagination `json:"pagination"`
}

// pagination is where in the list a page stands. Each generation of the API
// has its own fields, and Zudu's example of a list by filter has none at all.
type pagination struct {
	Limit       int             `json:"limit"`
	TotalPages  int             `json:"total_pages"`
	Total       int             `json:"total"`         // of agents; of the first generation
	TotalCount  int             `json:"total_count"`   // the same; of the second
	HasNextPage json.RawMessage `json:"has_next_page"` // of the second generation
}

// more reports whether a page follows the one with the given number, which holds count
// agents, and whether that is a guess: where the answer does not say, a full page may
// be followed by another. A short one is taken for the last, although the server may
// hold fewer agents on a page than it was asked for.
func (p *pagination) more(number, count int) (more, unsure bool) {
	switch next := string(p.HasNextPage); {
	case next == "true" || next == "false":
		return next == "true", false
	case p.TotalPages > 0:
		return number+1 < p.TotalPages, false
	}
	full := pageSize
	if p.Limit > 0 { // it may be less than was asked for
		full = min(full, p.Limit)
	}
	return count >= full, count < full
}

func verifyList(answer *envelope[listData]) error {
	switch {
	case answer.failed():
		return transport.ErrRefused
	case answer.Data.Agents == nil:
		return transport.ErrNoList
	}
	return nil
}

// GetAgent returns the agent agentID with all of its configuration.
//
// An agentID that is empty, ".", or ".." is [agentcopy.ErrInvalid], and nothing is
// sent. An agent that does not exist in the organization of the credentials is
// [agentcopy.ErrNotFound].
//
// Zudu: GET /api/agents/{agentId}/full,
// https://docs.zudu.ai/api-reference/agents/get-full
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	return c.agent(ctx, &transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID, Action: "/full"})
}

// agent sends a request that an agent answers.
func (c *Client) agent(ctx context.Context, req *transport.Request) (*Agent, error) {
	answer, err := transport.Do(ctx, c.made().Transport, req, verifyAgent, func(e *envelope[Agent], r *agentcopy.Response) { e.Data.received(r) })
	if err != nil {
		return nil, err
	}
	return &answer.Data, nil
}

// envelope is what every answer of Zudu is wrapped in.
type envelope[T any] struct {
	Status string `json:"status"`
	Data   T      `json:"data"`
}

// failed reports whether the answer says itself that the call failed, whatever
// its status.
func (e *envelope[T]) failed() bool { return strings.EqualFold(e.Status, "error") }

func verifyAgent(answer *envelope[Agent]) error {
	if answer.failed() {
		return transport.ErrRefused
	}
	return agents.Verify(&answer.Data)
}
