package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

const (
	// longestPause bounds what one answer can do to a process: a proxy that sends
	// Retry-After: 9999999999 must not stop it for good.
	longestPause = 24 * time.Hour
	// absurdPause is the pause for an answer that asks for more than that. The call
	// ends with what was asked for, and a later one asks again.
	absurdPause = time.Minute
	// resumeSpacing is how far apart those who waited out a pause go on. All at
	// once, they would meet the next refusal together.
	resumeSpacing = 100 * time.Millisecond
)

// sane is how long everybody waits who shares a credential of which a server asks to
// wait for so long.
func sane(wait time.Duration) time.Duration {
	if wait > longestPause {
		return absurdPause
	}
	return wait
}

// gate holds back everybody who shares a credential while the vendor has asked
// one of them to wait.
type gate struct{ turns *window.Turns }

func newGate() gate { return gate{window.NewTurns(resumeSpacing)} }

// waitOutPause holds an attempt back while its credential is paused.
func waitOutPause(next stage) stage {
	return func(c *call, req *http.Request) *result {
		if err := c.waitOutPause(c); err != nil {
			return notSent(err)
		}
		return next(c, req)
	}
}

func (c *call) waitOutPause(ctx context.Context) error {
	gate, maxWait := c.client.pacing.gate, c.client.cfg.Retry.MaxWait
	left := gate.paused()
	if left == 0 || left > maxWait || window.EndsFirst(ctx, left) || !c.watchesWaits() {
		return gate.wait(ctx, maxWait) // which returns at once, or nobody is to be told
	}
	w := c.startWait(agentcopy.WaitPause, left)
	err := gate.wait(ctx, maxWait)
	w.done(err)
	return err
}

// pause holds everybody back for d from now on, if they are not held for longer
// already, and reports whether it changed anything.
func (g gate) pause(d time.Duration) bool { return g.turns.Hold(min(d, longestPause)) }

// paused is how long the pause has to run. It is zero while those who waited it
// out go on one by one: a call that has had its turn must not queue again, and
// one that comes later is not held up, or else a program that is faster than one
// every resumeSpacing would never get back to its speed.
func (g gate) paused() time.Duration { return g.turns.Held() }

// wait returns when the pause is over and it is the caller's turn. It fails as
// soon as the pause is known to run for longer than maxWait, or the turn to come
// after the deadline of ctx: now, or when a later answer prolongs the pause.
func (g gate) wait(ctx context.Context, maxWait time.Duration) error {
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	if g.paused() == 0 {
		return nil
	}
	return g.turns.Take(ctx, func(opens, turn time.Duration) error {
		if opens > maxWait {
			return &pausedError{left: opens}
		}
		if window.EndsFirst(ctx, turn) {
			return &pausedError{left: turn, cause: context.DeadlineExceeded}
		}
		return nil
	})
}

// pausedError is a call that ended because its credential is paused for longer
// than the call may wait.
type pausedError struct {
	left  time.Duration
	cause error // context.DeadlineExceeded, or nil for MaxWait
}

func (e *pausedError) Error() string {
	limit := "RetryPolicy.MaxWait"
	if e.cause != nil {
		limit = "the context's deadline"
	}
	return fmt.Sprintf("the vendor has asked this credential to wait for another %v, beyond %s", e.left.Round(time.Millisecond), limit)
}

func (e *pausedError) Unwrap() error        { return e.cause }
func (e *pausedError) Is(target error) bool { return target == agentcopy.ErrRateLimited }
