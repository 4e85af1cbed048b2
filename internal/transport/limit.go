package transport

import (
	"context"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

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
	gate, maxWait := c.client.pacing.Gate, c.client.cfg.Retry.MaxWait
	left := gate.Paused()
	if left == 0 || left > maxWait || window.EndsFirst(ctx, left) || !c.watchesWaits() {
		return gate.Wait(ctx, maxWait) // which returns at once, or nobody is to be told
	}
	w := c.startWait(agentcopy.WaitPause, left)
	err := gate.Wait(ctx, maxWait)
	w.done(err)
	return err
}

// acquirePermit holds an attempt back until the limiter admits it, and tells the
// limiter when its answer was seen.
func acquirePermit(next stage) stage {
	return func(c *call, req *http.Request) *result {
		var err error
		if c.permit, err = c.acquire(c); err != nil {
			return notSent(err)
		}
		defer c.client.pacing.Used()
		// The guard calls it as soon as the headers are there; this is for the
		// attempts that never come so far, and for middleware that panics.
		defer c.permit.Answered()
		return next(c, req)
	}
}

// acquire waits for the limiter, and for the end of a pause that began meanwhile.
// ctx is the call's, or that of a request that middleware sends once more.
func (c *call) acquire(ctx context.Context) (pacing.Permit, error) {
	p, err := c.waitForLimiter(ctx)
	if err != nil {
		return pacing.Permit{}, err
	}
	for err == nil && c.client.pacing.Gate.Paused() > 0 {
		if err = c.waitOutPause(ctx); err == nil {
			err = p.Resume(ctx)
		}
	}
	if err == nil {
		err = check.ContextError(ctx)
	}
	if err != nil {
		p.Unused()
		return pacing.Permit{}, err
	}
	return p, nil
}

func (c *call) waitForLimiter(ctx context.Context) (pacing.Permit, error) {
	limiter := c.client.limiter(c.op)
	if !c.watchesWaits() {
		return limiter.Acquire(ctx)
	}
	expected := limiter.Delay()
	if window.EndsFirst(ctx, expected) {
		return limiter.Acquire(ctx) // which will refuse to wait
	}
	w := c.startWait(agentcopy.WaitLimiter, expected)
	p, err := limiter.Acquire(ctx)
	w.done(err)
	return p, err
}
