package langsmith

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"strings"
	"unicode/utf8"

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
	// Name, if it is set, lists only agents of exactly that name. LangSmith finds
	// agents whose name contains the text it is given, and does not say whether case
	// matters. The client sends the name without the white space around it, and picks
	// out those of exactly the name.
	Name string
}

// ListAgents yields the agents that the caller owns, newest first; LangSmith lists
// neither those that others share nor its own default agents. Pages are fetched as the
// loop needs them. An error is yielded once, with a nil agent, and ends the sequence.
// Ranging over the sequence again lists the agents anew.
//
// A list shows less of an agent than [Client.GetAgent]; see [Agent].
//
// LangSmith: GET /agents, as the API's last published document says.
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	if err := checkListed(req.Name); err != nil {
		return vendorkit.Failed[Agent](err)
	}
	return agents.Named(req.Name, c.pages(ctx, req.Name, ""))
}

// checkListed refuses a name that cannot be asked for.
func checkListed(name string) error {
	if !utf8.ValidString(name) {
		return transport.Invalid(vendor, vendorkit.ListAgents.Name, "Name", "is not valid UTF-8")
	}
	return nil
}

// pages gets the pages of the agents whose name contains name, of all for "", as they
// are listed for audience, "" for LangSmith's default.
func (c *Client) pages(ctx context.Context, name, audience string) vendorkit.Pages[Agent] {
	return vendorkit.Fetch(ctx, c.made(), func(_ int, cursor string) *transport.Request {
		return listPage(name, audience, cursor)
	}, verifyList, func(_ int, answer *listAnswer) vendorkit.Page[Agent] {
		next, _ := answer.cursor() // verifyList has read it
		return vendorkit.Page[Agent]{Items: answer.Items, More: next != "", Cursor: next}
	})
}

// listPage asks for the page that cursor stands for, "" for the first. Newest
// first: what is made while the list is read comes before what is still to come.
func listPage(name, audience, cursor string) *transport.Request {
	query := url.Values{"page_size": {"100"}, "sort_by": {"created_at"}, "sort_order": {"desc"}}
	for key, value := range map[string]string{"name": strings.TrimSpace(name), "audience": audience, "cursor": cursor} {
		if value != "" {
			query.Set(key, value)
		}
	}
	return &transport.Request{Op: vendorkit.ListAgents, Path: agentsPath, Query: query}
}

// listAnswer is one page of the list.
type listAnswer struct {
	Items      []Agent         `json:"items"`
	NextCursor json.RawMessage `json:"next_cursor"`
}

var errCursor = errors.New("the answer's next_cursor is not text: the list cannot be read on")

// cursor is the cursor of the next page, "" if this page is the last.
func (a *listAnswer) cursor() (string, error) {
	if a.NextCursor == nil {
		return "", nil
	}
	var cursor string
	if err := json.Unmarshal(a.NextCursor, &cursor); err != nil {
		return "", errCursor
	}
	return cursor, nil
}

// verifyList refuses a page whose items are null or missing. LangSmith promises no
// field, but a search for a copy must not take such an answer for an empty list.
func verifyList(answer *listAnswer) error {
	if answer.Items == nil {
		return transport.ErrNoList
	}
	_, err := answer.cursor()
	return err
}

// GetAgentRequest has the options of [Client.GetAgent].
type GetAgentRequest struct {
	// IncludeFiles asks for the agent's Files.
	IncludeFiles bool
}

// GetAgent returns the agent agentID, with its Files if req asks for them.
//
// An agentID that is not a UUID is [agentcopy.ErrInvalid], and nothing is sent. An
// agent that does not exist, and one that the key has no access to, are
// [agentcopy.ErrNotFound].
//
// LangSmith: GET /agents/{agent_id}, as the API's last published document says.
func (c *Client) GetAgent(ctx context.Context, agentID string, req GetAgentRequest) (*Agent, error) {
	if err := transport.CheckUUID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	request := &transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID, Query: filesQuery(req.IncludeFiles)}
	return transport.Do(ctx, c.made().Transport, request, agents.Verify, agents.Received)
}
