package vendorkit

import (
	"fmt"
	"iter"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// maxPages ends a list that no server has, whatever its answers promise.
const maxPages = 10_000

// Lister turns the pages of a vendor's list into a sequence of agents, of type
// A with an ID of type K.
type Lister[A any, K comparable] struct {
	Vendor    *transport.Vendor
	Operation string
	ID        func(*A) K                    // the zero K if the agent has none
	Received  func(*A, *agentcopy.Response) // completes an agent of a page
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

// List yields the agents of all pages. fetch gets one page; it is told its
// number, from 0, and the cursor that the page before it gave. A page is fetched
// when the loop comes to it, so that breaking off the loop fetches no more.
//
// Agents that move from one page to the next while the list is read are yielded
// once. The list ends with an error where the server would make it go round in
// circles: ending it quietly might lose agents.
func (l Lister[A, K]) List(fetch func(number int, cursor string) (Page[A], error)) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) {
		seen := make(map[K]bool)
		cursors := make(map[string]bool)
		for number, cursor := 0, ""; ; number++ {
			page, err := fetch(number, cursor)
			if err != nil {
				yield(nil, err)
				return
			}
			known := len(seen)
			if !l.yieldNew(page, seen, yield) {
				return
			}
			if reason := faultOfPage(page, number, len(seen) > known, cursors); reason != "" {
				yield(nil, l.fault(page.Response, number, reason))
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
func (l Lister[A, K]) yieldNew(page Page[A], seen map[K]bool, yield func(*A, error) bool) bool {
	var none K
	for i := range page.Items {
		item := &page.Items[i]
		id := l.ID(item)
		if seen[id] {
			continue
		}
		if id != none {
			seen[id] = true
		}
		l.Received(item, page.Response)
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
func (l Lister[A, K]) fault(r *agentcopy.Response, number int, reason string) *agentcopy.Error {
	return &agentcopy.Error{
		Provider:   l.Vendor.Name,
		Operation:  l.Operation,
		Outcome:    agentcopy.OutcomeNotCopied,
		StatusCode: r.StatusCode,
		Message:    fmt.Sprintf("page %d of the list %s", number+1, reason),
		RequestID:  r.RequestID,
		Header:     r.Header,
		Body:       transport.KeptBody(r.Body),
		Attempts:   r.Attempts,
	}
}

// Only yields the agents of seq that keep accepts, and its error.
func Only[A any](seq iter.Seq2[*A, error], keep func(*A) bool) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) {
		for item, err := range seq {
			if (err != nil || keep(item)) && !yield(item, err) {
				return
			}
		}
	}
}

// Failed is the list that ends with err before anything is sent.
func Failed[A any](err error) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) { yield(nil, err) }
}
