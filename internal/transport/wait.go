package transport

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

// waitOutPause waits while the credential is paused. ctx is the call's, or that of
// a request that middleware sends once more.
func (a *attempt) waitOutPause(ctx context.Context) error {
	gate, maxWait := a.call.client.pacing.Gate, a.call.client.cfg.Retry.MaxWait
	var report *waitReport
	left := gate.Paused()
	if left > 0 && left <= maxWait && !window.EndsFirst(ctx, left) && a.call.watchesWaits() { // else Wait returns at once
		report = a.call.startWait(a.number, agentcopy.WaitPause, left, !a.toldPause)
	}
	err := gate.Wait(ctx, maxWait)
	report.done(err)
	return err
}

// acquirePermit waits for the limiter, and for the end of a pause that began
// meanwhile.
func (a *attempt) acquirePermit(ctx context.Context) (p pacing.Permit, err error) {
	acquired := false
	defer func() {
		if !acquired { // also if a Trace panics
			p.Unused()
			p = pacing.Permit{}
		}
	}()
	err = a.waitForLimiter(ctx, &p)
	for err == nil && a.call.client.pacing.Gate.Paused() > 0 {
		if err = a.waitOutPause(ctx); err == nil {
			err = p.Resume(ctx)
		}
	}
	if err == nil {
		err = check.ContextError(ctx)
	}
	acquired = err == nil
	return p, err
}

func (a *attempt) waitForLimiter(ctx context.Context, p *pacing.Permit) (err error) {
	limiter := a.call.client.limiter(a.call.op)
	var report *waitReport
	if a.call.watchesWaits() {
		if expected := limiter.Delay(); !window.EndsFirst(ctx, expected) { // else it refuses to wait
			report = a.call.startWait(a.number, agentcopy.WaitLimiter, expected, true)
		}
	}
	*p, err = limiter.Acquire(ctx)
	report.done(err)
	return err
}

// retryWait is how long to wait before a retry.
type retryWait struct {
	wait          time.Duration // what the vendor asks for, else drawn at random
	retryAfter    time.Duration // what the vendor asks for
	hasRetryAfter bool
}

// readWait reads how long resp asks to wait.
func (a *attempt) readWait(resp *http.Response) (w retryWait) {
	w.retryAfter, w.hasRetryAfter = requestedWait(resp.StatusCode, resp.Header, time.Now)
	if w.wait = w.retryAfter; w.wait <= 0 {
		w.wait = drawBackoff(a.call.client.cfg.Retry, a.number)
	}
	return w
}

// applyRetryAfter makes every call that shares the credential wait, if resp asks
// for it.
func (a *attempt) applyRetryAfter(resp *http.Response, w retryWait) {
	c := a.call
	limiter := c.client.limiter(c.op)
	if resp.StatusCode == http.StatusTooManyRequests {
		limiter.Refused()
	}
	if !w.pauses(resp.StatusCode) {
		return
	}
	pause := pacing.Bounded(w.wait)
	if c.client.pacing.Gate.Pause(pause) {
		a.logPause(resp, w.wait)
	}
	limiter.Pause(c.ctx, pause)
}

// pauses reports whether an answer of that status pauses the credential: a 429
// always does, a 503 by Retry-After.
func (w retryWait) pauses(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && w.hasRetryAfter
}

// pausesCredential reports whether the answer to a does. a may be nil.
func (a *attempt) pausesCredential() bool { return a != nil && a.pauses(a.status) }

// waitReport tells a Trace and the log of one wait of a call.
type waitReport struct {
	call   *call
	info   agentcopy.WaitInfo
	timers [2]*time.Timer

	mu       sync.Mutex
	told     bool // that it began
	ended    bool
	panicked any // what a timer met
}

// momentaryWait is how long a wait of unknown length lasts before a Trace is told
// of it. It is logged once it has become noteworthy.
const momentaryWait = time.Millisecond

// watchesWaits reports whether anybody is to be told of waits.
func (c *call) watchesWaits() bool {
	return c.trace.WaitStart != nil || c.trace.WaitDone != nil || c.client.log.Enabled(c.ctx, slog.LevelInfo)
}

// startWait tells of a wait that begins, for attempt number; logged says whether the log
// is told as well. Where its length is not known, it may be over at once: then nobody is
// told.
func (c *call) startWait(number int, reason agentcopy.WaitReason, expected time.Duration, logged bool) *waitReport {
	w := &waitReport{call: c, info: agentcopy.WaitInfo{Call: c.info(), Number: number, Reason: reason, For: expected}}
	if expected > 0 {
		w.tellStart()
		if logged && expected > noteworthyWait {
			c.logWait(w.info)
		}
		return w
	}
	w.timers = [2]*time.Timer{
		time.AfterFunc(momentaryWait, w.onTimer(w.tellStart)),
		time.AfterFunc(noteworthyWait, w.onTimer(func() { c.logWait(w.info) })),
	}
	return w
}

// onTimer is f for a timer. If f panics, done does, on the goroutine of the call, where
// the caller may recover.
func (w *waitReport) onTimer(f func()) func() {
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		defer func() { w.panicked = cmp.Or(w.panicked, recover()) }()
		if !w.ended {
			f()
		}
	}
}

func (w *waitReport) tellStart() {
	w.told = true
	if f := w.call.trace.WaitStart; f != nil {
		f(w.call.ctx, w.info)
	}
}

// done tells that the wait is over. w may be nil.
func (w *waitReport) done(err error) {
	if w == nil {
		return
	}
	for _, timer := range w.timers {
		if timer != nil {
			timer.Stop()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.panicked != nil {
		panic(w.panicked)
	}
	if f := w.call.trace.WaitDone; f != nil && w.told {
		f(w.call.ctx, w.info, maskError(w.call.client.mask, err))
	}
}
