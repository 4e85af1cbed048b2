package vendorkit_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

var things = vendorkit.Agents[listed, string]{
	Vendor:   &transport.Vendor{Name: "acme"},
	ID:       func(l *listed) string { return l.ID },
	Name:     func(l *listed) string { return l.ID[:1] },
	Received: func(l *listed, r *agentcopy.Response) { l.Response = r },
}

type listed struct {
	ID       string
	Response *agentcopy.Response
}

// pageOf is a page with the given IDs, and a response of its own.
func pageOf(more bool, cursor string, ids ...string) vendorkit.Page[listed] {
	p := vendorkit.Page[listed]{More: more, Cursor: cursor, Response: &agentcopy.Response{StatusCode: http.StatusOK}}
	for _, id := range ids {
		p.Items = append(p.Items, listed{ID: id})
	}
	return p
}

// inTurn fetches each of pages in turn, counts how often, and notes the cursors.
func inTurn(cursors *[]string, pages ...vendorkit.Page[listed]) vendorkit.Pages[listed] {
	return func(number int, cursor string) (vendorkit.Page[listed], error) {
		*cursors = append(*cursors, cursor)
		if number >= len(pages) {
			return vendorkit.Page[listed]{}, errors.New("no such page")
		}
		return pages[number], nil
	}
}

func TestList(t *testing.T) {
	unreadable := pageOf(false, "")
	unreadable.Response.Warning = errors.New("field is odd")
	for name, tt := range map[string]struct {
		pages   []vendorkit.Page[listed]
		ids     string
		fetched int
		fault   string
	}{
		"one page":                    {pages: []vendorkit.Page[listed]{pageOf(false, "", "a", "b")}, ids: "[a b]", fetched: 1},
		"an empty list":               {pages: []vendorkit.Page[listed]{pageOf(false, "")}, ids: "[]", fetched: 1},
		"cursors":                     {pages: []vendorkit.Page[listed]{pageOf(true, "x", "a"), pageOf(true, "y", "b"), pageOf(false, "", "c")}, ids: "[a b c]", fetched: 3},
		"numbers":                     {pages: []vendorkit.Page[listed]{pageOf(true, "", "a"), pageOf(false, "", "b")}, ids: "[a b]", fetched: 2},
		"an agent on two pages":       {pages: []vendorkit.Page[listed]{pageOf(true, "", "a", "b"), pageOf(false, "", "b", "c")}, ids: "[a b c]", fetched: 2},
		"agents without ID":           {pages: []vendorkit.Page[listed]{pageOf(true, "", "", "a", ""), pageOf(false, "", "")}, ids: "[ a  ]", fetched: 2},
		"an empty last page":          {pages: []vendorkit.Page[listed]{pageOf(true, "", "a"), pageOf(false, "")}, ids: "[a]", fetched: 2},
		"an empty page in between":    {pages: []vendorkit.Page[listed]{pageOf(true, "", "a"), pageOf(true, "")}, ids: "[a]", fetched: 2, fault: "page 2 of the list says that more follow"},
		"the same page over and over": {pages: []vendorkit.Page[listed]{pageOf(true, "", "a"), pageOf(true, "", "a")}, ids: "[a]", fetched: 2, fault: "not on an earlier one"},
		"no IDs over and over":        {pages: []vendorkit.Page[listed]{pageOf(true, "", "", "")}, ids: "[ ]", fetched: 1, fault: "not on an earlier one"},
		"a cursor that leads back":    {pages: []vendorkit.Page[listed]{pageOf(true, "x", "a"), pageOf(true, "y", "b"), pageOf(true, "x", "c")}, ids: "[a b c]", fetched: 3, fault: "page 3 of the list leads back"},
		"nothing that can be read":    {pages: []vendorkit.Page[listed]{unreadable}, ids: "[]", fetched: 1, fault: "field is odd"},
	} {
		t.Run(name, func(t *testing.T) {
			var cursors []string
			list := things.List(inTurn(&cursors, tt.pages...))
			items, err := vendortest.Collect(t, list)
			ids := []string{}
			for _, item := range items {
				ids = append(ids, item.ID)
				require.NotNil(t, item.Response)
			}
			require.Equal(t, tt.ids, fmt.Sprint(ids))
			require.Len(t, cursors, tt.fetched)
			for i := range cursors[1:] {
				require.Equal(t, tt.pages[i].Cursor, cursors[i+1])
			}
			if tt.fault == "" {
				require.NoError(t, err)
				return
			}
			e := vendortest.RequireError(t, err)
			require.ErrorContains(t, err, tt.fault)
			require.Equal(t, "ListAgents", e.Operation)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Equal(t, http.StatusOK, e.StatusCode)
		})
	}
}

// A server that makes up agents for ever is left at some point.
func TestListEnds(t *testing.T) {
	fetched := 0
	items, err := vendortest.Collect(t, things.List(func(number int, _ string) (vendorkit.Page[listed], error) {
		fetched++
		return pageOf(true, fmt.Sprint("cursor ", number), fmt.Sprint("thing ", number)), nil
	}))
	require.ErrorContains(t, err, "more than any list has")
	require.Len(t, items, fetched)
	require.Equal(t, 10_000, fetched)
}

func TestListStopsWithTheLoop(t *testing.T) {
	var cursors []string
	list := things.List(inTurn(&cursors, pageOf(true, "", "a", "b"), pageOf(false, "", "c")))
	require.Empty(t, cursors, "nothing is fetched before the loop begins")
	for item, err := range list {
		require.NoError(t, err)
		if item.ID == "b" {
			break
		}
	}
	require.Len(t, cursors, 1)
}

func TestNamed(t *testing.T) {
	var cursors []string
	list := things.Named("a", inTurn(&cursors, pageOf(true, "", "a", "b", "a2"), pageOf(true, "", "c")))
	items, err := vendortest.Collect(t, list)
	require.EqualError(t, err, "no such page", "the error passes")
	require.Len(t, items, 2)

	cursors = nil
	for item := range list {
		if item.ID == "a2" {
			break
		}
	}
	require.Len(t, cursors, 1)
}

func TestFailed(t *testing.T) {
	items, err := vendortest.Collect(t, vendorkit.Failed[listed](errors.New("refused")))
	require.EqualError(t, err, "refused")
	require.Empty(t, items)
}
