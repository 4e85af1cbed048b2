package toyvendor

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// server is Acme within the test: an http.RoundTripper that needs no socket, so
// that it works where time is virtual.
type server struct {
	mu       sync.Mutex
	agents   []Agent
	requests []*http.Request
	faults   []fault // what the next copies meet, in order
}

// fault is what a copy meets in place of a good answer.
type fault struct {
	refuse int  // with this status, and a Retry-After of a second
	lose   bool // the copy is made, and the connection breaks
}

func newServer() *server {
	return &server{agents: []Agent{{ID: "1", Name: "Support", CreatedAt: agentcopy.Time{Time: time.Now().Add(-time.Hour)}}}}
}

// PacingScope keeps the limits of one test's clients from those of another's,
// who have the same key.
func (s *server) PacingScope() string { return fmt.Sprintf("acme %p", s) }

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	answer := httptest.NewRecorder()
	answer.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var met fault
	if req.Method == http.MethodPost && len(s.faults) > 0 {
		met, s.faults = s.faults[0], s.faults[1:]
	}
	if met.refuse != 0 {
		answer.Header().Set("Retry-After", "1")
		answer.WriteHeader(met.refuse)
		return answer.Result(), nil
	}
	s.mux().ServeHTTP(answer, req)
	if met.lose {
		return nil, io.ErrUnexpectedEOF
	}
	return answer.Result(), nil
}

func (s *server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/agents/{id}/copy", func(w http.ResponseWriter, r *http.Request) {
		var order CopyAgentRequest
		if json.NewDecoder(r.Body).Decode(&order) != nil || s.find(r.PathValue("id")) == nil {
			http.Error(w, "no such agent", http.StatusNotFound)
			return
		}
		made := Agent{ID: fmt.Sprint(len(s.agents) + 1), Name: order.Name, CreatedAt: agentcopy.Time{Time: time.Now()}}
		s.agents = append(s.agents, made)
		_ = json.NewEncoder(w).Encode(made)
	})
	mux.HandleFunc("GET /v1/agents/{id}", func(w http.ResponseWriter, r *http.Request) {
		found := s.find(r.PathValue("id"))
		if found == nil {
			http.Error(w, "no such agent", http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(found)
	})
	mux.HandleFunc("GET /v1/agents", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(listAnswer{Agents: s.agents})
	})
	return mux
}

func (s *server) find(id string) *Agent {
	for i := range s.agents {
		if s.agents[i].ID == id {
			return &s.agents[i]
		}
	}
	return nil
}
