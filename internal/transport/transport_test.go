package transport_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// The vendor of these tests: it paces nothing, and answers with a Thing.
var vendor = &transport.Vendor{
	Name:    "acme",
	BaseURL: "https://api.acme.example/root",
	Limits: func() pacing.Limits {
		return pacing.Limits{Copy: agentcopy.Unlimited, List: agentcopy.Unlimited, Get: agentcopy.Unlimited}
	},
}

var (
	copyThing = &transport.Operation{Name: "CopyThing", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}
	getThing  = &transport.Operation{Name: "GetThing", Method: http.MethodGet, Endpoint: transport.GetEndpoint}
)

type thing struct {
	ID    string         `json:"id"`
	Count int            `json:"count"`
	Made  agentcopy.Time `json:"made"`
	Error bool           `json:"error"`
}

func verifyThing(t *thing) error {
	switch {
	case t.Error:
		return transport.ErrRefused
	case t.ID == "":
		return transport.ErrNoID
	}
	return nil
}

// Each test has a credential of its own: limits and pauses are shared by all clients of one.
var newKey = vendortest.Key

func newClient(t testing.TB, rt http.RoundTripper, opts ...agentcopy.Option) *transport.Client {
	t.Helper()
	return newClientWithKey(t, newKey(), rt, opts...)
}

func newClientWithKey(t testing.TB, key string, rt http.RoundTripper, opts ...agentcopy.Option) *transport.Client {
	t.Helper()
	return newClientOf(t, vendor, key, rt, opts...)
}

// newClientOf is a client that sends through rt, or through the transport that
// clients share if rt is nil.
func newClientOf(t testing.TB, v *transport.Vendor, key string, rt http.RoundTripper, opts ...agentcopy.Option) *transport.Client {
	t.Helper()
	if rt != nil {
		opts = append([]agentcopy.Option{agentcopy.WithHTTPClient(&http.Client{Transport: rt})}, opts...)
	}
	c, err := transport.New(v, secretsOf(key), opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

func secretsOf(key string) []transport.Secret {
	return []transport.Secret{{Field: "apiKey", Header: "Authorization", Scheme: "Bearer ", Value: key}}
}

func doCopy(t testing.TB, c *transport.Client) (*thing, *agentcopy.Response, error) {
	return copyWith(t.Context(), c)
}

func copyWith(ctx context.Context, c *transport.Client) (*thing, *agentcopy.Response, error) {
	return do(ctx, c, copyRequest())
}

func doGet(t testing.TB, c *transport.Client) (*thing, *agentcopy.Response, error) {
	return do(t.Context(), c, &transport.Request{Op: getThing, Path: "/things/1"})
}

func do(ctx context.Context, c *transport.Client, req *transport.Request) (got *thing, resp *agentcopy.Response, err error) {
	got, err = transport.Do(ctx, c, req, verifyThing, func(_ *thing, r *agentcopy.Response) { resp = r })
	return got, resp, err
}

func copyRequest() *transport.Request {
	return &transport.Request{Op: copyThing, Path: "/things/1/copy", Body: map[string]string{"name": "new"}}
}

// inBubble runs a subtest in a bubble of testing/synctest.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// asError is the *agentcopy.Error that every failure of the transport is.
var asError = vendortest.RequireError

// serveOver starts a server for the rest of the test: over "http", "https" or "h2",
// which is HTTP/2.
func serveOver(t testing.TB, protocol string, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of failed handshakes and aborted handlers
	server.EnableHTTP2 = protocol == "h2"
	if protocol == "http" {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server
}

// script is a RoundTripper that meets each request with the next of its steps,
// and the last one over and over.
type script struct {
	steps    []step
	start    time.Time
	mu       sync.Mutex
	seen     []seen
	arrivals []time.Duration // since start
}

type seen struct {
	URL    string
	Header http.Header
	Body   string
}

// step answers one request. It is the http.RoundTripper of these tests.
type step func(*http.Request) (*http.Response, error)

func (s step) RoundTrip(req *http.Request) (*http.Response, error) { return s(req) }

func play(steps ...step) *script { return &script{steps: steps, start: time.Now()} }

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	s.mu.Lock()
	next := s.steps[min(len(s.seen), len(s.steps)-1)]
	s.seen = append(s.seen, seen{req.URL.String(), req.Header.Clone(), string(body)})
	s.arrivals = append(s.arrivals, time.Since(s.start))
	s.mu.Unlock()
	return next(req)
}

func (s *script) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

// answer is a complete answer over HTTP/1.1.
func answer(status int, body string, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Add(header[i], header[i+1])
		}
		return &http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: req,
			ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))),
		}, nil
	}
}

// fail ends the attempt with err, after the hooks of net/http/httptrace that a
// transport calls on the way: "sought", "got", "encoded" and "written".
func fail(err error, reached ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		reach(req, reached...)
		return nil, err
	}
}

// reach calls the hooks for req.
func reach(req *http.Request, reached ...string) {
	trace := httptrace.ContextClientTrace(req.Context())
	for _, r := range reached {
		switch r {
		case "sought":
			trace.GetConn("api.acme.example:443")
		case "got":
			trace.GotConn(httptrace.GotConnInfo{})
		case "encoded": // as HTTP/2 does, before it writes
			trace.WroteHeaderField(":method", []string{req.Method})
		case "written":
			trace.WroteHeaders()
		}
	}
}

// hang answers nothing until the attempt ends.
func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// after is next, as it is met some time later.
func after(wait time.Duration, next step) step {
	return func(req *http.Request) (*http.Response, error) {
		time.Sleep(wait)
		return next(req)
	}
}

// cutOff is an answer whose body breaks off after what is given.
func cutOff(status int, body string) step {
	return func(req *http.Request) (*http.Response, error) {
		resp, _ := answer(status, body)(req)
		resp.ContentLength += 10
		return resp, nil
	}
}

const made = `{"id":"thing-2","count":1}`
