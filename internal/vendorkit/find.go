package vendorkit

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/names"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

const (
	// maxReadings is how often a list that moves is read.
	maxReadings = 3
	// readBack is how far before the request a sorted list is read.
	readBack = 5 * time.Minute
	// farthestWest is the offset from UTC of the zone that is farthest behind.
	farthestWest = -12 * time.Hour
)

// FindCopies is what faults of a request to find copies are reported under.
var FindCopies = &transport.Operation{Name: "FindCopies", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

// Finder finds the agents that a copy request may have made. The rules are
// those of agentcopy.MatchAgent; the Finder reads the list, notices whether it saw
// all of it, and sets aside what a copy cannot be.
type Finder[A any, K comparable] struct {
	Client *Client // a Copier's
	Agents *Agents[A, K]
	// Name is what was asked for; "" if it is not known.
	Name  string
	Since time.Time
	// Sorted means that the vendor documents that the list comes newest first.
	Sorted bool
	Show   func(*A) Shown

	// Stamped returns an agent that the list shows without a time, as the vendor shows
	// it whole. nil if lists show what there is.
	Stamped func(*A) (*A, error)
	// Named lists the agents of the Name as the vendor's filter finds them. It is
	// asked for what lies beyond the part of the list that is read. nil: there is none.
	Named Pages[A]
	// Beside lists agents that the list may leave out. nil: there are none.
	Beside Pages[A]

	// SourceID is the source's ID in its canonical form.
	SourceID string
	// Source returns the source as the vendor shows it now.
	Source func() (*A, error)
	// Whole returns an agent with all that is Compared. nil if lists show it.
	Whole func(*A) (*A, error)
	// Compared is what a copy has of its source, as the vendor documents. What either
	// of two agents lacks ("") is not compared. nil if nothing can be compared.
	Compared func(*A) []string
}

// Shown is what is shown of an agent, in words that all vendors share.
type Shown struct {
	ID       string // canonical; "" if it cannot be read
	Name     string
	Created  agentcopy.Time
	Updated  agentcopy.Time
	Response *agentcopy.Response
	// Out means that the agent is no candidate whatever its name: it is deleted, or
	// lies where no copy was asked for.
	Out bool
	// Doubt tells a person why the agent may not be the copy although it looks like it;
	// "" if nothing speaks against it.
	Doubt string
}

// CopyFailed is the error that a Copier's Copy returns for err. The Date of its answer is
// remembered, as of a copy.
func (c *Client) CopyFailed(err error) error {
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		c.Dates.staleness(e.Header, e.Attempts)
	}
	return err
}

// Copy is what a Copier's Copy returns for the agent that was made from sourceID.
func (c *Client) Copy(sourceID string, s Shown) agentcopy.Copy {
	c.Dates.Staleness(s.Response) // which remembers the Date
	made := s.copy(c.vendor.Name, sourceID)
	made.Body, made.Attempts = s.Response.Body, s.Response.Attempts
	return made
}

func (s *Shown) copy(provider, sourceID string) agentcopy.Copy {
	return agentcopy.Copy{Provider: provider, SourceID: sourceID, ID: s.ID, Name: s.Name, CreatedAt: s.Created.Time}
}

// Names is the names of a list in one text, in whatever order they come; "" if there
// are none.
func Names[T any](items []T, name func(T) string) string {
	var all []string
	for _, item := range items {
		all = append(all, name(item))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// nameUnknown reports whether the name may be any: some field of the answer had
// another type than documented, or the agent is null.
func (s *Shown) nameUnknown() bool {
	return s.Name == "" && (s.ID == "" || s.Response.Warning != nil)
}

// isOther reports whether the agent is neither of the name nor of a near one.
func (s *Shown) isOther(name string) bool {
	return !s.nameUnknown() && (name == "" || !names.Near(name, s.Name))
}

// Found is what a search has found.
type Found struct {
	Candidates []agentcopy.Candidate // newest first
	NameTaken  bool                  // an agent of exactly the name is older than the request
	Incomplete string                // why the search may not have seen everything; "" if it did

	vendor string
	err    error // why the search failed
}

// Result is what FindCopies returns. more are errors that go with it.
func (f *Found) Result(more ...error) ([]agentcopy.Candidate, error) {
	if f.err != nil {
		return nil, f.err
	}
	if f.Incomplete != "" {
		more = append(more, fmt.Errorf("%s: %w: %s", f.vendor, agentcopy.ErrLookIncomplete, f.Incomplete))
	}
	if f.NameTaken {
		more = append(more, fmt.Errorf("%s: %w", f.vendor, agentcopy.ErrNameTaken))
	}
	return f.Candidates, errors.Join(more...)
}

// search is one Find under way.
type search[A any, K comparable] struct {
	*Finder[A, K]
	kept      map[string]kin[A] // by ID
	source    *A                // as the list shows it; nil if it does not
	older     []kin[A]          // agents of the name that are older than the request by their stamp
	taken     bool
	unstamped bool // agents of other names are still read where the list shows no stamp
}

// kin is a candidate and the agent it is.
type kin[A any] struct {
	agentcopy.Candidate
	agent *A
	shown Shown
}

// Find reads the list, again if it moved while it was read, and returns the
// candidates of all readings.
func (f *Finder[A, K]) Find(pages Pages[A]) *Found {
	s := &search[A, K]{Finder: f, kept: make(map[string]kin[A]), unstamped: true}
	found := &Found{vendor: f.Agents.Vendor.Name}
	var before map[K]bool // what earlier readings have shown
	for number := 1; ; number++ {
		r := &reading[A, K]{Finder: f, seen: make(map[K]bool), descending: true}
		for agent, err := range f.Agents.List(r.observe(pages)) {
			if err == nil {
				err = s.add(agent)
			}
			if err != nil {
				found.err = err
				return found
			}
		}
		found.Incomplete = r.stale
		lost := r.fell
		for id := range before {
			lost = lost || !r.seen[id]
		}
		if (r.twice || lost) && number < maxReadings {
			before = r.seen
			continue
		}
		if lost { // growth hides nothing
			found.Incomplete = cmp.Or(found.Incomplete, "agents moved in the list while it was read")
		}
		if r.cut && f.Named != nil && f.Name != "" {
			s.addFrom(f.Named, false)
		}
		if f.Beside != nil && len(s.kept) == 0 { // else nothing is sent for now
			s.addFrom(f.Beside, f.Sorted)
		}
		break
	}
	if found.err = s.addOlder(); found.err != nil {
		return found
	}
	s.setAside()
	found.NameTaken = s.taken
	for _, k := range s.kept {
		found.Candidates = append(found.Candidates, k.Candidate)
	}
	slices.SortFunc(found.Candidates, func(a, b agentcopy.Candidate) int {
		return cmp.Or(b.Copy.CreatedAt.Compare(a.Copy.CreatedAt), strings.Compare(a.Copy.ID, b.Copy.ID))
	})
	return found
}

// add considers an agent.
func (s *search[A, K]) add(agent *A) error {
	shown := s.Show(agent)
	if shown.ID != "" && shown.ID == s.SourceID {
		s.source = agent
		return nil
	}
	if shown.Out {
		return nil
	}
	other := shown.isOther(s.Name)
	if s.Stamped != nil && shown.Created.IsZero() && shown.ID != "" && !s.Since.IsZero() && (s.unstamped || !other) {
		whole, err := s.Stamped(agent)
		if err != nil {
			return err
		}
		agent, shown = whole, s.Show(whole)
		// The newest come first. What follows an older one is older.
		s.unstamped = s.unstamped && !s.isOld(&shown) && !shown.Created.IsZero()
	}
	sighting := s.sighting(&shown)
	c, ok := agentcopy.MatchAgent(sighting, s.Name, s.Since)
	if !ok {
		s.taken = s.taken || s.Name != "" && shown.Name == s.Name
		if (!other || s.Name == "") && shown.Created.Time.Nanosecond() != 0 {
			c = agentcopy.Candidate{Copy: sighting.Copy, Reason: fmt.Sprintf("named %q, has the time stamp of its source", shown.Name)}
			s.older = append(s.older, kin[A]{c, agent, shown})
		}
		return nil
	}
	switch {
	case shown.ID == "":
		c.Match, c.Copy.ID = agentcopy.MatchPossible, "(an agent without an ID)"
		c.Reason = "has an ID that cannot be read"
	case shown.Doubt != "" && c.Match == agentcopy.MatchCertain:
		c.Match, c.Reason = agentcopy.MatchPossible, shown.Doubt
	}
	s.kept[c.Copy.ID] = kin[A]{c, agent, shown}
	return nil
}

// addOlder considers the older agents of the name. One that has the time stamp of the
// source, to a fraction of a second, is possible: the vendor may have copied the stamp as
// well. In the same whole second, anybody may have made both.
func (s *search[A, K]) addOlder() error {
	if len(s.older) == 0 || s.Source == nil {
		return nil
	}
	source := s.source
	if source == nil || s.Show(source).Created.IsZero() {
		var err error
		if source, err = s.Source(); err != nil {
			if e, ok := errors.AsType[*agentcopy.Error](err); ok && e.StatusCode == http.StatusNotFound {
				return nil // it is gone, and its stamp with it
			}
			return err
		}
	}
	made := s.Show(source).Created.Time
	for _, k := range s.older {
		if k.shown.Created.Time.Equal(made) {
			s.kept[k.Copy.ID] = k
		}
	}
	return nil
}

// sighting is an agent for agentcopy.MatchAgent.
func (f *Finder[A, K]) sighting(s *Shown) agentcopy.Sighting {
	seen := receivedAt(s.Response.Attempts)
	return agentcopy.Sighting{
		Copy:        s.copy(f.Agents.Vendor.Name, f.SourceID),
		Zoneless:    !s.Created.HasZone(),
		NameUnknown: s.nameUnknown(),
		SeenAt:      seen,
		Ahead:       ahead(s.Response, seen),
	}
}

// ahead is by how much the vendor's clock is ahead of ours, by an answer that was
// received at seen.
func ahead(r *agentcopy.Response, seen time.Time) time.Duration {
	if date := dateOf(r.Header); !date.IsZero() {
		return date.Sub(seen.Round(0))
	}
	return 0
}

// isOld reports whether an agent was made so long before the request that no copy
// follows it in a list that comes newest first.
func (f *Finder[A, K]) isOld(s *Shown) bool {
	if f.Since.IsZero() {
		return false
	}
	return before(s.Created, f.sinceThere(s.Response).Add(-readBack))
}

// sinceThere is Since on the vendor's clock, by the answer r. The time that has
// passed is that of the monotonic clock, if Since has its reading.
func (f *Finder[A, K]) sinceThere(r *agentcopy.Response) time.Time {
	seen := receivedAt(r.Attempts)
	return seen.Round(0).Add(ahead(r, seen)).Add(-seen.Sub(f.Since))
}

// before reports whether a stamp is certainly before t. One that cannot be read is
// not, and one without a zone may be of any.
func before(stamp agentcopy.Time, t time.Time) bool {
	switch {
	case stamp.Time.IsZero():
		return false
	case !stamp.HasZone():
		t = t.Add(farthestWest)
	}
	return stamp.Time.Before(t)
}

// addFrom considers the agents of another list, down to those that are too old in one
// that comes newest first. They only add to what the list has shown, so that a list
// that fails does no harm.
func (s *search[A, K]) addFrom(pages Pages[A], sorted bool) {
	for agent, err := range s.Agents.List(pages) {
		if err != nil || s.add(agent) != nil {
			return
		}
		if shown := s.Show(agent); sorted && s.isOld(&shown) {
			return
		}
	}
}
