package pacing

import (
	"context"
	"fmt"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

const (
	// LongestPause bounds what one answer can do to a process: a proxy that sends
	// Retry-After: 9999999999 must not stop it for good.
	LongestPause = 24 * time.Hour
	// absurdPause is the pause for an answer that asks for more than that. The call
	// ends with what was asked for, and a later one asks again.
	absurdPause = time.Minute
	// resumeSpacing is how far apart those who waited out a pause go on. All at
	// once, they would meet the next refusal together.
	resumeSpacing = 100 * time.Millisecond
)

// Bounded is the pause for an answer that asks to wait for so long.
func Bounded(wait time.Duration) time.Duration {
	if wait > LongestPause {
		return absurdPause
	}
	return wait
}

// Gate is the pause gate of a credential: it holds every call back while the vendor
// has asked one of them to wait.
type Gate struct{ pacer *window.Pacer }

func newGate() Gate { return Gate{window.NewPacer(resumeSpacing)} }

// Pause holds every call back for d from now on, and reports whether that changes
// anything: an earlier pause may last longer.
func (g Gate) Pause(d time.Duration) bool { return g.pacer.Pause(min(d, LongestPause)) }

// Paused is how long the pause still lasts. It is zero while those who waited it
// out go on one by one: a call that has had its turn must not queue again, and one
// that comes later is not held up. A program that sends faster than one every
// resumeSpacing would otherwise never get back to its speed.
func (g Gate) Paused() time.Duration { return g.pacer.Paused() }

// Wait returns when the pause is over and it is the caller's turn. It fails as
// soon as the pause is known to last longer than maxWait, or the turn to come
// after the deadline of ctx: now, or when a later answer prolongs the pause.
func (g Gate) Wait(ctx context.Context, maxWait time.Duration) error {
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	if g.Paused() == 0 {
		return nil
	}
	return g.pacer.Wait(ctx, func(opens, turn time.Duration) error {
		if opens > maxWait {
			return &PausedError{Left: opens}
		}
		if window.EndsFirst(ctx, turn) {
			return &PausedError{Left: turn, cause: context.DeadlineExceeded}
		}
		return nil
	})
}

// PausedError ends a call whose credential is paused for longer than the call may
// wait.
type PausedError struct {
	Left  time.Duration // of the pause
	cause error         // context.DeadlineExceeded, or nil for MaxWait
}

func (e *PausedError) Error() string {
	limit := "RetryPolicy.MaxWait"
	if e.cause != nil {
		limit = "the context's deadline"
	}
	return fmt.Sprintf("the vendor has asked this credential to wait for another %v, beyond %s", e.Left.Round(time.Millisecond), limit)
}

func (e *PausedError) Unwrap() error        { return e.cause }
func (e *PausedError) Is(target error) bool { return target == agentcopy.ErrRateLimited }
