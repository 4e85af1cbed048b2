package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// originGuard is the last look at a request before the wire, behind all
// middleware: credentials go to the configured origin alone, and a copy is asked
// for once.
type originGuard struct {
	base   *url.URL
	origin string
	addr   string // host and port of origin
	next   http.RoundTripper
}

func guardOrigin(base *url.URL, next http.RoundTripper) http.RoundTripper {
	origin := originOf(base)
	_, addr, _ := strings.Cut(origin, "://")
	return originGuard{base, origin, addr, next}
}

func (g originGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	err := g.check(req)
	var s *send
	if err == nil {
		a := req.Context().Value(attemptKey{}).(*attempt) // check has seen it
		s, err = a.pass(callOf(req.Context()), req, g.addr)
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as RoundTrip must, also when it fails
		}
		return nil, err
	}
	defer s.permit.Answered() // for a transport that panics
	resp, err := g.next.RoundTrip(withoutIdempotencyKey(&s.request))
	s.end(callOf(req.Context()), resp, err)
	return resp, err
}

func (g originGuard) check(req *http.Request) error {
	if _, ok := req.Context().Value(attemptKey{}).(*attempt); !ok {
		return &blockedError{"a request without the context it came with, which holds its deadline"}
	}
	if req.URL == nil {
		return &blockedError{"a request without a URL" + elsewhere}
	}
	if req.URL.Opaque != "" { // goes out as it is, in place of host and path
		return &blockedError{"a request with an opaque URL" + elsewhere}
	}
	if err := checkHeaders(req.Header); err != nil {
		return err
	}
	if req.URL.Scheme == g.base.Scheme && req.URL.Host == g.base.Host && req.Host == g.base.Host {
		return nil // as it was built, which is nearly always
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

const elsewhere = ", which is not the configured origin"

// blockedError is a request that middleware turned elsewhere. It never left.
type blockedError struct{ what string }

func (e *blockedError) Error() string {
	return fmt.Sprintf("middleware made it %s: nothing was sent", e.what)
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
