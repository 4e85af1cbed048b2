package agentcopytest

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Client returns a new http.Client whose requests reach the server without a
// socket, whatever their host. Pass it to agentcopy.WithHTTPClient; the base URL
// needs no change.
//
// It works inside a testing/synctest bubble, even if the server was made outside.
// Like net/http's own transport, it reports to net/http/httptrace how far a request
// got, so the SDK knows what was sent.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: inMemory{s}}
}

// inMemory is an http.RoundTripper that calls the server directly.
type inMemory struct{ server *Server }

// PacingScope tells the SDK's clients apart by server: each server has its own rate
// limits, although the fakes of all tests answer for the same host.
func (t inMemory) PacingScope() string { return t.server.scope }

func (t inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body := cmp.Or[io.ReadCloser](req.Body, http.NoBody)
	defer body.Close()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	trace := traceOf(ctx)
	trace.GetConn(hostPort(req))
	x := t.server.connect()
	if x == nil {
		return nil, &net.OpError{Op: "dial", Net: "agentcopytest", Err: syscall.ECONNREFUSED}
	}
	conn, _ := net.Pipe() // nobody talks over it, but hooks may ask for its addresses
	trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	trace.WroteHeaders()
	out, err := t.server.exchange(ctx, x, requestOf(req), body)
	if err != nil {
		return nil, err
	}
	trace.GotFirstResponseByte()
	return out.response(ctx, req), nil
}

// traceOf returns the hooks of ctx, with one that does nothing where none is.
func traceOf(ctx context.Context) *httptrace.ClientTrace {
	return httptrace.ContextClientTrace(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) {},
		GotConn:              func(httptrace.GotConnInfo) {},
		WroteHeaders:         func() {},
		GotFirstResponseByte: func() {},
	}))
}

func hostPort(req *http.Request) string {
	standard := map[string]string{"http": "80", "https": "443"}[req.URL.Scheme]
	return net.JoinHostPort(req.URL.Hostname(), cmp.Or(req.URL.Port(), standard))
}

// response is the answer as net/http's transport would hand it over.
func (a *answer) response(ctx context.Context, req *http.Request) *http.Response {
	w := httptest.NewRecorder()
	a.writeTo(w)
	resp := w.Result()
	maps.DeleteFunc(resp.Header, func(_ string, values []string) bool { return len(values) == 0 })
	resp.Request, resp.Body, resp.ContentLength = req, http.NoBody, 0
	if hasBody(a.status) {
		resp.ContentLength = int64(len(a.body))
		sent := a.sent()
		resp.Body = &responseBody{ctx: ctx, rest: bytes.NewReader(sent), cutOff: len(sent) < len(a.body)}
	}
	return resp
}

// writeTo writes the answer as far as it is sent.
func (a *answer) writeTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if hasBody(a.status) {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.sent()) // net/http closes the connection if it was less than promised, or if it failed
}

// responseBody is the body of an answer. It breaks when the request's context
// ends, and where the server cut it off.
type responseBody struct {
	ctx    context.Context
	rest   *bytes.Reader
	cutOff bool
	closed atomic.Bool
}

func (b *responseBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	n, err := b.rest.Read(p)
	if err == io.EOF && b.cutOff {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.closed.Store(true)
	return nil
}

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
	out.writeTo(w)
}
