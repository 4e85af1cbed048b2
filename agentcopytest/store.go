package agentcopytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// kind is what sets the agents of one vendor apart.
type kind[A any] struct {
	newID     func(n int) string      // the n-th ID that the vendor gives
	setID     func(a *A, id string)   // writes it into an agent
	spell     func(id string) string  // an ID in a path, as newID would write it
	noAgent   func(id string) *answer // refuses an ID that no agent has, or can have
	complete  func(a *A) (id string)  // fills in what a test has left out
	head      func(a *A) head
	sameSpace func(a, b *A) bool      // no two agents for which it holds share a name; nil: it holds for all
	nameTaken int                     // the status that answers a name that is taken; 0: it makes another agent
	item      func(a *A) object       // what a list shows
	full      func(c *call, a *A) any // what a GET shows
	stamps    stamps
}

// stamps is how a vendor writes when an agent was made and changed.
type stamps struct {
	created, updated string        // the JSON keys
	layout, variant  string        // the form, and that in the variant
	precision        time.Duration // of the vendor's clock
}

// head points to the fields that the agents of all vendors have.
type head struct {
	name             *string
	created, updated *agentcopy.Time
}

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

// newID is an ID that no agent has.
func (s *store[A]) newID() string {
	for {
		s.given++
		if id := s.kind.newID(s.given); s.byID[id] == nil {
			return id
		}
	}
}

// uuidFor is the ID of a new agent: the one it has, in the vendors' spelling, or
// a new one.
func (s *store[A]) uuidFor(id string) string {
	switch {
	case id == "":
		return s.newID()
	case !uuidForm.MatchString(id):
		misuse("AddAgent: the ID is not a UUID: %q", id)
	}
	return strings.ToLower(id)
}

// add stores an agent that a test made, and returns it filled in.
func (s *store[A]) add(a A) A {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	a = cloneOf(&a)
	h := s.kind.head(&a)
	*h.created = s.stamp(*h.created, s.clock(time.Now()))
	*h.updated = s.stamp(*h.updated, h.created.Time)
	id := s.kind.complete(&a)
	if s.byID[id] != nil {
		misuse("AddAgent: there is an agent %s already", id)
	}
	if s.nameRefused(&a) != 0 {
		misuse("AddAgent: an agent has the name %q already", s.nameOf(&a))
	}
	s.put(&entry[A]{agent: a, id: id})
	return cloneOf(&a)
}

func (s *store[A]) nameOf(a *A) string { return *s.kind.head(a).name }

// find returns the agent with the ID in the path.
func (s *store[A]) find(c *call) (e *entry[A], refusal *answer) {
	if e = s.byID[s.kind.spell(c.id)]; e == nil {
		return nil, s.kind.noAgent(c.id)
	}
	return e, nil
}

func (s *store[A]) get(c *call) *answer {
	e, refusal := s.find(c)
	if refusal != nil {
		return refusal
	}
	return shown(s.kind.full(c, &e.agent))
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
	h, now := s.kind.head(&e.agent), s.stamp(agentcopy.Time{}, s.clock(c.now))
	*h.created, *h.updated = now, now
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

// copied is the answer to the request that made the copy e; v is its body.
func (s *store[A]) copied(e *entry[A], v any) *answer {
	out := jsonAnswer(s.server.vendor.copied, v)
	out.copied = &CopyRecord{ID: e.id, SourceID: e.source, Name: s.nameOf(&e.agent)}
	return out
}

func (s *store[A]) update(id string, change func(a *A)) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	e := s.byID[id]
	if e == nil {
		misuse("UpdateAgent: there is no agent %s", id)
	}
	a := cloneOf(&e.agent)
	change(&a)
	s.kind.setID(&a, id)
	if changed := s.kind.head(&a).updated; changed.Equal(s.kind.head(&e.agent).updated.Time) {
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
	taken := slices.ContainsFunc(s.all, func(e *entry[A]) bool {
		return s.nameOf(&e.agent) == s.nameOf(a) && (s.kind.sameSpace == nil || s.kind.sameSpace(&e.agent, a))
	})
	if !taken {
		return 0
	}
	return status
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
		at = at.Truncate(s.kind.stamps.precision)
	}
	return agentcopy.Time{Time: at.UTC()}
}

// document is the JSON of an agent, with its times as the vendor shows them.
func (s *store[A]) document(a *A) object {
	h := s.kind.head(a)
	return s.timed(a, *h.created, *h.updated)
}

// timed is the JSON of v, which was made and changed then.
func (s *store[A]) timed(v any, created, updated agentcopy.Time) object {
	o := objectOf(v)
	s.show(o, s.kind.stamps.created, created, "")
	s.show(o, s.kind.stamps.updated, updated, "")
	return o
}

// show writes a time stamp into o: in form, or that of the quirks, or the vendor's.
// The zero time leaves the field out.
func (s *store[A]) show(o object, key string, at agentcopy.Time, form StampForm) {
	t := at.Time
	if zone := s.quirks.Stamps.Zone; zone != nil {
		t = t.In(zone)
	}
	layout := s.kind.stamps.layout
	if s.server.variant {
		layout = s.kind.stamps.variant
	}
	switch form = cmp.Or(form, s.quirks.Stamps.Form); {
	case t.IsZero() || form == StampAbsent:
		o.drop(key)
	case form == StampUnix:
		o.set(key, t.Unix())
	case form == StampUnixMilli:
		o.set(key, t.UnixMilli())
	case form == StampTrue:
		o.set(key, true)
	case form == StampNull:
		o.set(key, nil)
	default:
		o.set(key, t.Format(cmp.Or(string(form), layout)))
	}
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

// empty makes lists that are nil empty, so that JSON shows them, as the vendors do.
func empty[T any](lists ...*[]T) {
	for _, list := range lists {
		if *list == nil {
			*list = []T{}
		}
	}
}

// fill sets a field that the test has left at zero.
func fill[T comparable](field *T, v T) { *field = cmp.Or(*field, v) }

// shown is the answer that shows something without making it.
func shown(v any) *answer { return jsonAnswer(http.StatusOK, v) }

// uuid is the n-th UUID of a kind. It is the same in each run, so that a test's
// output can be compared with that of the last.
func uuid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

// agentUUID is the n-th ID of the vendors that number agents by UUIDs.
func agentUUID(n int) string { return uuid(agentKind, n) }

// The kinds of things that UUIDs stand for.
const (
	agentKind = iota
	organizationKind
	userKind
)

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
