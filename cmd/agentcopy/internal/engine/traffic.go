package engine

import (
	"context"
	"errors"
	"sync"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// errWithdrawn ends a copy that was not sent, since the run or its lane is to stop.
var errWithdrawn = errors.New("stopped before it was sent")

// traffic knows which copies are on the wire. When the run is to stop, it withdraws
// those that wait, which may take minutes on a slow vendor, and lets those on the
// wire end: to break them off would leave in doubt what became of them. Then it ends
// the context, and the looks for copies with it.
type traffic struct {
	mu       sync.Mutex
	stopping bool
	flights  map[*flight]bool
	idle     func() // called when the run is to stop and nothing is on the wire
}

// flight is one call of Copier.Copy.
type flight struct {
	lane   *Lane
	cancel context.CancelCauseFunc
	onWire bool
}

type flightKey struct{}

// watched is a Copier whose copies traffic and the lane's breaker watch, and which
// knows its account.
type watched struct {
	agentcopy.Copier
	lane *Lane
}

// Identify adds the account to what the vendor's client knows.
func (w watched) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := w.Copier.Identify(req)
	if id.Account != "" {
		id.Account += "/"
	}
	id.Account += w.lane.Account
	return id
}

// Copy makes the copy unless the run or the lane is to stop before it is sent.
func (w watched) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t, f := w.lane.traffic, &flight{lane: w.lane, cancel: cancel}
	if !t.enter(f) {
		return agentcopy.Copy{}, &agentcopy.Error{Operation: "Copy", Outcome: agentcopy.OutcomeNotCopied, Message: errWithdrawn.Error(), Err: errWithdrawn}
	}
	defer t.leave(f)
	copied, err := w.Copier.Copy(context.WithValue(ctx, flightKey{}, f), req)
	if err != nil && context.Cause(ctx) == errWithdrawn && !errors.Is(err, errWithdrawn) {
		if failed, ok := errors.AsType[*agentcopy.Error](err); ok && failed.Outcome == agentcopy.OutcomeNotCopied {
			withdrawn := *failed
			withdrawn.Err = errors.Join(failed.Err, errWithdrawn)
			err = &withdrawn
		}
	}
	w.lane.breaker(err)
	return copied, err
}

func (t *traffic) enter(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopping || f.lane.halted() {
		return false
	}
	t.flights[f] = true
	return true
}

func (t *traffic) leave(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, f)
	t.check()
}

// trace sees each attempt, behind the limiter.
func (t *traffic) trace() agentcopy.Trace {
	return agentcopy.Trace{
		AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			f, ok := ctx.Value(flightKey{}).(*flight)
			if !ok {
				return ctx, nil
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.stopping || f.lane.halted() {
				return ctx, errWithdrawn
			}
			f.onWire = true
			return ctx, nil
		},
		AttemptDone: func(ctx context.Context, _ agentcopy.AttemptInfo, _ agentcopy.Attempt, o agentcopy.Outcome) {
			f, ok := ctx.Value(flightKey{}).(*flight)
			if !ok || o != agentcopy.OutcomeNotCopied { // nothing follows, and the answer may still be read
				return
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			f.onWire = false
			if t.stopping || f.lane.halted() {
				f.cancel(errWithdrawn)
			}
			t.check()
		},
	}
}

// withdraw ends what waits in the lanes that are to stop.
func (t *traffic) withdraw(stop bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopping = t.stopping || stop
	for f := range t.flights {
		if !f.onWire && (t.stopping || f.lane.halted()) {
			f.cancel(errWithdrawn)
		}
	}
	t.check()
}

// check ends the run once it is to stop and nothing is on the wire.
func (t *traffic) check() {
	if !t.stopping {
		return
	}
	for f := range t.flights {
		if f.onWire {
			return
		}
	}
	t.idle()
}
