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
// has one, unless middleware sends its request again, such as after it renewed a
// token.
type send struct {
	attempt *attempt
	before  *send // the one before it, if any
	permit  pacing.Permit
	trace   wireTrace
	request *http.Request

	begun   time.Time
	timeout time.Duration   // what was left of the attempt's
	traced  context.Context // the trace is told the end with it; nil if it is not, or was

	ended   bool
	refused bool          // the answer is no success
	status  int           // of the answer
	wait    time.Duration // what every call waits for, if refused
	err     error
}

// sends are those of an attempt.
type sends struct {
	mu      sync.Mutex
	last    *send
	settled bool  // the last one provably made no copy
	over    bool  // middleware has returned: nothing more may be sent
	denied  error // the limiter or a trace stopped the attempt

	first send
}

// errTwice stops middleware that would make a second copy.
var errTwice = errors.New("middleware tried to send the copy a second time although the first request may have made one: it was stopped")

// errLate stops middleware that returned before it sent its request.
var errLate = errors.New("middleware sent a request after it had returned: it was stopped")

// begin makes the request that goes to the wire, watched by a trace of httptrace. Only
// the transport is given that trace: the requests that middleware makes of its own with
// the context of this one are no part of the attempt.
func (s *send) begin(req *http.Request) error {
	ctx, err := s.admit(req.Context())
	if err != nil {
		s.attempt.sends.deny(s, err)
		return err
	}
	s.request = withoutIdempotencyKey(s.trace.watch(ctx, req))
	return nil
}

// newSend makes s a send of a. In line, it would make the frame of next a large one,
// where the stack is deepest.
//
//go:noinline
func (a *attempt) newSend(s *send) *send {
	s.attempt = a
	s.trace.prepare(a.call.client.server, a.call.op.copies(), a.ctx.cancel)
	return s
}

// next makes the next send, if there may be one.
func (p *sends) next(a *attempt) (*send, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.first
	switch {
	case p.over:
		return nil, errLate
	case p.denied != nil:
		return nil, p.denied
	case p.last == nil:
	case a.call.op.copies() && !p.settled:
		return nil, errTwice
	default:
		s = a.newSend(new(send))
		s.before = p.last
	}
	p.last, p.settled = s, false
	return s, nil
}

// deny takes back a send that the limiter or a trace stopped.
func (p *sends) deny(s *send, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.denied = err
	if p.last == s {
		p.last, p.settled = s.before, true
	}
}

// admit waits for what a send needs: the first one has the attempt's permit, and
// each further one acquires its own. It returns the context of the request.
func (s *send) admit(ctx context.Context) (context.Context, error) {
	if s.before != nil {
		s.before.traceOvertaken()
		s.attempt.ctx.halt()
		permit, err := s.attempt.acquirePermit(ctx)
		s.attempt.ctx.resume()
		if err != nil {
			return nil, err
		}
		s.attempt.sends.mu.Lock()
		s.permit = permit
		s.attempt.sends.mu.Unlock()
	}
	ctx, err := s.traceStart(ctx)
	if err != nil {
		s.takePermit().Unused()
	}
	return ctx, err
}

// release gives the permit back, unless that was done.
func (s *send) release() { s.takePermit().Answered() }

// takePermit returns the permit once, and then one that holds nothing.
func (s *send) takePermit() pacing.Permit {
	s.attempt.sends.mu.Lock()
	defer s.attempt.sends.mu.Unlock()
	permit := s.permit
	s.permit = pacing.Permit{}
	return permit
}

// end notes what came of a send, and whether it may be followed by another one. It
// returns what it was given.
func (s *send) end(resp *http.Response, err error) (*http.Response, error) {
	s.release()
	settled, refused, wait := false, false, time.Duration(0)
	switch {
	case err != nil:
		settled = s.trace.proof(err, s.request.Context().Err() != nil) == neverSent
	case resp != nil && !isSuccess(resp.StatusCode):
		// Everybody waits before middleware can send again.
		w := s.attempt.readWait(resp)
		s.attempt.applyRetryAfter(resp, w)
		refused, wait = true, w.wait
		var body []byte
		whole := false
		if len(s.attempt.call.client.cfg.Middleware) > 0 && bodyDecides(resp.StatusCode) {
			body, whole = peek(resp)
		}
		settled = judgeStatus(true, resp.StatusCode, body, whole).outcome == agentcopy.OutcomeNotCopied
	}
	all := &s.attempt.sends
	all.mu.Lock()
	defer all.mu.Unlock()
	s.ended, s.err, s.refused, s.wait = true, err, refused, wait
	if resp != nil {
		s.status = resp.StatusCode
	}
	if all.last == s {
		all.settled = settled
	}
	return resp, err
}

// close lets nothing more through: middleware has returned. The guard gives back the
// permits of what it let through; if that is nothing, the first one is left.
func (p *sends) close() {
	p.mu.Lock()
	p.over = true
	none := p.last == nil
	p.mu.Unlock()
	if none {
		p.first.release()
	}
}

// safe reports whether all requests that were sent provably made no copy. None may be
// under way.
func (p *sends) safe() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last == nil || p.settled
}

// latest is the last send; nil if there is none.
func (p *sends) latest() *send {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// waitApplied reports whether the guard has seen the answer of that status already,
// and how long it makes every call wait.
func (p *sends) waitApplied(status int) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || !p.last.refused || p.last.status != status {
		return 0, false
	}
	return p.last.wait, true
}

// stopped is why the limiter or a trace stopped the attempt, nil if they did not.
// first reports whether they stopped the first send.
func (p *sends) stopped() (err error, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.denied, p.last == nil
}

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

// traceOvertaken tells the trace of a send that is followed by another one.
func (s *send) traceOvertaken() {
	all := &s.attempt.sends
	all.mu.Lock()
	ended := s.ended
	all.mu.Unlock()
	if !ended { // a read that middleware sends side by side: its end is told with the attempt's
		return
	}
	s.traceDone(agentcopy.Attempt{
		Start: s.begun, Duration: time.Since(s.begun), StatusCode: s.status,
		Err: maskError(s.attempt.call.client.mask, s.err), Sent: s.status != 0 || s.trace.proof(s.err, false) != neverSent,
	}, agentcopy.OutcomeNotCopied)
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
