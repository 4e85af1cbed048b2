package transport

import (
	"errors"
	"fmt"
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
	s, err := g.admit(req)
	if err != nil {
		return refuse(req, err)
	}
	defer s.release() // also if a Trace or the transport panics
	if err := s.begin(req); err != nil {
		return refuse(req, err)
	}
	return s.end(g.next.RoundTrip(s.request))
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

// admit checks req, and whether its attempt may send.
func (g *originGuard) admit(req *http.Request) (*send, error) {
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return nil, &blockedError{"a request without the context it came with, which holds its deadline"}
	}
	if err := g.check(req); err != nil {
		return nil, err
	}
	return a.sends.next(a)
}

func (g *originGuard) check(req *http.Request) error {
	for name := range req.Header {
		if check.WireHeader(name) != "" {
			return badHeader(name)
		}
	}
	if u := req.URL; u != nil && u.Opaque == "" && u.Scheme == g.base.Scheme && u.Host == g.base.Host && req.Host == g.base.Host {
		return nil // as it was built, which is nearly always
	}
	return g.checkOrigin(req)
}

// checkOrigin refuses a request that would go elsewhere.
func (g *originGuard) checkOrigin(req *http.Request) error {
	if req.URL == nil {
		return &blockedError{"a request without a URL" + elsewhere}
	}
	if req.URL.Opaque != "" { // goes out as it is, in place of host and path
		return &blockedError{"a request with an opaque URL" + elsewhere}
	}
	if origin := originOf(req.URL); origin != g.origin {
		return &blockedError{"a request to " + origin + elsewhere}
	}
	// The Host header decides which of a server's sites gets the request.
	if req.Host != "" && originOf(&url.URL{Scheme: req.URL.Scheme, Host: req.Host}) != g.origin {
		return &blockedError{"a request with the Host header " + req.Host + elsewhere}
	}
	return nil
}

// badHeader refuses a request whose headers frame it or route it elsewhere:
// net/http sets those that belong there by itself, and one that middleware added, in
// whatever spelling, makes a server and the proxies before it read another request
// than the one that was checked.
func badHeader(name string) error {
	return &blockedError{"a request with the header " + check.Printable(name) + ", which " + check.WireHeader(name)}
}

const elsewhere = ", which is not the configured origin"

// blockedError is a request that middleware turned elsewhere. It never left.
type blockedError struct{ what string }

func (e *blockedError) Error() string {
	return fmt.Sprintf("middleware changed it to %s: nothing was sent", e.what)
}

func (e *blockedError) Is(target error) bool { return target == agentcopy.ErrInvalid }

func isBlocked(err error) bool {
	_, ok := errors.AsType[*blockedError](err)
	return ok
}

// withoutIdempotencyKey takes out the headers that make net/http send a POST
// again in silence, which middleware may have set in any spelling.
func withoutIdempotencyKey(req *http.Request) *http.Request {
	var clone *http.Request
	for name := range req.Header {
		if strings.EqualFold(name, "Idempotency-Key") || strings.EqualFold(name, "X-Idempotency-Key") {
			if clone == nil {
				clone = req.Clone(req.Context())
			}
			delete(clone.Header, name)
		}
	}
	if clone == nil {
		return req
	}
	return clone
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
