package agentcopytest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server is what the fakes of all vendors share. [NewZudu], [NewCotool],
// [NewLangSmith] and [NewKolena] make one. Its methods are safe for concurrent use.
type Server struct {
	vendor  vendor
	agents  agents // the vendor's part
	routes  []route
	quirks  Quirks
	variant bool   // the vendor's answers are in their other documented form
	scope   string // see inMemory.PacingScope

	mu       sync.Mutex // guards everything below, and agents
	accepted []string   // credentials; nil for any
	limit    *rateLimit // nil for none
	faults   []Fault
	requests []*Request
	copies   []CopyRecord
	cache    map[string]cachedAnswer // of lists, by request
	waiting  map[exchange]bool       // those whose client still waits for the answer
	closed   bool
	listener *httptest.Server // nil until URL is called
}

// vendor is what sets the fake of one vendor apart from the others.
type vendor struct {
	name            string     // for messages to the author of a test
	credentials     []string   // the headers that carry them
	scheme          string     // stands before the value in each: "Bearer "
	wrongCredential int        // the status that answers one that is not accepted; 0: 401
	basePath        string     // may stand before the path of a route
	list            string     // the path of the list, which also stands before an agent's ID
	get, copy       string     // stand behind the ID
	more            []route    // beyond the list, the read and the copy
	limit           *rateLimit // of copies, unless an option sets another; nil for none
	copied          int        // the status that answers a copy; 0: 200
	// refuse is an error in the vendor's form.
	refuse func(status int, reason string) *answer
}

// agents is the part of a vendor's store that all share.
type agents interface {
	joins(s *Server)
	remove(id string) bool
	copy(c *call) *answer
	get(c *call) *answer
	list(c *call) *answer
}

// ServerOption changes how a fake behaves; the constructors take any number.
type ServerOption func(*Server)

// servers counts the servers of the process.
var servers atomic.Int64

func newServer(v vendor, agents agents, opts []ServerOption) *Server {
	s := &Server{
		vendor:  v,
		agents:  agents,
		limit:   v.limit,
		scope:   fmt.Sprint("agentcopytest ", servers.Add(1)),
		cache:   make(map[string]cachedAnswer),
		waiting: make(map[exchange]bool),
	}
	one := v.list + "/{id}"
	s.routes = append(v.more,
		route{method: http.MethodPost, path: one + v.copy, copies: true, serve: agents.copy},
		route{method: http.MethodGet, path: one + v.get, serve: agents.get},
		route{method: http.MethodGet, path: v.list, lists: true, serve: agents.list},
	)
	agents.joins(s)
	for i, opt := range opts {
		if opt == nil {
			misuse("New%s: option %d is nil", v.name, i+1)
		}
		opt(s)
	}
	s.vendor.copied = cmp.Or(s.quirks.CopyStatus, v.copied, http.StatusOK)
	return s
}

// variantOf is an option that makes one vendor's fake answer in its other form.
func variantOf(vendor, option string) ServerOption {
	return func(s *Server) {
		if s.vendor.name != vendor {
			misuse("%s: this is a fake of %s", option, s.vendor.name)
		}
		s.variant = true
	}
}

// CopyRecord is one copy that the server made, whether or not its answer arrived.
type CopyRecord struct {
	ID       string // of the new agent; Kolena's numbers in decimal
	SourceID string
	Name     string // of the new agent
	At       time.Time
}

// Copies returns every copy that the server made, in order. This is where a test
// finds duplicates.
func (s *Server) Copies() []CopyRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.copies)
}

// DeleteAgent removes an agent, as a colleague would. Kolena's IDs are decimal.
// It panics if there is no such agent.
func (s *Server) DeleteAgent(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.agents.remove(id) {
		misuse("DeleteAgent: there is no agent %s", id)
	}
}

// Close closes the listener, if there is one. A waiting client sees its connection
// break, and no further copy is made. Later requests are refused, as by a port where
// nothing listens. Calling Close again does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for x := range s.waiting {
		s.deliver(x, result{err: errDropped})
	}
	listener := s.listener
	s.mu.Unlock()
	if listener != nil {
		listener.Close()
	}
}
