package transport

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// takePlace holds an attempt back until the limiter admits it, and tells the
// limiter when its answer was seen.
func takePlace(next stage) stage {
	return func(c *call, req *http.Request) *result {
		a, err := c.admit()
		if err != nil {
			return notSent(err)
		}
		defer c.client.pacing.used()
		// exchange calls it as soon as the headers are there; this is for the
		// attempts that fail, and for middleware that panics.
		defer a.answered()
		c.answered = a.answered
		return next(c, req)
	}
}

// admit waits for the limiter, and for the end of a pause that began meanwhile.
func (c *call) admit() (admission, error) {
	a, err := admitted(c, c.client.limiter(c.op))
	if err != nil {
		return admission{}, err
	}
	for err == nil && c.client.pacing.gate.paused() > 0 {
		if err = c.waitOutPause(); err == nil {
			err = a.resume()
		}
	}
	if err == nil {
		err = check.ContextError(c)
	}
	if err != nil {
		a.unused()
		return admission{}, err
	}
	return a, nil
}

// admission is a limiter's leave to send one attempt.
type admission struct {
	answered func()       // the answer's headers were seen, or the attempt failed
	unused   func()       // the attempt was not made; of these two the first call counts
	resume   func() error // waits for what a pause took away
}

// learner is a limiter of the SDK's own: it wants to know of refusals.
type learner interface {
	admit(ctx context.Context) (admission, error)
	Refused()
}

// admitted waits until the limiter admits an attempt. A place in a window is
// kept through a pause, since it costs the same when it is used later. A token
// is not: those gathered in a long pause would all be spent at once.
func admitted(ctx context.Context, limiter agentcopy.Limiter) (a admission, err error) {
	switch l := limiter.(type) {
	case learner:
		a, err = l.admit(ctx)
	case agentcopy.Acquirer:
		var release func()
		if release, err = l.Acquire(ctx); release == nil {
			release = func() {}
		}
		a = admission{release, release, func() error { return nil }}
	default:
		again := func() error { return limiterError(ctx, limiter, limiter.Wait(ctx)) }
		a = admission{func() {}, func() {}, again}
		err = limiter.Wait(ctx)
	}
	return a, limiterError(ctx, limiter, err)
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
