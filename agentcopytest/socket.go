package agentcopytest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
)

// URL returns the server's base URL on the loopback interface, without a trailing
// slash. The first call starts listening. Inside a testing/synctest bubble use Client
// instead: waiting for a socket stops the bubble's clock.
//
// Clients of one URL and one key share their limits. The next test may get the same
// port, so give each test a key of its own.
//
// It panics if the server was closed before.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		if s.closed {
			misuse("URL: the server is closed")
		}
		s.listener = httptest.NewServer(http.HandlerFunc(s.serveHTTP))
	}
	return s.listener.URL
}

// serveHTTP is the way over the socket.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.connect()
	if x == nil {
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	}
	out, err := s.exchange(r.Context(), x, requestOf(r), r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range out.header {
		w.Header()[name] = values
	}
	if !hasBody(out.status) {
		w.WriteHeader(out.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	_, _ = w.Write(out.sent()) // net/http closes the connection if it was less than promised, or if it failed
}
