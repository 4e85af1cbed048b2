package once

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

const (
	// maxSends is how often one call sends the request.
	maxSends = 3
	// The pauses between two looks: the first, doubled each time up to the last.
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
	// lookGap is how far apart the two looks are that permit to send again.
	lookGap = 2 * time.Second
	// longestBlindness is how long looks may fail to see before the call ends, and how
	// long one look may take. It also bounds how far ahead of this machine's clock a SentAt is believed.
	longestBlindness = 10 * time.Minute
)

// run is one call that holds the claim of its key. It moves from state to state;
// nil is the end.
//
//	state     event                                            ledger   next
//	sending   the answer names the copy                        Finish   end: made
//	          which another key of this request claimed first  Update   looking
//	          refused, and nothing sent before is in doubt     Abandon  end: not copied
//	          refused otherwise, or as "the name is taken"     Update   looking, then refused
//	          anything else: lost, or made and not named       Update   looking
//	looking   one agent can only be the copy                   Finish   end: found
//	          no later look will tell                                   end: ambiguous
//	          nothing, and all the rules of sending again hold          sending, or refused
//	          nothing, but in doubt the name is taken                   end: open
//	          nothing, and the rules will never hold                    end: open
//	          the vendor refuses to be asked, or ctx ends               end: open
//	          anything else                                             looking, after a pause
//	refused   always                                           Abandon  end: not copied
//
// An error says "not copied" only after Abandon has succeeded. All others leave the
// key open: the record stays.
type run struct {
	ledger         Ledger
	copier         agentcopy.Copier
	claim          *claim
	settleTime     time.Duration
	idempotencyKey string
	log            *slog.Logger

	sends          int     // by this call
	failure        error   // of the last sending that may have made a copy; nil if there was none
	refusal        error   // of the last sending, which made none; nil if it was not refused
	refusedInDoubt bool    // it says that the name is taken, maybe by the copy of an earlier request
	lastFindError  error   // of the last look, if it could not see
	finding        finding // of the last look that was judged
	toldWhy        string  // why the log last said that this call waits

	// Times with a monotonic reading, so that a step of the wall clock does not move them.
	sinceHere  time.Time            // when this call first sent; zero if it has not
	settled    time.Time            // when SettleTime is over
	lookedHere time.Time            // when the first look that counts began, since then
	sighted    time.Time            // when a look last saw everything, or looking began
	firstSeen  map[string]time.Time // by ID, when this call saw a candidate first
	pause      time.Duration        // until the next look

	result Result // of the call
}

func newRun(r *Runner, c agentcopy.Copier, claim *claim, idempotencyKey string) *run {
	return &run{
		ledger:         r.Ledger,
		copier:         c,
		claim:          claim,
		settleTime:     cmp.Or(r.SettleTime, defaultSettleTime),
		idempotencyKey: idempotencyKey,
		log:            loggerOf(r),
		firstSeen:      make(map[string]time.Time),
	}
}

type state func(context.Context) state

// copy makes the copy, or finds the one that was made.
func (r *run) copy(ctx context.Context) Result {
	next := r.sending
	if r.inDoubt() {
		r.logLook(ctx, "an earlier call left it open")
		next = r.startLooking()
	}
	for next != nil {
		next = next(ctx)
	}
	return r.result
}

// inDoubt reports whether an earlier request may have made the copy, or a look has
// shown an agent that may be it.
func (r *run) inDoubt() bool {
	record := r.claim.current()
	return record.Sent() || record.Outcome == agentcopy.OutcomeCopied || len(record.Seen) > 0
}

func (r *run) end(copied agentcopy.Copy, existing bool, err error) state {
	r.result = Result{Copy: copied, Existing: existing, Err: err}
	return nil
}

// open ends the call without knowing what became of the copy.
func (r *run) open(why error) state { return r.end(agentcopy.Copy{}, false, r.unsettled(why)) }

func (r *run) sending(ctx context.Context) state {
	inDoubt := r.inDoubt()
	if err := contextError(ctx); err != nil {
		if inDoubt {
			return r.open(fmt.Errorf("the wait for the copy to show ended: %w", err))
		}
		record := r.claim.current()
		r.refusal = notSent(&record, "nothing was sent", err)
		return r.refused
	}
	message := "sending the request"
	if inDoubt {
		message = "no copy shows: sending the request again"
	}
	r.logLine(ctx, slog.LevelInfo, message, slog.Int("sends", r.claim.current().Sends+1))
	copied, outcome, err := r.send(ctx)
	if err == nil {
		return r.made(ctx, copied)
	}
	if _, stopped := errors.AsType[*stoppedError](err); stopped && inDoubt {
		return r.open(err)
	}
	if outcome == agentcopy.OutcomeNotCopied {
		if !inDoubt && !maySignACopy(err) {
			r.refusal = err
			return r.refused
		}
		r.refusedInDoubt = inDoubt && maySignACopy(err) && saysNameIsTaken(err)
		return r.doubt(ctx, agentcopy.OutcomeUnknown, nil, err)
	}
	return r.doubt(ctx, outcome, err, nil)
}

// doubt begins to look after a sending that failed or was refused.
func (r *run) doubt(ctx context.Context, outcome agentcopy.Outcome, failure, refusal error) state {
	if r.refusal = refusal; failure != nil {
		r.failure = failure
	}
	// If the ledger fails, this call still knows, and the next write carries it.
	err := r.claim.update(r.claim.writes, func(record *Record) {
		if outcome == agentcopy.OutcomeCopied {
			record.Outcome = outcome
		}
		if !record.Sent() || refusal != nil && maySignACopy(refusal) { // of a copy that was made just now
			record.SentAt, record.LookedAt = stamp(clock()), time.Time{}
		}
	})
	if errors.Is(err, ErrLeaseLost) {
		return r.open(err)
	}
	why := "it is not known whether the request made a copy"
	if refusal != nil {
		why = "the refusal may come from a copy that was made"
	}
	r.logLook(ctx, why)
	return r.startLooking()
}

// maySignACopy reports whether a refusal may come from a copy that this very
// request has made: a gateway may have sent it twice.
func maySignACopy(refusal error) bool {
	if errors.Is(refusal, agentcopy.ErrConflict) {
		return true
	}
	switch statusOf(refusal) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusPreconditionFailed, http.StatusUnprocessableEntity:
		return saysNameIsTaken(refusal)
	}
	return false
}

// saysNameIsTaken reports whether the vendor says that an agent of the name exists.
func saysNameIsTaken(refusal error) bool {
	e, ok := errors.AsType[*agentcopy.Error](refusal)
	if !ok {
		return false
	}
	text := e.Code + " " + e.Message
	for _, f := range e.Fields {
		text += " " + f.Reason
	}
	return nameIsTaken.MatchString(text)
}

// nameIsTaken matches what servers say of a name that is in use.
var nameIsTaken = regexp.MustCompile(`(?i)already|exists|taken|in use|not unique|must be unique|duplicate[^ ]*[ _-]?(name|key|entry|agent)|conflict`)

// made records the copy that an answer named. Another key of the same request may
// have claimed it before the answer came. Then the two keys change places: this call
// looks for the copy of the other's request.
func (r *run) made(ctx context.Context, copied agentcopy.Copy) state {
	err := r.record(copied, false)
	switch {
	case err == nil:
		return r.end(copied, false, nil)
	case !errors.Is(err, ErrCopyTaken):
		return r.end(copied, false, r.unrecorded(copied, err, true))
	}
	mine := r.claim.current()
	owner, known, ownersErr := r.owner(copied)
	switch {
	case ownersErr != nil:
		return r.end(copied, false, r.unrecorded(copied, fmt.Errorf("%w; the ledger could not say which: %w", ErrCopyTaken, ownersErr), true))
	case !known || !owner.Found || !owner.SameRequest(&mine):
		return r.end(copied, false, r.unrecorded(copied, fmt.Errorf("%w, %q", ErrCopyTaken, owner.Key), true))
	}
	r.failure = fmt.Errorf("key %q claimed the copy %s before its answer came: %w", owner.Key, oneLine(copied.ID), ErrCopyTaken)
	err = r.claim.update(r.claim.writes, func(record *Record) {
		if !owner.Since.IsZero() {
			record.Since = earlier(record.Since, owner.Since)
		}
		if owner.Outcome == agentcopy.OutcomeCopied {
			record.Outcome = agentcopy.OutcomeCopied
		}
	})
	if err != nil {
		return r.open(fmt.Errorf("ledger: %w", err))
	}
	return r.startLooking()
}

// owner asks the ledger whose copy it is.
func (r *run) owner(copied agentcopy.Copy) (owner Record, known bool, err error) {
	ctx, cancel := context.WithTimeout(r.claim.writes, ledgerTime)
	defer cancel()
	mine := r.claim.current()
	ref := refOf(&mine, copied)
	owners, err := r.ledger.Owners(ctx, []CopyRef{ref})
	owner, known = owners[ref]
	return owner, known, err
}

// record finishes the key with a copy. A ledger that fails gets a second chance. The
// key may be done with this copy already: by the first try, whose answer was lost, or
// by another process.
func (r *run) record(copied agentcopy.Copy, wasFound bool) error {
	finish := func() error {
		return r.claim.finish(func(record *Record) { record.Copy, record.Found = stripped(copied), wasFound })
	}
	err := finish()
	if err != nil && !errors.Is(err, ErrCopyTaken) && !errors.Is(err, ErrLeaseLost) {
		err = finish()
	}
	if errors.Is(err, ErrCopyTaken) || errors.Is(err, ErrLeaseLost) {
		if owner, known, _ := r.owner(copied); known && owner.Key == r.claim.current().Key {
			return nil
		}
	}
	return err
}

// stripped is copied without what no ledger keeps.
func stripped(copied agentcopy.Copy) agentcopy.Copy {
	copied.Body, copied.Attempts = nil, nil
	return copied
}

// refused ends a call that provably has made no copy.
func (r *run) refused(ctx context.Context) state {
	if err := r.claim.abandon(); err != nil {
		return r.open(fmt.Errorf("%w; the ledger could not remove the intent: %w", r.refusal, err))
	}
	return r.end(agentcopy.Copy{}, false, r.refusal)
}

func (r *run) startLooking() state {
	now, record := clock(), r.claim.current()
	r.toldWhy = ""
	r.pause, r.sighted, r.lookedHere = firstPause, now, time.Time{}
	r.settled = now
	if record.Sent() {
		left := min(record.SentAt.Sub(now.Round(0)), longestBlindness) + r.settleTime
		r.settled = now.Add(left)
	}
	if looked := record.LookedAt; !looked.IsZero() && looked.Before(now.Round(0)) {
		r.lookedHere = now.Add(looked.Sub(now.Round(0)))
	}
	return r.looking
}

func (r *run) looking(ctx context.Context) state {
	begun := clock()
	v, err := r.look(ctx)
	r.lastFindError = err
	switch {
	case err != nil && ctx.Err() == nil && isFinal(err):
		return r.open(fmt.Errorf("the look for the copy was refused: %w", err))
	case err == nil:
		if next, ends := r.decide(ctx, begun, v); ends {
			return next
		}
	}
	if blind := clock().Sub(r.sighted); blind >= longestBlindness {
		return r.open(fmt.Errorf("no look has seen every agent for %v", blind.Round(time.Second)))
	}
	pause := r.untilNextLook()
	r.logWait(ctx, pause)
	if err := sleep(ctx, pause); err != nil {
		return r.open(fmt.Errorf("the wait for the copy to show ended: %w", err))
	}
	return r.looking
}

// decide returns what follows from a look, and whether the looking ends.
func (r *run) decide(ctx context.Context, begun time.Time, v *view) (next state, ends bool) {
	v.settled = !begun.Before(r.settled)
	v.overdue = !begun.Before(r.settled.Add(r.settleTime))
	j := v.judge()
	r.finding = j.finding
	if v.complete {
		r.sighted = clock()
	} else {
		r.lastFindError = agentcopy.ErrLookIncomplete
	}
	if err := r.remember(ctx, begun, v, j); err != nil {
		r.lastFindError = fmt.Errorf("ledger: %w", err)
		if errors.Is(err, ErrLeaseLost) {
			return r.open(err), true
		}
	}
	switch {
	case j.finding == found:
		return r.claimFound(ctx, j.copy)
	case j.finding == stuck:
		r.logLine(ctx, slog.LevelWarn, "cannot tell which agent is the copy: a person has to decide",
			slog.Int("candidates", len(j.possible)))
		return r.end(agentcopy.Copy{}, false, r.ambiguous(j)), true
	case j.finding == nothing && r.refusal != nil && v.nameTaken:
		return r.refused, true // the older agent explains the refusal
	case j.finding == nothing && v.settled && begun.Sub(r.lookedHere) >= lookGap:
		isOfTheName := func(c agentcopy.Candidate) bool { return v.isNear(c.Copy.Name) } // another key's, or dismissed
		if slices.ContainsFunc(v.candidates, isOfTheName) {
			r.refusedInDoubt = false // that agent explains the refusal
		}
		return r.afterNothing(), true
	}
	return nil, false
}

// claimFound makes an agent that was found the copy of this key.
func (r *run) claimFound(ctx context.Context, copied agentcopy.Copy) (next state, ends bool) {
	err := r.record(copied, true)
	switch {
	case errors.Is(err, ErrCopyTaken): // by another key, since the look
		return nil, false
	case err != nil:
		return r.end(copied, true, r.unrecorded(copied, err, false)), true
	}
	r.logLine(ctx, slog.LevelInfo, "found the copy", slog.String("id", oneLine(copied.ID)))
	return r.end(copied, true, nil), true
}

// afterNothing is the next state once looks have shown no copy and permit sending
// again.
func (r *run) afterNothing() state {
	switch {
	case r.claim.current().Outcome == agentcopy.OutcomeCopied:
		return r.open(fmt.Errorf("it did not show within %v, and the request is not sent again", r.settleTime))
	case r.refusedInDoubt: // an earlier request may have made the agent of that name, which no look shows
		return r.open(fmt.Errorf("no copy showed within %v, but the name is taken: %w", r.settleTime, r.refusal))
	case r.refusal != nil:
		return r.refused
	case r.sends >= maxSends:
		return r.open(fmt.Errorf("%d requests were sent, and no copy showed within %v", maxSends, r.settleTime))
	}
	return r.sending
}

// untilNextLook is the pause before the next look: no longer than until the look
// that may permit to send again.
func (r *run) untilNextLook() time.Duration {
	now, wait := clock(), r.pause
	r.pause = min(2*r.pause, lastPause)
	second := r.settled
	if !r.lookedHere.IsZero() {
		second = later(second, r.lookedHere.Add(lookGap))
	}
	if left := second.Sub(now); left > 0 {
		wait = min(wait, left)
	}
	return wait
}

// later returns the later of two times.
func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }

// sleep waits for d, or returns why ctx ended before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return contextError(ctx)
}
