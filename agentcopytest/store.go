package agentcopytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// store holds the agents of one vendor by their IDs. What a stored agent points
// to never changes, so a copy shares it. The server's lock guards the rest.
type store[A any] struct {
	form  func(n int) string // the n-th ID that the vendor gives
	given int
	byID  map[string]*A
	all   []*A // in the order they came
}

func newStore[A any](form func(n int) string) *store[A] {
	return &store[A]{form: form, byID: make(map[string]*A)}
}

// newID is an ID that no agent has.
func (s *store[A]) newID() string {
	for {
		s.given++
		if id := s.form(s.given); s.byID[id] == nil {
			return id
		}
	}
}

func (s *store[A]) put(id string, a A) {
	if s.byID[id] != nil {
		misuse("AddAgent: there is an agent %s already", id)
	}
	s.byID[id] = &a
	s.all = append(s.all, &a)
}

// misuse ends a test that asks for what makes no sense.
func misuse(format string, args ...any) {
	panic("agentcopytest: " + fmt.Sprintf(format, args...))
}

// cloneOf copies an agent with all that it points to, so that neither a test nor
// a copy changes the original. Agents carry the vendor's JSON keys, so JSON can
// do it.
func cloneOf[A any](a *A) (clone A) {
	data, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(data, &clone)
	}
	if err != nil {
		misuse("AddAgent: the agent cannot be written as JSON: %v", err)
	}
	return clone
}

// stamp is the time of t, or else fallback, as precise as the vendor shows it.
func stamp(t agentcopy.Time, fallback time.Time, precision time.Duration) agentcopy.Time {
	if t.IsZero() {
		t.Time = fallback
	}
	return agentcopy.Time{Time: t.UTC().Truncate(precision)}
}

// listed is a slice that JSON writes as [] when it is empty, as the vendors do.
func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// sorted returns items in the order of compare, or in the opposite one. Equal
// ones stay in the order they came, or in the opposite one.
func sorted[T any](items []T, compare func(a, b T) int, descending bool) []T {
	items = slices.Clone(items)
	slices.SortStableFunc(items, compare)
	if descending {
		slices.Reverse(items)
	}
	return items
}

// pageOf returns the page with the given number, counted from 0, and how many
// pages of that size there are.
func pageOf[T any](items []T, number, size int) (page []T, pages int) {
	if size == 0 {
		return nil, 0
	}
	pages = (len(items) + size - 1) / size
	if number >= pages {
		return nil, pages
	}
	return items[number*size : min(len(items), (number+1)*size)], pages
}

// fill sets a field that the test has left at zero.
func fill[T comparable](field *T, v T) {
	var zero T
	if *field == zero {
		*field = v
	}
}
