package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// send is one way of a request from the guard to the wire and back. An attempt
// has one, unless middleware sends its request again: after it renewed a token,
// say.
type send struct {
	attempt *attempt
	trace   wireTrace
	request http.Request
}

// sends are those of an attempt.
type sends struct {
	mu      sync.Mutex
	last    *send
	settled bool // the last one provably made no copy

	first send
}

// errTwice stops middleware, which must not do what this SDK is there to prevent.
var errTwice = errors.New("middleware sent the copy a second time although the first may have made one: it was stopped")

// pass lets req through to the wire, watched by a trace. The trace is given to the
// transport alone: the requests that middleware makes of its own with the context
// of this one are no part of the attempt.
func (a *attempt) pass(req *http.Request, addr string) (*send, error) {
	c := callOf(req.Context())
	p := &a.sends
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &p.first
	switch {
	case p.last == nil:
	case c.op.copies() && !p.settled:
		return nil, errTwice
	default:
		next = new(send)
	}
	next.attempt = a
	ctx := next.trace.watch(req.Context(), addr, a.stop, c.op.copies())
	next.request = *req.WithContext(ctx)
	p.last, p.settled = next, false
	return next, nil
}

// end notes whether the request may be sent once more.
func (s *send) end(resp *http.Response, err error) {
	settled := false
	switch {
	case err != nil:
		settled = s.trace.proof(err, s.request.Context().Err() != nil) == neverSent
	case resp != nil && resp.StatusCode >= 300:
		var body []byte
		whole := false
		if bodyDecides(resp.StatusCode) {
			body, whole = peek(resp)
		}
		settled = judgeStatus(true, resp.StatusCode, body, whole).outcome == agentcopy.OutcomeNotCopied
	}
	all := &s.attempt.sends
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.last == s {
		all.settled = settled
	}
}

// peek reads what is kept of the body of a refusal, and puts it back.
func peek(resp *http.Response) (body []byte, whole bool) {
	if resp.Body == nil {
		return nil, true
	}
	rest := resp.Body
	body, err := readUpTo(rest, resp.ContentLength, errorBodyLimit)
	again := io.Reader(io.MultiReader(bytes.NewReader(body), rest))
	if err != nil {
		again = io.MultiReader(bytes.NewReader(body), failingReader{err})
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{again, rest}
	return body, err == nil && (resp.Uncompressed || int64(len(body)) >= min(resp.ContentLength, errorBodyLimit))
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// proof is that of the last send. Without one, the guard stopped the request or,
// if it did not, middleware has answered by itself, and nothing is known.
func (p *sends) proof(err error, interrupted bool) proof {
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

// resent reports whether a transport was stopped from sending again by itself.
func (p *sends) resent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil && p.last.trace.resent.Load()
}

// throughProxy reports whether the last send sought its connection from a proxy.
func (p *sends) throughProxy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil && p.last.trace.throughProxy()
}
