package agentcopytest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Request is one request that reached the server.
//
// Header holds the credentials, for a test to check. Printing a Request, logging it
// or marshalling it to JSON shows neither Header nor Body.
type Request struct {
	At         time.Time // when it was received as a whole
	Method     string
	Path       string // escaped, as it was sent
	Query      url.Values
	Header     http.Header
	Body       []byte
	StatusCode int // of the answer; 0 while there is none, and if the connection was dropped
}

// Requests returns every request that reached the server, in order: copies and
// reads, including those that were refused or met a fault.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, r := range s.requests {
		requests[i] = r.clone()
	}
	return requests
}

// record notes a request that was received.
func (s *Server) record(r Request) *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.At = time.Now() // under the lock, so that the times are in order
	s.requests = append(s.requests, &r)
	return &r
}

// requestOf is what is known of r before its body is read. It shares nothing
// with r, which belongs to the caller again once RoundTrip has returned.
func requestOf(r *http.Request) Request {
	return Request{
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.Query(),
		Header: r.Header.Clone(),
	}
}

func (r Request) clone() Request {
	r.Query = url.Values(http.Header(r.Query).Clone())
	r.Header = r.Header.Clone()
	r.Body = slices.Clone(r.Body)
	return r
}

// String returns the method, the path, the status and the size of the body.
func (r Request) String() string {
	status := "no answer"
	if r.StatusCode != 0 {
		status = strconv.Itoa(r.StatusCode)
	}
	return fmt.Sprintf("%s %s: %s, %d bytes sent", r.Method, r.Path, status, len(r.Body))
}

// Format prints the text of String under every verb, so that none prints a
// credential.
func (r Request) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), r.String())
}

// LogValue is what slog writes: time, method, path, status and size.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Time("at", r.At),
		slog.String("method", r.Method),
		slog.String("path", r.Path),
		slog.Int("status", r.StatusCode),
		slog.Int("bytes", len(r.Body)),
	)
}

// MarshalJSON writes what LogValue does.
func (r Request) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any)
	for _, a := range r.LogValue().Group() {
		fields[a.Key] = a.Value.Any()
	}
	return json.Marshal(fields)
}
