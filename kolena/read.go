package kolena

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strconv"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// pageSize is how many agents are asked for at once. Kolena allows 1,000, but
// sends each with all its prompts.
const pageSize = 200

var agents = &vendorkit.Agents[Agent, int64]{
	Vendor:   vendor,
	ID:       func(a *Agent) int64 { return max(a.ID, 0) },
	Name:     func(a *Agent) string { return a.Name },
	Received: (*Agent).received,
}

// ListAgentsRequest narrows [Client.ListAgents].
type ListAgentsRequest struct {
	// Name, if it is set, lists only agents of exactly that name. Kolena has no such
	// filter: the whole list is read, and the client picks them out.
	Name string
}

// ListAgents yields the agents that the user of the key may see, in the order in which
// Kolena sends them, which it does not document. Pages are fetched as the loop needs
// them. An error is yielded once, with a nil agent, and ends the sequence. Ranging
// over the sequence again lists the agents anew.
//
// Kolena allows 600 pages a minute per user; the loop waits for its turn.
//
// Kolena: GET /api/v1/client/agents,
// https://docs.agents.kolena.com/api-reference/list-agents
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	return agents.Named(req.Name, c.pages(ctx))
}

// pages gets the pages of the list.
func (c *Client) pages(ctx context.Context) vendorkit.Pages[Agent] {
	return vendorkit.Fetch(ctx, c.made(), func(number int, _ string) *transport.Request {
		return &transport.Request{Op: vendorkit.ListAgents, Path: agentsPath, Query: url.Values{
			"page_number": {strconv.Itoa(number)},
			"page_size":   {strconv.Itoa(pageSize)},
		}}
	}, verifyList, func(number int, answer *listAnswer) vendorkit.Page[Agent] {
		more := number+1 < answer.TotalPages || number > 0 && answer.TotalPages <= 0 // then it does not rule it out
		return vendorkit.Page[Agent]{Items: answer.Agents, More: more, Total: answer.TotalPages}
	})
}

// listAnswer is one page of the list. Its page_size is how many agents the page holds,
// not how many there are.
type listAnswer struct {
	Agents     []Agent `json:"agents"`
	TotalPages int     `json:"total_pages"`
}

var errNoTotal = errors.New("the answer does not say how many pages the list has")

func verifyList(answer *listAnswer) error {
	switch {
	case answer.Agents == nil:
		return transport.ErrNoList
	case len(answer.Agents) > 0 && answer.TotalPages <= 0:
		return errNoTotal
	}
	return nil
}

// GetAgent returns the agent agentID.
//
// An agentID that is not positive is [agentcopy.ErrInvalid], and nothing is sent; this
// rule is ours. Kolena allows 1,200 calls a minute per user; the call waits for its
// turn. It documents no errors; a 404 is [agentcopy.ErrNotFound].
//
// Kolena: GET /api/v1/client/agents/{agent_id},
// https://docs.agents.kolena.com/api-reference/get-agent
func (c *Client) GetAgent(ctx context.Context, agentID int64) (*Agent, error) {
	if err := checkID(vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := &transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: strconv.FormatInt(agentID, 10)}
	return transport.Do(ctx, c.made().Transport, request, agents.Verify, agents.Received)
}
