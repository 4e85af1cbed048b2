package agentcopytest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// ordered returns all agents in the order that a request asks for, by compare or
// against it; a nil compare is the order in which they came. Equal ones stay in that
// order, or the opposite one.
func (s *store[A]) ordered(compare func(a, b *A) int, descending bool) []*entry[A] {
	order := s.quirks.ListOrder
	switch order {
	case OrderOldest:
		compare, descending = nil, false
	case OrderNewest:
		compare, descending = nil, true
	case OrderName:
		compare, descending = s.byName, false
	}
	agents := slices.Clone(s.all)
	if compare != nil {
		slices.SortStableFunc(agents, func(a, b *entry[A]) int { return compare(&a.agent, &b.agent) })
	}
	if descending {
		slices.Reverse(agents)
	}
	if order == OrderShuffled {
		s.random.Shuffle(len(agents), func(i, j int) { agents[i], agents[j] = agents[j], agents[i] })
	}
	return agents
}

// comparison is how a list is sorted by one of the three things that vendors sort
// by; nil for any other.
func (s *store[A]) comparison(by, name string) func(a, b *A) int {
	switch by {
	case s.kind.stamps.created:
		return func(a, b *A) int { return s.kind.head(a).created.Compare(s.kind.head(b).created.Time) }
	case s.kind.stamps.updated:
		return func(a, b *A) int { return s.kind.head(a).updated.Compare(s.kind.head(b).updated.Time) }
	case name:
		return s.byName
	}
	return nil
}

func (s *store[A]) byName(a, b *A) int { return strings.Compare(s.nameOf(a), s.nameOf(b)) }

// visible returns those of agents that a list shows at c.now, out of those that
// keep accepts.
func (s *store[A]) visible(c *call, agents []*entry[A], keep func(a *A) bool) []*entry[A] {
	flap := s.quirks.FlapLists > 0 && s.random.Float64() < s.quirks.FlapLists
	return slices.DeleteFunc(agents, func(e *entry[A]) bool {
		hidden := e.source != "" && (flap || c.now.Sub(e.made) < s.quirks.ShowAfter)
		return hidden || !keep(&e.agent)
	})
}

// filtered reports whether a filter by name lets an agent through that asks for
// text.
func (s *store[A]) filtered(a *A, text string) bool {
	name := s.nameOf(a)
	switch s.quirks.NameFilter {
	case FilterIgnored:
		return true
	case FilterExact:
		return name == text
	case FilterPrefix:
		return strings.HasPrefix(name, text)
	case FilterCase:
		return strings.Contains(name, text)
	}
	return strings.Contains(strings.ToLower(name), strings.ToLower(text))
}

// pageSize is how many agents a page holds for which so many are asked.
func (s *store[A]) pageSize(asked int) int {
	return min(asked, cmp.Or(s.quirks.PageSize, asked))
}

// page returns the page with the given number, counted from 0, and how many
// pages of that size there are.
func (s *store[A]) page(agents []*entry[A], number, size int) (page []*entry[A], pages int) {
	if size == 0 {
		return nil, 0
	}
	all := slices.Collect(slices.Chunk(agents, size))
	if s.quirks.RepeatLastPage && len(all) > 0 {
		number = min(number, len(all)-1)
	}
	if number < len(all) {
		page = all[number]
	}
	return page, len(all)
}

// items is what a list shows of agents.
func (s *store[A]) items(agents []*entry[A]) []json.RawMessage {
	items := []json.RawMessage{}
	if s.quirks.NullLists {
		items = nil
	}
	for _, e := range agents {
		if e.item == nil {
			o := s.kind.item(&e.agent)
			o.drop(s.quirks.ListLacks...)
			e.item = encode(o)
		}
		items = append(items, e.item)
	}
	return items
}
