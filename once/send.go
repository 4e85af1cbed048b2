package once

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

// untracedTime is how long a sending is taken to last whose Copier does not say, if
// the call's context has no deadline.
const untracedTime = 2 * time.Minute

// send hands the request to the Copier. Right before each sending the ledger
// records it, which also proves that this call still holds the lease.
//
// What remains is the moment between that write and the wire: a process that is
// suspended just then, for longer than its lease, sends without it.
func (r *run) send(ctx context.Context) (agentcopy.Copy, agentcopy.Outcome, error) {
	before := r.claim.current()
	s := &sending{claim: r.claim, before: before, begun: time.Now()}
	req := before.Request
	req.IdempotencyKey = r.idempotencyKey
	var copied agentcopy.Copy
	var err error
	if before.Identity.Traced {
		copied, err = r.copier.Copy(agentcopy.ContextWithTrace(ctx, agentcopy.Trace{AttemptStart: s.attemptStart}), req)
	} else if err = s.start(ctx, timeLeft(ctx, untracedTime)); err == nil {
		copied, err = r.copier.Copy(ctx, req)
	}
	outcome := outcomeOf(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil && (!s.started || outcome == agentcopy.OutcomeNotCopied) {
		outcome = agentcopy.OutcomeNotCopied
		err = &stoppedError{notSent(&before, "the ledger could not record the sending, so nothing was sent", s.stopped)}
	}
	s.end(outcome)
	if r.sinceHere.IsZero() {
		r.sinceHere = s.since
	}
	if s.started || outcome != agentcopy.OutcomeNotCopied {
		r.sends++
	}
	return copied, outcome, err
}

// stoppedError is a sending that was not made, since the ledger did not record it.
type stoppedError struct{ known *agentcopy.Error }

func (e *stoppedError) Error() string { return e.known.Message }
func (e *stoppedError) Unwrap() error { return e.known }

// notSent is the error of a call that ends before it has sent anything.
func notSent(r *Record, message string, cause error) *agentcopy.Error {
	return &agentcopy.Error{
		Provider: r.Identity.Provider, Operation: "Runner.Copy", Outcome: agentcopy.OutcomeNotCopied,
		Message: message + ": " + cause.Error(), Err: cause,
	}
}

// outcomeOf is what the error of Copier.Copy claims: none claims a copy, one that
// is no *agentcopy.Error claims nothing.
func outcomeOf(err error) agentcopy.Outcome {
	if err == nil {
		return agentcopy.OutcomeCopied
	}
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		return e.Outcome
	}
	return agentcopy.OutcomeUnknown
}

// sending is one call of Copier.Copy.
type sending struct {
	claim  *claim
	before Record // as it was when the call began
	begun  time.Time

	mu      sync.Mutex // middleware may send from goroutines of its own; see claim.sem for why it is not held across calls
	since   time.Time  // when the first attempt began that may have made a copy
	started bool       // the ledger has recorded an attempt
	stopped error      // why the last attempt was not let go
}

// attemptStart is the func of [agentcopy.Trace]. What a Copier reads meanwhile is
// no sending.
func (s *sending) attemptStart(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
	if !a.Call.Copies {
		return ctx, nil
	}
	return ctx, s.start(ctx, cmp.Or(a.Timeout, untracedTime))
}

// start records an attempt that ends within timeout. It returns an error if the
// attempt must not be made.
func (s *sending) start(ctx context.Context, timeout time.Duration) error {
	asked := time.Now()
	err := s.claim.update(ctx, func(r *Record) {
		if !s.before.Sent() {
			r.Since = stamp(asked) // nothing that was sent before made a copy
		}
		r.SentAt, r.LookedAt = stamp(asked.Add(timeout)), time.Time{}
		r.Sends = s.before.Sends + 1
	})
	if err == nil && elapsed(asked) >= lease.Time {
		err = fmt.Errorf("%w: its record took %v", ErrLeaseLost, elapsed(asked).Round(time.Second))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.before.Sent() || s.since.IsZero() {
		s.since = asked
	}
	s.stopped, s.started = err, s.started || err == nil
	return err
}

// end notes when the sending ended; if it provably made no copy, as if it had not
// been.
func (s *sending) end(outcome agentcopy.Outcome) {
	s.claim.set(func(r *Record) {
		if outcome == agentcopy.OutcomeNotCopied {
			r.SentAt, r.LookedAt = s.before.SentAt, s.before.LookedAt
			return
		}
		r.SentAt, r.LookedAt = stamp(time.Now()), time.Time{}
		if r.Since.IsZero() { // a Copier that is Traced and reported no attempt
			r.Since = stamp(s.begun)
		}
	})
}

// stamp is t as a record keeps it.
func stamp(t time.Time) time.Time { return t.Round(0).UTC() }

// timeLeft is how long ctx has to run, at most most.
func timeLeft(ctx context.Context, most time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(most, time.Until(deadline))
	}
	return most
}

// idempotencyKey is the same for every sending of a key, in every process, and
// tells nothing about it.
func idempotencyKey(r *Record) string {
	hash := sha256.New()
	for _, part := range []string{r.Identity.Provider, r.Identity.Origin, r.Identity.Account, r.Key} {
		fmt.Fprintf(hash, "%q", part)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
