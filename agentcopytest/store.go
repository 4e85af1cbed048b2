package agentcopytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// kind is what sets the agents of one vendor apart.
type kind[A any] struct {
	newID     func(n int) string      // the n-th ID that the vendor gives
	setID     func(a *A, id string)   // writes it into an agent
	name      func(a *A) *string      //
	sameSpace func(a, b *A) bool      // no two agents for which it holds share a name; nil: it holds for all
	nameTaken int                     // the status that answers a name that is taken; 0: it makes another agent
	times     func(a *A) [2]timestamp // when the agent was made and changed
	precision time.Duration           // of a time stamp
	item      func(a *A) object       // what a list shows
}

type timestamp = *agentcopy.Time

// store holds the agents of one vendor. What a stored agent points to never
// changes, so a copy shares it. The server's lock guards the rest.
type store[A any] struct {
	kind   kind[A]
	server *Server
	quirks *Quirks    // the server's
	random *rand.Rand // the same in each run
	given  int        // IDs
	byID   map[string]*entry[A]
	all    []*entry[A] // in the order they came
}

// entry is one agent.
type entry[A any] struct {
	agent  A
	id     string
	source string          // that it is a copy of, if a request made it
	made   time.Time       // when the request did
	item   json.RawMessage // what a list shows; nil until one was asked for, and once the agent changes
}

func newStore[A any](k kind[A]) *store[A] {
	return &store[A]{kind: k, byID: make(map[string]*entry[A]), random: rand.New(rand.NewPCG(1, 2))}
}

// joins makes the store part of a server.
func (s *store[A]) joins(server *Server) { s.server, s.quirks = server, &server.quirks }

// copied is the status that answers a copy.
func (s *store[A]) copied() int { return s.server.vendor.copied }

// newID is an ID that no agent has.
func (s *store[A]) newID() string {
	for {
		s.given++
		if id := s.kind.newID(s.given); s.byID[id] == nil {
			return id
		}
	}
}

// add stores an agent that a test made. The vendor has filled it in.
func (s *store[A]) add(id string, a A) A {
	if s.byID[id] != nil {
		misuse("AddAgent: there is an agent %s already", id)
	}
	if s.nameRefused(&a) != 0 {
		misuse("AddAgent: an agent has the name %q already", *s.kind.name(&a))
	}
	s.put(&entry[A]{agent: a, id: id})
	return cloneOf(&a)
}

func (s *store[A]) put(e *entry[A]) {
	s.byID[e.id] = e
	s.all = append(s.all, e)
}

// copyOf stores a as a copy of source and returns it. a has what the vendor gives a
// copy, but for the ID and the times.
func (s *store[A]) copyOf(c *call, source *entry[A], a A) *entry[A] {
	if s.quirks.CopyFields != nil {
		a = withFields(a, s.quirks.CopyFields)
	}
	e := &entry[A]{agent: a, id: s.newID(), source: source.id, made: c.now}
	s.kind.setID(&e.agent, e.id)
	for _, t := range s.kind.times(&e.agent) {
		*t = s.stamp(agentcopy.Time{}, s.clock(c.now))
	}
	s.put(e)
	return e
}

// withFields returns a with other values, by their JSON keys.
func withFields[A any](a A, values map[string]any) (changed A) {
	o := objectOf(a)
	for key, v := range values {
		o.set(key, v)
	}
	if err := json.Unmarshal(encode(o), &changed); err != nil {
		misuse("Quirks.CopyFields: the agent cannot be read any more: %v", err)
	}
	return changed
}

// record is the copy e, as [Server.Copies] tells of it.
func (s *store[A]) record(e *entry[A]) *CopyRecord {
	return &CopyRecord{ID: e.id, SourceID: e.source, Name: *s.kind.name(&e.agent)}
}

// update lets a test change an agent.
func (s *store[A]) update(id string, change func(a *A)) {
	e := s.byID[id]
	if e == nil {
		misuse("UpdateAgent: there is no agent %s", id)
	}
	a := cloneOf(&e.agent)
	change(&a)
	s.kind.setID(&a, id)
	if changed := s.kind.times(&a)[1]; changed.Equal(s.kind.times(&e.agent)[1].Time) {
		*changed = s.stamp(agentcopy.Time{}, s.clock(time.Now()))
	}
	e.agent, e.item = cloneOf(&a), nil
}

// remove takes an agent out, and reports whether it was there.
func (s *store[A]) remove(id string) bool {
	e := s.byID[id]
	delete(s.byID, id)
	s.all = slices.DeleteFunc(s.all, func(other *entry[A]) bool { return other == e })
	return e != nil
}

// named is the name that a copy gets for which name was asked.
func (s *store[A]) named(name string) string {
	if s.quirks.Rename != nil {
		return s.quirks.Rename(name)
	}
	return name
}

// nameFault says what is wrong with a name by the vendor's rules, which may be
// nil.
func (s *store[A]) nameFault(name string, rules func(name string) string) string {
	if s.quirks.RefuseName != nil {
		rules = s.quirks.RefuseName
	}
	if rules == nil {
		return ""
	}
	return rules(name)
}

// nameRefused is the status that refuses an agent because another has its name;
// 0 if nothing does.
func (s *store[A]) nameRefused(a *A) int {
	status := cmp.Or(s.quirks.NameTaken, s.kind.nameTaken)
	if status < 300 {
		return 0
	}
	for _, e := range s.all {
		if *s.kind.name(&e.agent) == *s.kind.name(a) && (s.kind.sameSpace == nil || s.kind.sameSpace(&e.agent, a)) {
			return status
		}
	}
	return 0
}

// clock is what the vendor's clock shows at t.
func (s *store[A]) clock(t time.Time) time.Time { return t.Add(s.quirks.Stamps.ClockOffset) }

// stamp is t, or else fallback, as precise as the vendor shows it.
func (s *store[A]) stamp(t agentcopy.Time, fallback time.Time) agentcopy.Time {
	at := t.Time
	if at.IsZero() {
		at = fallback
	}
	if s.quirks.Stamps.Form == "" {
		at = at.Truncate(s.kind.precision)
	}
	return agentcopy.Time{Time: at.UTC()}
}

// stampAgent fills in the times of an agent that a test made.
func (s *store[A]) stampAgent(a *A) {
	times := s.kind.times(a)
	*times[0] = s.stamp(*times[0], s.clock(time.Now()))
	*times[1] = s.stamp(*times[1], times[0].Time)
}

// show writes a time stamp into o, in the form of the quirks, or else in layout.
func (s *store[A]) show(o *object, key string, t agentcopy.Time, layout string) {
	s.quirks.Stamps.stamp(o, key, t.Time, s.quirks.Stamps.Form, layout)
}

// misuse panics: the test asks for nonsense.
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

// listed is a slice that JSON writes as [] when it is empty, as the vendors do.
func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// fill sets a field that the test has left at zero.
func fill[T comparable](field *T, v T) {
	var zero T
	if *field == zero {
		*field = v
	}
}

// copied is the answer to a copy.
func copied(status int, v any, record *CopyRecord) *answer {
	out := jsonAnswer(status, v)
	out.copied = record
	return out
}

// shown is the answer that shows something without making it.
func shown(v any) *answer { return jsonAnswer(http.StatusOK, v) }
