package transport

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// originGuard is the last check of a request before the wire, behind all
// middleware: credentials go only to the configured origin, and a copy is asked for
// once.
type originGuard struct {
	base   *url.URL
	origin string
	next   http.RoundTripper
}

func (g *originGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	s, err := g.check(req)
	if err != nil {
		return refuse(req, err)
	}
	defer s.release() // also if a Trace or the transport panics
	if err := s.begin(req); err != nil {
		return refuse(req, err)
	}
	if s.trace.expired {
		return s.end(refuse(req, s.trace.ctx.Err()))
	}
	return s.end(g.next.RoundTrip(&s.trace.request))
}

// refuse closes the body of a request that goes no further, as RoundTrip must. In
// line, it would make the frame of RoundTrip a large one.
//
//go:noinline
func refuse(req *http.Request, err error) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, err
}

// check returns the send of req, or why req must not go to the wire.
func (g *originGuard) check(req *http.Request) (*send, error) {
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return nil, &blockedError{"a request without the context it came with, which holds its deadline"}
	}
	if len(a.call.client.cfg.Middleware) > 0 { // else req is as it was built
		if err := g.checkMiddleware(req); err != nil {
			return nil, err
		}
	}
	return a.sends.next(a)
}

// checkMiddleware refuses a request that middleware changed into another one.
func (g *originGuard) checkMiddleware(req *http.Request) error {
	for name := range req.Header {
		// net/http sets the headers that frame and route a request by itself. One that
		// middleware added, in whatever spelling, makes a server and the proxies before it
		// read another request than the one that was checked.
		if reason := check.WireHeader(name); reason != "" {
			return &blockedError{"a request with the header " + check.Printable(name) + ", which " + reason}
		}
	}
	return g.checkOrigin(req)
}

// checkOrigin refuses a request that would go elsewhere.
func (g *originGuard) checkOrigin(req *http.Request) error {
	u := req.URL
	switch {
	case u == nil:
		return &blockedError{"a request without a URL" + elsewhere}
	case u.Opaque != "": // goes out as it is, in place of host and path
		return &blockedError{"a request with an opaque URL" + elsewhere}
	case u.Scheme == g.base.Scheme && u.Host == g.base.Host && req.Host == g.base.Host:
		return nil // as it was built
	case originOf(u) != g.origin:
		return &blockedError{"a request to " + originOf(u) + elsewhere}
	case req.Host != "" && originOf(&url.URL{Scheme: u.Scheme, Host: req.Host}) != g.origin:
		// That header decides which of a server's sites gets the request.
		return &blockedError{"a request with the Host header " + req.Host + elsewhere}
	}
	return nil
}

const elsewhere = ", which is not the configured origin"

// blockedError is a request that middleware turned elsewhere. It never left.
type blockedError struct{ what string }

func (e *blockedError) Error() string {
	return fmt.Sprintf("middleware changed it to %s: nothing was sent", e.what)
}

func (e *blockedError) Is(target error) bool { return target == agentcopy.ErrInvalid }

// dropIdempotencyKey takes out of req the headers that make net/http send a POST again
// in silence, which middleware may have set in any spelling.
func dropIdempotencyKey(req *http.Request) {
	for name := range req.Header {
		if strings.EqualFold(name, "Idempotency-Key") || strings.EqualFold(name, "X-Idempotency-Key") {
			req.Header = maps.Clone(req.Header) // middleware still has the other one
			delete(req.Header, name)
		}
	}
}

// withMiddleware wraps next so that the first middleware is the outermost.
func withMiddleware(middleware []func(http.RoundTripper) http.RoundTripper, next http.RoundTripper) (http.RoundTripper, error) {
	for i := len(middleware) - 1; i >= 0; i-- {
		next = middleware[i](next)
		if check.IsNil(next) {
			return nil, fmt.Errorf("WithMiddleware: argument %d returned a nil RoundTripper", i+1)
		}
	}
	return next, nil
}
