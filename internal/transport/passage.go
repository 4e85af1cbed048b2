package transport

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// passage is one way of a request from the guard to the wire and back. An attempt
// has one, unless middleware sends its request again: after it renewed a token,
// say.
type passage struct {
	attempt *attempt
	trace   wireTrace
	request http.Request
}

// passages are those of an attempt.
type passages struct {
	mu      sync.Mutex
	last    *passage
	settled bool // the last one provably made no copy

	first passage
}

// errTwice stops middleware, which must not do what this SDK is there to prevent.
var errTwice = errors.New("middleware sent the copy a second time although the first may have made one: it was stopped")

// pass lets req through to the wire, watched by a trace. The trace is given to the
// transport alone: the requests that middleware makes of its own with the context
// of this one are no part of the attempt.
func (a *attempt) pass(req *http.Request, addr string) (*passage, error) {
	c := callOf(req.Context())
	p := &a.passages
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &p.first
	switch {
	case p.last == nil:
	case c.op.copies() && !p.settled:
		return nil, errTwice
	default:
		next = new(passage)
	}
	next.attempt = a
	ctx := next.trace.watch(req.Context(), addr, a.stop, c.op.copies())
	next.request = *req.WithContext(ctx)
	p.last, p.settled = next, false
	return next, nil
}

// end notes whether the passage may be followed by another one.
func (p *passage) end(resp *http.Response, err error) {
	settled := false
	switch {
	case err != nil:
		settled = p.trace.proof(err, p.request.Context().Err() != nil) == neverSent
	case resp != nil:
		_, asked := retryAfter(resp.Header, time.Now())
		settled = resp.StatusCode >= 300 && judgeStatus(true, resp.StatusCode, asked).outcome == refused.outcome
	}
	all := &p.attempt.passages
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.last == p {
		all.settled = settled
	}
}

// proof is that of the last passage. Without one, the guard stopped the request
// or, if it did not, middleware has answered by itself, and nothing is known.
func (p *passages) proof(err error, interrupted bool) proof {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case isBlocked(err) && p.last == nil:
		return neverSent
	case p.last == nil:
		return noProof
	}
	return p.last.trace.proof(err, interrupted)
}

// resent reports whether net/http was stopped from sending again by itself.
func (p *passages) resent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil && p.last.trace.resent.Load()
}
