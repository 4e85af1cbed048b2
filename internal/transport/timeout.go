package transport

import (
	"context"
	"sync"
	"time"
)

// attemptContext is the context of an attempt. It ends when the attempt has taken
// longer than it may. Its clock stands still while the attempt waits for a place
// in the limiter or for a Trace.
type attemptContext struct {
	context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	timer   *time.Timer
	left    time.Duration // when the clock was last started
	started time.Time
	halts   int // the clock stands still while there are any
}

// begin starts the clock.
func (a *attemptContext) begin(parent context.Context, timeout time.Duration) {
	a.Context, a.cancel = context.WithCancelCause(parent)
	a.left, a.started = timeout, time.Now()
	a.timer = time.AfterFunc(timeout, a.onTimeout)
}

func (a *attemptContext) onTimeout() { a.cancel(errAttemptTimeout) }

// end is for an attempt that is over.
func (a *attemptContext) end() {
	a.timer.Stop()
	a.cancel(nil)
}

// halt stops the clock until resume is called as often.
func (a *attemptContext) halt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.halts++; a.halts == 1 {
		a.timer.Stop()
		a.left = max(0, a.left-time.Since(a.started))
	}
}

func (a *attemptContext) resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.halts--; a.halts == 0 {
		a.started = time.Now()
		a.timer.Reset(a.left)
	}
}

// remaining is what is left of the attempt's time.
func (a *attemptContext) remaining() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.halts > 0 {
		return a.left
	}
	return max(0, a.left-time.Since(a.started))
}

// Deadline is when the attempt ends, unless its clock is stopped: while it is, only
// the call's own deadline counts. A dialer shares the time that is left between
// the addresses of a host.
func (a *attemptContext) Deadline() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	parents, ok := a.Context.Deadline()
	if a.halts > 0 {
		return parents, ok
	}
	if own := a.started.Add(a.left); !ok || own.Before(parents) {
		return own, true
	}
	return parents, true
}

// Err tells a timeout from a cancellation.
func (a *attemptContext) Err() error {
	err := a.Context.Err()
	if err != nil && context.Cause(a.Context) == errAttemptTimeout {
		return context.DeadlineExceeded
	}
	return err
}
