package transport

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

// takePlace holds an attempt back until the limiter admits it, and tells the
// limiter when its answer was seen.
func takePlace(next stage) stage {
	return func(c *call, req *http.Request) *result {
		if err := c.admit(); err != nil {
			return notSent(err)
		}
		defer c.client.pacing.used()
		// exchange calls it as soon as the headers are there; this is for the
		// attempts that fail, and for middleware that panics.
		defer c.admission.answered()
		return next(c, req)
	}
}

// admit waits for the limiter, and for the end of a pause that began meanwhile.
func (c *call) admit() (err error) {
	if c.admission, err = admitted(c, c.client.limiter(c.op)); err != nil {
		return err
	}
	for err == nil && c.client.pacing.gate.paused() > 0 {
		if err = c.waitOutPause(); err == nil {
			err = c.admission.resume(c)
		}
	}
	if err == nil {
		err = check.ContextError(c)
	}
	if err != nil {
		c.admission.unused()
	}
	return err
}

// admission is a limiter's leave to send one attempt. Of answered and unused the
// first call counts. The zero admission holds nothing.
type admission struct {
	limiter agentcopy.Limiter
	ticket  window.Ticket // of a SpacedWindow
	release func()        // of another Acquirer
}

// admitted waits until the limiter admits an attempt.
func admitted(ctx context.Context, limiter agentcopy.Limiter) (admission, error) {
	a, err := admission{limiter: limiter}, error(nil)
	switch l := limiter.(type) {
	case *SpacedWindow:
		a.ticket, err = l.admit(ctx)
	case agentcopy.Acquirer:
		a.release, err = l.Acquire(ctx)
	default:
		err = limiter.Wait(ctx)
	}
	if err != nil {
		return admission{}, limiterError(ctx, limiter, err)
	}
	return a, nil
}

// answered tells the limiter that the answer's headers were seen, or that the
// attempt failed.
func (a *admission) answered() {
	if l, ok := a.limiter.(*SpacedWindow); ok {
		l.window.Answered(a.ticket)
	} else if a.release != nil {
		a.release()
	}
}

// unused tells the limiter that the attempt was not made.
func (a *admission) unused() {
	if l, ok := a.limiter.(*SpacedWindow); ok {
		l.window.GiveBack(a.ticket)
	} else if a.release != nil {
		a.release()
	}
}

// resume waits for what a pause took away. A place in a window is kept through
// a pause, since it costs the same when it is used later. A token is not: those
// gathered in a long pause would all be spent at once.
func (a *admission) resume(ctx context.Context) error {
	switch l := a.limiter.(type) {
	case *SpacedWindow:
		return limiterError(ctx, l, l.takeTurn(ctx))
	case agentcopy.Acquirer:
		return nil
	}
	return limiterError(ctx, a.limiter, a.limiter.Wait(ctx))
}

// limiterError says why the limiter ended the wait. The context's cause comes
// first where it ended; rate.Limiter's refusal of a wait that would outlast the
// deadline, a plain error, becomes what it is.
func limiterError(ctx context.Context, limiter agentcopy.Limiter, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	if l, ok := limiter.(*rate.Limiter); ok && l.Burst() > 0 { // without a burst it admits nothing at all
		if _, ok := ctx.Deadline(); ok {
			return fmt.Errorf("limiter: %w: %w", context.DeadlineExceeded, err)
		}
	}
	return fmt.Errorf("limiter: %w", err)
}
