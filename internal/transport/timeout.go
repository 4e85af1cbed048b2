package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// attemptContext is the context of an attempt. It ends when the attempt has taken
// longer than it may. Its clock stands still while the attempt waits for the
// limiter or for a Trace. The guard finds the attempt in it, behind the
// middleware.
type attemptContext struct {
	context.Context
	attempt *attempt
	cancel  context.CancelCauseFunc

	mu      sync.Mutex
	timer   *time.Timer
	left    time.Duration // when the clock was last started
	started time.Time
	halts   int // the clock stands still while there are any
}

// attemptKey is the key of a context under which its attempt is found.
type attemptKey struct{}

func (c *attemptContext) Value(key any) any {
	if key == (attemptKey{}) {
		return c.attempt
	}
	return c.Context.Value(key)
}

// begin starts the clock, now.
func (c *attemptContext) begin(a *attempt, parent context.Context, now time.Time, timeout time.Duration) {
	c.attempt = a
	c.Context, c.cancel = context.WithCancelCause(parent)
	c.left, c.started = timeout, now
	c.timer = time.AfterFunc(timeout, c.onTimeout)
}

func (c *attemptContext) onTimeout() { c.cancel(errAttemptTimeout) }

// end is for an attempt that is over.
func (c *attemptContext) end() {
	c.timer.Stop()
	c.cancel(nil)
}

// halt stops the clock until resume is called as often.
func (c *attemptContext) halt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halts++; c.halts == 1 {
		c.timer.Stop()
		c.left = max(0, c.left-time.Since(c.started))
	}
}

func (c *attemptContext) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halts--; c.halts == 0 {
		c.started = time.Now()
		c.timer.Reset(c.left)
	}
}

// remaining is what is left of the attempt's time.
func (c *attemptContext) remaining() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halts > 0 {
		return c.left
	}
	return max(0, c.left-time.Since(c.started))
}

// Deadline is when the attempt ends. While its clock is stopped, only the call's
// own deadline holds. A dialer shares the time that is left between the addresses
// of a host.
func (c *attemptContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	parents, ok := c.Context.Deadline()
	if c.halts > 0 {
		return parents, ok
	}
	if own := c.started.Add(c.left); !ok || own.Before(parents) {
		return own, true
	}
	return parents, true
}

// cause is why the context ended.
func (c *attemptContext) cause() error { return context.Cause(c.Context) }

// Err tells a timeout from a cancellation.
func (c *attemptContext) Err() error {
	err := c.Context.Err()
	if err != nil && c.cause() == errAttemptTimeout {
		return context.DeadlineExceeded
	}
	return err
}

// errAttemptTimeout is the cause of the context of an attempt that took too long.
var errAttemptTimeout = errors.New("attempt timeout")

// timeoutError is an attempt that took longer than it may. It is a
// context.DeadlineExceeded, like the timeouts of net/http, although the
// caller's own context has not ended.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no complete answer within the attempt timeout of %v", e.limit)
}
func (e *timeoutError) Timeout() bool        { return true }
func (e *timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }
