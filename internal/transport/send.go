package transport

import (
	"context"
	"errors"
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

	begun   time.Time
	timeout time.Duration   // what was left of the attempt's
	traced  context.Context // the trace is told the end with it; nil if it is not, or was

	ended  bool
	status int           // of the answer; 0 if there was none
	wait   time.Duration // that a refusal asks for, else drawn at random
	err    error
}

// sends are those of an attempt.
type sends struct {
	mu        sync.Mutex
	last      *send
	notCopied bool  // the last one provably made no copy
	closed    bool  // middleware has returned: nothing more may be sent
	denied    error // the limiter or a trace stopped the attempt

	first send
}

// errTwice stops middleware that would make a second copy.
var errTwice = errors.New("middleware tried to send the copy a second time although the first request may have made one: it was stopped")

// errLate stops middleware that returned before it sent its request.
var errLate = errors.New("middleware sent a request after it had returned: it was stopped")

// newSend makes s a send of a. In line, it would make the frame of next a large one,
// where the stack is deepest.
//
//go:noinline
func (a *attempt) newSend(s *send) *send {
	s.attempt = a
	s.trace.prepare(&a.ctx, a.call.client.server, a.call.op.copies(), a.ctx.cancel)
	return s
}

// next makes the next send, if there may be one.
func (all *sends) next(a *attempt) (*send, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s := &all.first
	switch {
	case all.closed:
		return nil, errLate
	case all.denied != nil:
		return nil, all.denied
	case all.last == nil:
	case a.call.op.copies() && !all.notCopied:
		return nil, errTwice
	default:
		s = a.newSend(new(send))
		s.before = all.last
	}
	all.last, all.notCopied = s, false
	return s, nil
}

// begin waits for what s needs, and makes the request that goes to the wire, watched by a
// trace of httptrace. Only the transport is given that trace: the requests that
// middleware makes of its own with the context of this one are no part of the attempt.
func (s *send) begin(req *http.Request) error {
	ctx := req.Context()
	var err error
	if s.before != nil { // else it has the attempt's permit
		s.before.traceOvertaken()
		err = s.acquirePermit(ctx)
	}
	if err == nil {
		ctx, err = s.traceStart(ctx)
	}
	if err != nil {
		s.deny(err)
		return err
	}
	s.trace.watch(ctx, req)
	if len(s.attempt.call.client.cfg.Middleware) > 0 { // WithHeader refuses such a header
		dropIdempotencyKey(&s.trace.request)
	}
	return nil
}

// acquirePermit waits for the limiter, while the clock of the attempt stands still.
func (s *send) acquirePermit(ctx context.Context) error {
	a := s.attempt
	a.ctx.halt()
	defer a.ctx.resume() // also if a Trace panics
	permit, err := a.acquirePermit(ctx)
	a.sends.mu.Lock()
	defer a.sends.mu.Unlock()
	s.permit = permit
	return err
}

// deny takes back a send that the limiter or a trace stopped.
func (s *send) deny(err error) {
	s.takePermit().Unused()
	all := &s.attempt.sends
	all.mu.Lock()
	defer all.mu.Unlock()
	all.denied = err
	if all.last == s {
		all.last, all.notCopied = s.before, true
	}
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
	var notCopied bool
	var status int
	var wait time.Duration
	switch {
	case err != nil:
		notCopied = s.trace.proof(err, s.trace.request.Context().Err() != nil) == neverSent
	case resp != nil:
		status = resp.StatusCode
		if !isSuccess(status) {
			notCopied, wait = s.refused(resp)
		}
	}
	all := &s.attempt.sends
	all.mu.Lock()
	defer all.mu.Unlock()
	s.ended, s.status, s.wait, s.err = true, status, wait, err
	if all.last == s {
		all.notCopied = notCopied
	}
	return resp, err
}

// refused reads a refusal. Everybody waits as it asks before middleware can send again.
func (s *send) refused(resp *http.Response) (notCopied bool, wait time.Duration) {
	a := s.attempt
	w := a.readWait(resp)
	a.applyRetryAfter(resp, w)
	var body []byte
	whole := false
	if len(a.call.client.cfg.Middleware) > 0 && bodyDecides(resp.StatusCode) {
		var err error
		body, err = peek(resp)
		whole = err == nil
	}
	return judgeStatus(true, resp.StatusCode, body, whole).outcome == agentcopy.OutcomeNotCopied, w.wait
}

// close lets nothing more through: middleware has returned. The guard gives back the
// permits of what it let through; if that is nothing, the first one is left.
func (all *sends) close() {
	all.mu.Lock()
	all.closed = true
	none := all.last == nil
	all.mu.Unlock()
	if none {
		all.first.release()
	}
}

// safe reports whether all requests that were sent provably made no copy. None may be
// under way.
func (all *sends) safe() bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.last == nil || all.notCopied
}

// latest is the last send; nil if there is none.
func (all *sends) latest() *send {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.last
}

// waitApplied reports whether the guard has seen the refusal of that status already, and
// how long to wait after it.
func (all *sends) waitApplied(status int) (wait time.Duration, ok bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.last == nil || all.last.status != status {
		return 0, false
	}
	return all.last.wait, true
}

// stopped is why the limiter or a trace stopped the attempt, nil if they did not.
// first reports whether they stopped the first send.
func (all *sends) stopped() (err error, first bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.denied, all.last == nil
}

// proof is that of the last send. Without one, the guard stopped the request or,
// if it did not, middleware has answered by itself, and nothing is known.
func (all *sends) proof(err error, interrupted bool) proof {
	all.mu.Lock()
	defer all.mu.Unlock()
	switch {
	case is[*blockedError](err) && all.last == nil:
		return neverSent
	case all.last == nil, !all.last.ended: // middleware may have returned without waiting for it
		return noProof
	}
	return all.last.trace.proof(err, interrupted)
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
