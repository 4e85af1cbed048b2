package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// send is one way of a request from the guard to the wire and back. An attempt
// has one, unless middleware sends its request again: after it renewed a token,
// say.
type send struct {
	attempt *attempt
	before  *send // the one before it, if any
	permit  pacing.Permit
	trace   wireTrace
	request http.Request

	begun   time.Time
	ended   bool
	refusal result // what asked everybody to wait, if the answer did
	status  int
	err     error

	number  int
	timeout time.Duration
	traced  context.Context // the trace is told the end with it; nil if it is not, or was
}

// sends are those of an attempt.
type sends struct {
	mu      sync.Mutex
	last    *send
	settled bool  // the last one provably made no copy
	denied  error // the limiter or a trace stopped the attempt
	over    bool  // middleware has returned: nothing more may be sent

	first send
}

// errTwice stops middleware, which must not do what this SDK is there to prevent.
var errTwice = errors.New("middleware sent the copy a second time although the first may have made one: it was stopped")

// errLate stops middleware that returned before it sent its request.
var errLate = errors.New("middleware sent a request after it had returned: it was stopped")

// close lets nothing more through.
func (p *sends) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

// harmless reports whether all requests that were sent provably made no copy. None
// may be under way.
func (p *sends) harmless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last == nil || p.settled
}

// pass lets req through to the wire, watched by a trace of httptrace. That trace is
// given to the transport alone: the requests that middleware makes of its own with
// the context of this one are no part of the attempt.
func (a *attempt) pass(c *call, req *http.Request, addr string) (*send, error) {
	next, err := a.next(c)
	if err != nil {
		return nil, err
	}
	ctx, err := next.admit(c, req.Context())
	if err != nil {
		a.sends.deny(next, err)
		return nil, err
	}
	ctx = next.trace.watch(ctx, req, addr, func() { a.cancel(nil) }, c.op.copies())
	next.request = *req.WithContext(ctx)
	return next, nil
}

// next makes the next send, if there may be one.
func (a *attempt) next(c *call) (*send, error) {
	p := &a.sends
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &p.first
	switch {
	case p.over:
		return nil, errLate
	case p.denied != nil:
		return nil, p.denied
	case p.last == nil:
	case c.op.copies() && !p.settled:
		return nil, errTwice
	default:
		next = &send{before: p.last}
	}
	if next.attempt = a; p.last == nil {
		next.permit = c.permit
	}
	p.last, p.settled = next, false
	return next, nil
}

// deny takes back a send that did not come to pass.
func (p *sends) deny(s *send, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.denied = err
	if p.last == s {
		p.last, p.settled = s.before, true
	}
}

// admit waits for what a send needs: the first one comes with the attempt's place
// in the limiter, and each further one takes its own. It returns the context of
// the request.
func (s *send) admit(c *call, ctx context.Context) (context.Context, error) {
	if s.before != nil {
		s.before.tellBefore(c)
		s.attempt.halt()
		var err error
		s.permit, err = c.acquire(ctx)
		s.attempt.resume()
		if err != nil {
			return nil, err
		}
	}
	sendContext, err := s.start(c, ctx)
	if err == nil && sendContext.Value(callKey{}) != any(c) {
		err = errors.New("Trace.AttemptStart returned a context that does not descend from the one it was given")
	}
	if err != nil {
		s.permit.Unused()
		return nil, err
	}
	return sendContext, nil
}

// end notes what came of a send, and whether it may be followed by another one.
func (s *send) end(c *call, resp *http.Response, err error) {
	s.permit.Answered() // the place in the limiter's window begins to cool
	settled, refusal := false, result{}
	switch {
	case err != nil:
		settled = s.trace.proof(err, s.request.Context().Err() != nil) == neverSent
	case resp != nil && (resp.StatusCode < 200 || resp.StatusCode > 299):
		refusal = applyRetryAfter(c, resp)
		var body []byte
		whole := false
		if len(c.client.cfg.Middleware) > 0 && bodyDecides(resp.StatusCode) {
			body, whole = peek(resp)
		}
		settled = judgeStatus(true, resp.StatusCode, body, whole).outcome == agentcopy.OutcomeNotCopied
	}
	all := &s.attempt.sends
	all.mu.Lock()
	defer all.mu.Unlock()
	s.ended, s.err, s.refusal = true, err, refusal
	if resp != nil {
		s.status = resp.StatusCode
	}
	if all.last == s {
		all.settled = settled
	}
}

// applyRetryAfter makes everybody wait before middleware can send again.
func applyRetryAfter(c *call, resp *http.Response) result {
	r := result{status: resp.StatusCode, header: resp.Header}
	r.readRetryAfter(c)
	c.applyRetryAfter(&r)
	return r
}

// applied reports whether the guard has seen the answer of that status already,
// and how long it makes everybody wait.
func (p *sends) applied(status int) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || p.last.refusal.status != status {
		return 0, false
	}
	return p.last.refusal.wait, true
}

// stopped is why the limiter or a trace stopped the attempt, nil if they did not.
// any reports whether something was sent before.
func (p *sends) stopped() (err error, any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.denied, p.last != nil
}

// tellBefore tells the trace of a send that is followed by another one.
func (s *send) tellBefore(c *call) {
	all := &s.attempt.sends
	all.mu.Lock()
	ended := s.ended
	all.mu.Unlock()
	if !ended { // a read that middleware sends side by side: its end is told with the attempt's
		return
	}
	s.tell(c, agentcopy.Attempt{
		Start: s.begun, Duration: time.Since(s.begun), StatusCode: s.status,
		Err: maskError(c.client.mask, s.err), Sent: s.status != 0 || s.trace.proof(s.err, false) != neverSent,
	}, agentcopy.OutcomeNotCopied)
}

// tell tells the trace of all sends that it has not heard the end of.
func (p *sends) tell(c *call, attempt agentcopy.Attempt, o agentcopy.Outcome) {
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	for s := last; s != nil; s = s.before {
		s.tell(c, attempt, o)
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
	case p.last == nil, !p.last.ended: // middleware may have returned without waiting for it
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
