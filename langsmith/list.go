package langsmith

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var listAgents = &transport.Operation{Name: "ListAgents", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

var lister = transport.Lister[Agent, string]{
	Vendor:    vendor,
	Operation: listAgents.Name,
	ID:        func(a *Agent) string { return a.ID },
	Received:  (*Agent).received,
}

// ListAgentsRequest narrows [Client.ListAgents].
type ListAgentsRequest struct {
	// Name, if it is set, lists only agents of exactly that name.
	Name string
}

// ListAgents yields the agents that the caller owns, newest first; LangSmith
// lists neither those that others share nor its own default agents. Pages are
// fetched as the loop comes to them; breaking off the loop fetches no more. An
// error is yielded once, with a nil agent, and ends the sequence. The sequence
// may be ranged over again, which asks LangSmith again.
//
// A list shows less of an agent than [Client.GetAgent]; see [Agent].
//
// LangSmith: GET /agents,
// https://docs.langchain.com/langsmith/managed-deep-agents-api/agents/list-agents
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	if err := checkListed(req.Name); err != nil {
		return transport.Failed[Agent](err)
	}
	agents := c.list(ctx, req)
	if req.Name == "" {
		return agents
	}
	// LangSmith's own filter is met by any name that contains the one asked for.
	return transport.Only(agents, func(a *Agent) bool { return a.Name == req.Name })
}

// checkListed refuses a name that cannot be asked for.
func checkListed(name string) error {
	if !utf8.ValidString(name) {
		return transport.Invalid(vendor, listAgents.Name, "Name", "is not valid UTF-8")
	}
	return nil
}

// list yields the agents that LangSmith lists for req.
func (c *Client) list(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	return lister.List(func(_ int, cursor string) (transport.Page[Agent], error) {
		answer, response, err := transport.Do(ctx, c.transport, listPage(req, cursor), verifyList)
		if err != nil {
			return transport.Page[Agent]{}, err
		}
		next, _ := answer.cursor() // verifyList has read it
		return transport.Page[Agent]{Items: answer.Items, More: next != "", Cursor: next, Response: response}, nil
	})
}

// listPage asks for the page that cursor stands for, "" for the first. Newest
// first: what is made while the list is read comes before what is still to come.
func listPage(req ListAgentsRequest, cursor string) transport.Request {
	query := url.Values{"page_size": {"100"}, "sort_by": {"created_at"}, "sort_order": {"desc"}}
	if req.Name != "" {
		query.Set("name", req.Name)
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return transport.Request{Op: listAgents, Path: agentsPath, Query: query}
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

// verifyList accepts a page without items only if it has a cursor, null as it
// may be: LangSmith promises no field, but an answer without any is no list.
func verifyList(answer *listAnswer) error {
	if answer.Items == nil && answer.NextCursor == nil {
		return transport.ErrNoList
	}
	_, err := answer.cursor()
	return err
}
