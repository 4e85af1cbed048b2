package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

// acquirePermit holds an attempt back until the limiter admits it, and tells the
// limiter when its answer was seen.
func acquirePermit(next stage) stage {
	return func(c *call, req *http.Request) *result {
		var err error
		if c.permit, err = c.acquire(c); err != nil {
			return notSent(err)
		}
		defer c.client.pacing.used()
		// The guard calls it as soon as the headers are there; this is for the
		// attempts that never come so far, and for middleware that panics.
		defer c.permit.answered()
		return next(c, req)
	}
}

// acquire waits for the limiter, and for the end of a pause that began meanwhile.
// ctx is the call's, or that of a request that middleware sends once more.
func (c *call) acquire(ctx context.Context) (permit, error) {
	p, err := c.waitForLimiter(ctx)
	if err != nil {
		return permit{}, err
	}
	for err == nil && c.client.pacing.gate.paused() > 0 {
		if err = c.waitOutPause(ctx); err == nil {
			err = p.resume(ctx)
		}
	}
	if err == nil {
		err = check.ContextError(ctx)
	}
	if err != nil {
		p.unused()
		return permit{}, err
	}
	return p, nil
}

func (c *call) waitForLimiter(ctx context.Context) (permit, error) {
	limiter := c.client.limiter(c.op)
	if !c.watchesWaits() {
		return newPermit(ctx, limiter)
	}
	expected := expectedWait(limiter)
	if window.EndsFirst(ctx, expected) {
		return newPermit(ctx, limiter) // which will refuse to wait
	}
	w := c.startWait(agentcopy.WaitLimiter, expected)
	p, err := newPermit(ctx, limiter)
	w.done(err)
	return p, err
}

// expectedWait is how long a limiter will make the next attempt wait; 0 if that is
// not known.
func expectedWait(limiter agentcopy.Limiter) time.Duration {
	switch l := limiter.(type) {
	case *SpacedWindow:
		return l.window.Delay()
	case *rate.Limiter:
		if missing := 1 - l.Tokens(); missing > 0 && l.Limit() > 0 {
			return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
		}
	}
	return 0
}

// permit is a limiter's leave to send one attempt. Of answered and unused the
// first call counts. The zero permit holds nothing.
type permit struct {
	limiter agentcopy.Limiter
	ticket  window.Ticket // of a SpacedWindow
	release func()        // of another Acquirer
}

// newPermit waits until the limiter admits an attempt.
func newPermit(ctx context.Context, limiter agentcopy.Limiter) (permit, error) {
	p, err := permit{limiter: limiter}, error(nil)
	switch l := limiter.(type) {
	case *SpacedWindow:
		p.ticket, err = l.admit(ctx)
	case agentcopy.Acquirer:
		p.release, err = l.Acquire(ctx)
	default:
		err = limiter.Wait(ctx)
	}
	if err != nil {
		return permit{}, limiterError(ctx, limiter, err)
	}
	return p, nil
}

// answered tells the limiter that the answer's headers were seen, or that the
// attempt failed.
func (p *permit) answered() {
	if l, ok := p.limiter.(*SpacedWindow); ok {
		l.window.Answered(p.ticket)
	} else if p.release != nil {
		p.release()
	}
}

// unused tells the limiter that the attempt was not made.
func (p *permit) unused() {
	if l, ok := p.limiter.(*SpacedWindow); ok {
		l.window.GiveBack(p.ticket)
	} else if p.release != nil {
		p.release()
	}
}

// resume waits for what a pause took away. A place in a window is kept through
// a pause, since it costs the same when it is used later. A token is not: those
// gathered in a long pause would all be spent at once.
func (p *permit) resume(ctx context.Context) error {
	switch l := p.limiter.(type) {
	case *SpacedWindow:
		return limiterError(ctx, l, l.takeTurn(ctx))
	case agentcopy.Acquirer:
		return nil
	}
	return limiterError(ctx, p.limiter, p.limiter.Wait(ctx))
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
