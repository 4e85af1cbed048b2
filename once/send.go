package once

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
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
	s := &sending{claim: r.claim, before: before, begun: clock(), told: agentcopy.OutcomeNotCopied}
	req := before.Request
	req.IdempotencyKey = r.idempotencyKey
	var copied agentcopy.Copy
	var err error
	if before.Identity.Traced {
		trace := agentcopy.Trace{AttemptStart: s.attemptStart, AttemptDone: s.attemptDone}
		ctx = agentcopy.ContextWithTrace(ctx, trace)
	} else {
		timeout := untracedTime
		if deadline, ok := ctx.Deadline(); ok {
			timeout = min(timeout, time.Until(deadline))
		}
		err = s.start(ctx, timeout)
	}
	if err == nil {
		copied, err = r.copier.Copy(ctx, req)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	copied, outcome, err := s.answer(copied, err)
	s.end(outcome)
	if r.sinceHere.IsZero() {
		r.sinceHere = s.since
	}
	if s.started || outcome != agentcopy.OutcomeNotCopied {
		r.sends++
	}
	return copied, outcome, err
}

// answer is what Copier.Copy returned, without what contradicts itself. The lock is
// held.
func (s *sending) answer(copied agentcopy.Copy, err error) (agentcopy.Copy, agentcopy.Outcome, error) {
	outcome := agentcopy.OutcomeCopied
	if !check.IsNil(err) { // which a nil *agentcopy.Error is, too
		outcome = outcomeOf(err)
	}
	isSource := strings.EqualFold(copied.ID, s.before.Request.SourceID)
	switch {
	case outcome == agentcopy.OutcomeCopied && copied.ID != "" && !isSource: // whatever else went wrong
		copied.Provider = cmp.Or(s.before.Identity.Provider, copied.Provider) // as looks and the ledger have it
		return copied, outcome, nil
	case check.IsNil(err) && copied.ID == "":
		err = errors.New("the Copier returned a copy without an ID")
	case check.IsNil(err):
		err = errors.New("the Copier returned the source as its copy")
	case s.wasStopped(outcome, err):
		outcome = agentcopy.OutcomeNotCopied
		err = &stoppedError{notSent(&s.before, "the ledger could not record the sending, so nothing was sent", s.stopped)}
	case outcome == agentcopy.OutcomeNotCopied && s.told != agentcopy.OutcomeNotCopied:
		outcome = s.told
	case outcome == agentcopy.OutcomeNotCopied && copied.ID != "":
		outcome = agentcopy.OutcomeUnknown
	}
	return agentcopy.Copy{}, outcome, err
}

// wasStopped reports whether the last attempt was not let go, and no earlier one may
// have made a copy. A Copier that sends anyway does not return the reason.
func (s *sending) wasStopped(outcome agentcopy.Outcome, err error) bool {
	if s.stopped == nil || s.told != agentcopy.OutcomeNotCopied {
		return false
	}
	return outcome == agentcopy.OutcomeNotCopied ||
		outcome == agentcopy.OutcomeUnknown && !s.started && errors.Is(err, s.stopped)
}

// stoppedError is a sending that was not made, since the ledger did not record it.
type stoppedError struct{ known *agentcopy.Error }

func (e *stoppedError) Error() string { return e.known.Message }
func (e *stoppedError) Unwrap() error { return e.known }

// outcomeOf is what the error of Copier.Copy claims: of several that are joined, the
// one counts that claims most. An error that claims nothing leaves it unknown.
func outcomeOf(err error) agentcopy.Outcome {
	claims := claimsOf(err)
	switch {
	case slices.Contains(claims, agentcopy.OutcomeCopied):
		return agentcopy.OutcomeCopied
	case len(claims) == 0, slices.Contains(claims, agentcopy.OutcomeUnknown):
		return agentcopy.OutcomeUnknown
	}
	return agentcopy.OutcomeNotCopied
}

func claimsOf(err error) (claims []agentcopy.Outcome) {
	switch e := err.(type) {
	case *agentcopy.Error:
		if e != nil {
			return []agentcopy.Outcome{e.Outcome} // and not those of its causes
		}
	case interface{ Unwrap() error }:
		return claimsOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			claims = append(claims, claimsOf(one)...)
		}
	}
	if err == agentcopy.ErrCopied {
		claims = append(claims, agentcopy.OutcomeCopied)
	}
	return claims
}

// sending is one call of Copier.Copy.
type sending struct {
	claim  *claim
	before Record // as it was when the call began
	begun  time.Time

	mu      sync.Mutex        // middleware may send from goroutines of its own; see claim.sem for why it is not held across calls
	since   time.Time         // when the first attempt began that may have made a copy
	started bool              // the ledger has recorded an attempt
	inDoubt bool              // an attempt was, and the Trace was not told that it made nothing
	told    agentcopy.Outcome // the most that the Trace was told of an attempt
	stopped error             // why the last attempt was not let go
	over    bool              // Copier.Copy has returned
}

// attemptStart is the func of [agentcopy.Trace]. What a Copier reads meanwhile is
// no sending.
func (s *sending) attemptStart(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
	if !a.Call.Copies {
		return ctx, nil
	}
	return ctx, s.start(ctx, cmp.Or(a.Timeout, untracedTime))
}

// attemptDone is the func of [agentcopy.Trace]. A Copier need not call it.
func (s *sending) attemptDone(_ context.Context, a agentcopy.AttemptInfo, _ agentcopy.Attempt, o agentcopy.Outcome) {
	if !a.Call.Copies {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o == agentcopy.OutcomeNotCopied {
		s.inDoubt = false
	} else if s.told != agentcopy.OutcomeCopied {
		s.told = o
	}
}

// slowRecord is how long the ledger may take to record an attempt before SentAt has to
// count that time: the attempt begins after it. It is a small part of SettleTime.
const slowRecord = 2 * time.Second

// start records an attempt that ends within timeout. It returns an error if the
// attempt must not be made.
func (s *sending) start(ctx context.Context, timeout time.Duration) error {
	asked := clock()
	s.mu.Lock()
	err, first := s.refuse(), s.since.IsZero() || !s.before.Sent() && !s.inDoubt
	s.mu.Unlock()
	record := func(margin time.Duration) (took time.Duration, err error) {
		began := clock()
		err = s.claim.update(ctx, func(r *Record) {
			if !s.before.Sent() && first { // nothing that was sent before made a copy
				r.Since = stamp(asked)
			}
			r.SentAt, r.LookedAt = stamp(began.Add(margin+timeout)), time.Time{}
			r.Sends = s.before.Sends + 1
		})
		if took = elapsed(began); err == nil && took >= lease.Time {
			err = fmt.Errorf("%w: its record took %v", ErrLeaseLost, took.Round(time.Second))
		}
		return took, err
	}
	if err == nil {
		var took time.Duration
		if took, err = record(0); err == nil && took > slowRecord {
			_, err = record(lease.Time) // else the attempt may end later than SentAt says
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = cmp.Or(err, s.refuse())
	if first {
		s.since = asked
	}
	s.stopped = err
	s.started, s.inDoubt = s.started || err == nil, s.inDoubt || err == nil
	return err
}

// refuse returns why the Copier must not send, whatever the ledger says. The lock is
// held.
func (s *sending) refuse() error {
	switch {
	case s.over:
		return errors.New("Copier.Copy has returned")
	case s.told != agentcopy.OutcomeNotCopied:
		return errors.New("an attempt of this call may have made a copy")
	}
	return nil
}

// end notes when the sending ended; if it provably made no copy, as if it had not
// been.
func (s *sending) end(outcome agentcopy.Outcome) {
	s.claim.set(func(r *Record) {
		if outcome == agentcopy.OutcomeNotCopied {
			r.SentAt, r.LookedAt = s.before.SentAt, s.before.LookedAt
			return
		}
		r.SentAt, r.LookedAt = stamp(clock()), time.Time{}
		if r.Since.IsZero() { // a Copier that is Traced and reported no attempt
			r.Since = stamp(s.begun)
		}
	})
}

// stamp is t as a record keeps it.
func stamp(t time.Time) time.Time { return t.Round(0).UTC() }

// idempotencyKey is the same for every sending of a key, in every process, and
// tells nothing about it.
func idempotencyKey(r *Record) string {
	hash := sha256.New()
	for _, part := range []string{r.Identity.Provider, r.Identity.Origin, r.Identity.Account, r.Key} {
		fmt.Fprintf(hash, "%+q", part) // %q depends on the Unicode version of Go
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
