// Package vendortest holds the registry of the vendors for the tests that run over
// all of them, a transport that records requests and gives canned answers, and the
// checks that the tests of all vendors share.
package vendortest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Request is a request as it went to the wire.
type Request struct {
	Method string
	Target string // path and query, escaped as sent
	Host   string
	Header http.Header
	Body   string
}

// Path is the escaped path of the request.
func (r Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	return path
}

// Query is the query of the request.
func (r Request) Query() url.Values {
	_, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query)
	return values
}

// Wire is an http.RoundTripper that answers without a network.
type Wire struct {
	answer func(number int, r Request) (status int, body string)

	mu   sync.Mutex
	seen []Request
}

// New returns a Wire that answers by a func, which is told the number of the
// request, from 0.
func New(answer func(number int, r Request) (status int, body string)) *Wire {
	return &Wire{answer: answer}
}

// Always returns a Wire that gives every request the same answer.
func Always(status int, body string) *Wire {
	return New(func(int, Request) (int, string) { return status, body })
}

// InTurn returns a Wire that answers 200 with each of bodies in turn, and then
// over and over with the last.
func InTurn(bodies ...string) *Wire {
	return New(func(number int, _ Request) (int, string) {
		return http.StatusOK, bodies[min(number, len(bodies)-1)]
	})
}

func (w *Wire) RoundTrip(req *http.Request) (*http.Response, error) {
	r := Request{Method: req.Method, Target: req.URL.RequestURI(), Host: req.URL.Host, Header: req.Header.Clone()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		r.Body = string(body)
	}
	w.mu.Lock()
	number := len(w.seen)
	w.seen = append(w.seen, r)
	w.mu.Unlock()
	status, body := w.answer(number, r)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"req-" + strconv.Itoa(number)}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: req, ContentLength: int64(len(body)),
	}, nil
}

func (w *Wire) Client() *http.Client { return &http.Client{Transport: w} }

// Requests are the requests so far, in order.
func (w *Wire) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// RoundTripper is a func that is an [http.RoundTripper].
type RoundTripper func(*http.Request) (*http.Response, error)

func (f RoundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

var keys atomic.Int64

// Key returns a credential that no other test has: limits and pauses are shared
// by all clients of one.
func Key() string { return "a-credential-of-a-test-" + strconv.FormatInt(keys.Add(1), 10) }
