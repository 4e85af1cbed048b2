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
		release, err := c.acquire()
		if err != nil {
			return notSent(err)
		}
		// exchange calls it as soon as the headers are there; this is for the
		// attempts that fail, and for middleware that panics.
		defer release()
		c.answered = release
		return next(c, req)
	}
}

// acquire waits for the limiter. A pause may begin meanwhile: a place in a
// window is then kept until it is over, since a place costs the same when it is
// used later. A token is not kept: those gathered in a long pause would all be
// spent at once.
func (c *call) acquire() (release func(), err error) {
	limiter := c.client.limiter(c.op)
	acquirer, holds := limiter.(agentcopy.Acquirer)
	for {
		release = func() {}
		if holds {
			release, err = acquirer.Acquire(c.ctx)
		} else {
			err = limiter.Wait(c.ctx)
		}
		if err != nil {
			return nil, limiterError(c.ctx, limiter, err)
		}
		if release == nil {
			release = func() {}
		}
		if c.ctx.Err() != nil {
			release()
			return nil, check.ContextError(c.ctx)
		}
		if !c.client.pacing.gate.closed() {
			return release, nil
		}
		if err := c.waitOutPause(); err != nil {
			release()
			return nil, err
		}
		if holds {
			return release, nil
		}
	}
}

// limiterError says why the limiter ended the wait. The context's cause comes
// first where it ended; rate.Limiter's refusal of a wait that would outlast the
// deadline, a plain error, becomes what it is.
func limiterError(ctx context.Context, limiter agentcopy.Limiter, err error) error {
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	if _, ok := limiter.(*rate.Limiter); ok {
		if _, ok := ctx.Deadline(); ok {
			return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
	}
	return fmt.Errorf("limiter: %w", err)
}
