package once

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/agentcopy/agentcopy-go"
)

// maxRounds is how often one call sends the request. Each time but the first,
// nothing was to be seen of a copy although the settle time had passed.
const maxRounds = 3

// errand is one call of [Once.Copy] that holds the claim of its key.
//
// run sends and settles, round by round; once_settle.go looks for the copy of a
// request whose outcome is unknown, and once_decide.go says which agent it is.
type errand struct {
	ledger     Ledger
	copier     agentcopy.Copier
	request    agentcopy.CopyRequest
	claim      *claim
	settleTime time.Duration

	sentBefore bool                 // the request may have made a copy already
	failure    error                // of the last round; nil if this call has sent nothing
	trouble    error                // of the last look, if it could not see
	seen       map[string]time.Time // by ID, when each agent that may be the copy was first seen
}

// errUnseen: the settle time has passed, and there is no copy to be seen.
var errUnseen = errors.New("no copy showed")

// run makes the copy, or finds the one that was made. Its last result but one
// says which.
func (e *errand) run(ctx context.Context) (copied agentcopy.Copy, existing bool, err error) {
	if e.sentBefore { // by a call that crashed, or gave up on knowing
		copied, err := e.settle(ctx)
		if !errors.Is(err, errUnseen) {
			return copied, true, err
		}
	}
	for range maxRounds {
		copied, existing, err := e.round(ctx)
		if !errors.Is(err, errUnseen) {
			return copied, existing, err
		}
	}
	return agentcopy.Copy{}, false, e.unsettled(fmt.Errorf("%d requests were sent, and no copy of any showed within %v", maxRounds, e.settleTime))
}

// round sends the request and finds out what became of it.
func (e *errand) round(ctx context.Context) (copied agentcopy.Copy, existing bool, err error) {
	again := e.sentBefore
	if again {
		// This makes sure of the lease, too: the pause may have been long.
		if err := e.claim.update(func(r *Record) { r.Rounds++ }); err != nil {
			return agentcopy.Copy{}, false, e.unsettled(fmt.Errorf("the ledger could not record the next request, so it was not sent: %w", err))
		}
	}
	if err := contextError(ctx); err != nil {
		return e.refused(ctx, err, again)
	}
	copied, err = e.copier.Copy(ctx, e.request)
	outcome := outcomeOf(copied, err)
	switch {
	case err == nil && copied.ID != "":
		return e.made(ctx, copied)
	case outcome == agentcopy.OutcomeNotCopied:
		return e.refused(ctx, err, again)
	case err == nil:
		err = errors.New("the agentcopy.Copier returned a copy without an ID")
	}
	e.sentBefore, e.failure = true, err
	if outcome == agentcopy.OutcomeCopied {
		// Should the ledger fail, this call knows it all the same.
		_ = e.claim.update(func(r *Record) { r.Outcome = agentcopy.OutcomeCopied })
	}
	copied, err = e.settle(ctx)
	return copied, true, err
}

// outcomeOf is what Copier.Copy said. An error that is no *Error claims nothing;
// success without an ID claims that there is a copy.
func outcomeOf(copied agentcopy.Copy, err error) agentcopy.Outcome {
	if err == nil {
		return agentcopy.OutcomeCopied
	}
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		return e.Outcome
	}
	return agentcopy.OutcomeUnknown
}

// made records the copy that the vendor's answer named.
func (e *errand) made(ctx context.Context, copied agentcopy.Copy) (agentcopy.Copy, bool, error) {
	err := e.claim.finish(copied, false)
	if errors.Is(err, ErrCopyTaken) {
		return e.swap(ctx, copied)
	}
	if err != nil {
		return copied, false, e.unrecorded(copied, err)
	}
	return copied, false, nil
}

// swap deals with a copy that another key adopted before its answer arrived. If
// that key stands for the same request, its copy is as good as ours: we take
// over what it did not know, and settle that.
func (e *errand) swap(ctx context.Context, copied agentcopy.Copy) (agentcopy.Copy, bool, error) {
	record := e.claim.current()
	owner, found, err := e.ledger.Owner(ctx, refOf(&record, copied))
	switch {
	case err != nil:
		return copied, false, e.unrecorded(copied, fmt.Errorf("%w; of which one: %w", ErrCopyTaken, err))
	case !found || !owner.Found || !owner.SameRequest(&record):
		return copied, false, e.unrecorded(copied, fmt.Errorf("%w, %q", ErrCopyTaken, owner.Key))
	}
	e.sentBefore, e.failure = true, fmt.Errorf("key %q adopted the copy %s: %w", owner.Key, copied.ID, ErrCopyTaken)
	err = e.claim.update(func(r *Record) {
		if owner.Since.Before(r.Since) {
			r.Since = owner.Since
		}
		if owner.Outcome == agentcopy.OutcomeCopied {
			r.Outcome = agentcopy.OutcomeCopied
		}
	})
	if err != nil {
		return agentcopy.Copy{}, false, e.unsettled(fmt.Errorf("ledger: %w", err))
	}
	copied, err = e.settle(ctx)
	return copied, true, err
}

// refused ends a call whose last request made no copy, provably. again says
// that an earlier one may have, which "the name is taken" may be the sign of.
func (e *errand) refused(ctx context.Context, refusal error, again bool) (agentcopy.Copy, bool, error) {
	if again {
		copied, err := e.seek(ctx, true)
		switch {
		case err == nil:
			return copied, true, nil
		case errors.Is(err, errNotYet):
			return agentcopy.Copy{}, false, e.unsettled(fmt.Errorf("the last request was refused: %w", refusal))
		case !errors.Is(err, errUnseen):
			return copied, true, fmt.Errorf("%w; the last request was refused: %w", err, refusal)
		}
	}
	if err := e.claim.abandon(); err != nil {
		refusal = fmt.Errorf("%w; the ledger could not take the intent back: %w", refusal, err)
	}
	return agentcopy.Copy{}, false, refusal
}
