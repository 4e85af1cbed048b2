package vendorkit

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// maxPages ends a list that no server has, whatever its answers promise.
const maxPages = 10_000

// The reads of all vendors.
var (
	GetAgent   = &transport.Operation{Name: "GetAgent", Method: http.MethodGet, Endpoint: transport.GetEndpoint}
	ListAgents = &transport.Operation{Name: "ListAgents", Method: http.MethodGet, Endpoint: transport.ListEndpoint}
)

// Agents are the agents of a vendor, of type A with an ID of type K.
type Agents[A any, K comparable] struct {
	Vendor   *transport.Vendor
	ID       func(*A) K // the zero K if the agent has none
	Name     func(*A) string
	Received func(*A, *agentcopy.Response) // completes an agent of an answer
}

// Verify is transport.ErrNoID for an agent without an ID.
func (a *Agents[A, K]) Verify(agent *A) error {
	var none K
	if a.ID(agent) == none {
		return transport.ErrNoID
	}
	return nil
}

// Page is one page of a list.
type Page[A any] struct {
	Items    []A
	More     bool   // another page follows, or the answer does not rule it out
	Unsure   bool   // that none follows is a guess: a Finder asks for it
	Cursor   string // of that page, where the vendor has cursors
	Total    int    // of agents or of pages, as this page says; 0 if it does not
	Response *agentcopy.Response
}

// Pages gets a page of a list. It is told the page's number, from 0, and the cursor that
// the page before it gave.
type Pages[A any] func(number int, cursor string) (Page[A], error)

// Fetch returns the pages that c gets. request asks for one, and page reads the answer,
// except for the Response.
func Fetch[T, A any](ctx context.Context, c *Client, request func(number int, cursor string) *transport.Request, verify func(*T) error, page func(number int, answer *T) Page[A]) Pages[A] {
	return func(number int, cursor string) (Page[A], error) {
		var response *agentcopy.Response
		answer, err := transport.Do(ctx, c.Transport, request(number, cursor), verify, func(_ *T, r *agentcopy.Response) { response = r })
		if err != nil {
			return Page[A]{}, err
		}
		p := page(number, answer)
		p.Response = response
		return p, nil
	}
}

// Named yields the agents of exactly that name, all for "". See List.
func (a *Agents[A, K]) Named(name string, pages Pages[A]) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) {
		for agent, err := range a.List(pages) {
			if (err != nil || name == "" || a.Name(agent) == name) && !yield(agent, err) {
				return
			}
		}
	}
}

// List yields the agents of all pages. A page is fetched when the loop comes to it, so
// that breaking off the loop fetches no more.
//
// Agents that move from one page to the next while the list is read are yielded
// once. The list ends with an error where the server would make it go round in
// circles: ending it quietly might lose agents.
func (a *Agents[A, K]) List(pages Pages[A]) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) {
		seen := make(map[K]bool)
		cursors := make(map[string]bool)
		for number, cursor := 0, ""; ; number++ {
			page, err := pages(number, cursor)
			if err != nil {
				yield(nil, err)
				return
			}
			known := len(seen)
			if !a.yieldNew(page, seen, yield) {
				return
			}
			if reason := faultOfPage(page, number, len(seen) > known, cursors); reason != "" {
				yield(nil, a.fault(page.Response, number, reason))
				return
			}
			if !page.More || page.Unsure && len(seen) == known {
				return
			}
			cursor = page.Cursor
			cursors[cursor] = true
		}
	}
}

// yieldNew yields the agents of page that no earlier page had, notes them in
// seen, and reports whether the loop goes on. What has no ID is always new.
func (a *Agents[A, K]) yieldNew(page Page[A], seen map[K]bool, yield func(*A, error) bool) bool {
	var none K
	for i := range page.Items {
		item := &page.Items[i]
		id := a.ID(item)
		if seen[id] {
			continue
		}
		if id != none {
			seen[id] = true
		}
		a.Received(item, page.Response)
		if !yield(item, nil) {
			return false
		}
	}
	return true
}

// faultOfPage says why the list cannot go on after a page, or end with it; ""
// if nothing is wrong. progress means that it had an agent with a new ID.
func faultOfPage[A any](page Page[A], number int, progress bool, cursors map[string]bool) string {
	switch {
	case len(page.Items) == 0 && page.Response.Warning != nil:
		return "holds no agent that can be read: " + page.Response.Warning.Error()
	case !page.More, page.Unsure && !progress:
		return ""
	case page.Cursor != "" && cursors[page.Cursor]:
		return "leads back to an earlier page"
	case !progress:
		return "says that more follow, but holds no agent that was not on an earlier one"
	case number+1 == maxPages:
		return "says that more follow, which is more than any list has"
	}
	return ""
}

// fault is the error for a page whose answer is that of success.
func (a *Agents[A, K]) fault(r *agentcopy.Response, number int, reason string) *agentcopy.Error {
	return &agentcopy.Error{
		Provider:   a.Vendor.Name,
		Operation:  ListAgents.Name,
		Outcome:    agentcopy.OutcomeNotCopied,
		StatusCode: r.StatusCode,
		Message:    fmt.Sprintf("page %d of the list %s", number+1, reason),
		RequestID:  r.RequestID,
		Header:     r.Header,
		Body:       transport.KeptBody(r.Body),
		Attempts:   r.Attempts,
	}
}

// Failed is the list that ends with err before anything is sent.
func Failed[A any](err error) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) { yield(nil, err) }
}
