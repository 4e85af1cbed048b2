package transport

import (
	"context"
	"log/slog"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// joined is one trace for all.
func joined(traces []agentcopy.Trace) agentcopy.Trace {
	return agentcopy.ContextTrace(withTraces(context.Background(), traces))
}

func withTraces(ctx context.Context, traces []agentcopy.Trace) context.Context {
	for _, t := range traces {
		ctx = agentcopy.ContextWithTrace(ctx, t)
	}
	return ctx
}

// traceOf is the trace of a call with ctx: the client's and, after it, those of
// ctx.
func (c *Client) traceOf(ctx context.Context) *agentcopy.Trace {
	own := agentcopy.ContextTrace(ctx)
	switch {
	case own.CallStart == nil && own.WaitStart == nil && own.WaitDone == nil &&
		own.AttemptStart == nil && own.AttemptDone == nil && own.CallDone == nil:
		return &c.trace
	case len(c.cfg.Traces) == 0:
		return new(own)
	}
	return new(agentcopy.ContextTrace(agentcopy.ContextWithTrace(withTraces(context.Background(), c.cfg.Traces), own)))
}

func (c *call) info() agentcopy.CallInfo {
	return agentcopy.CallInfo{Provider: c.client.vendor.Name, Operation: c.op.Name, Copies: c.op.copies()}
}

// start tells the trace that the call begins.
func (c *call) start() {
	if c.trace.CallStart != nil {
		if ctx := c.trace.CallStart(c.Context, c.info()); ctx != nil {
			c.Context = ctx
		}
	}
}

// done tells the trace how the call ended.
func (c *call) done(err error) {
	if c.trace.CallDone != nil {
		c.trace.CallDone(c.Context, c.info(), err)
	}
}

// start asks the trace whether a request may leave. It returns the context
// of the request.
func (s *send) start(c *call, ctx context.Context) (context.Context, error) {
	s.begun = time.Now()
	if c.trace.AttemptStart == nil && c.trace.AttemptDone == nil {
		return ctx, nil
	}
	a := s.attempt
	s.number, s.timeout = c.number(), a.remaining()
	if c.trace.AttemptStart != nil {
		a.halt()
		started, err := c.trace.AttemptStart(ctx, s.info(c))
		a.resume()
		if err != nil {
			return nil, err
		}
		if started != nil {
			ctx = started
		}
	}
	a.sends.mu.Lock()
	defer a.sends.mu.Unlock()
	s.traced = valueContext{c.Context, ctx}
	return ctx, nil
}

// info is made anew for each func of the trace: to keep it would cost each call.
func (s *send) info(c *call) agentcopy.AttemptInfo {
	return agentcopy.AttemptInfo{Call: c.info(), Number: s.number, Timeout: s.timeout, Method: c.op.Method, Server: c.client.server}
}

// valueContext ends with the call, and has the values of a request's context.
type valueContext struct {
	context.Context
	values context.Context
}

func (v valueContext) Value(key any) any { return v.values.Value(key) }

// tell tells the trace what became of a request.
func (s *send) tell(c *call, attempt agentcopy.Attempt, o agentcopy.Outcome) {
	s.attempt.sends.mu.Lock()
	ctx := s.traced
	s.traced = nil
	s.attempt.sends.mu.Unlock()
	if ctx != nil && c.trace.AttemptDone != nil {
		c.trace.AttemptDone(ctx, s.info(c), attempt, o)
	}
}

// traceAttempt tells the trace what became of the last attempt.
func (c *call) traceAttempt() {
	if c.trace.AttemptDone == nil {
		return
	}
	outcome := agentcopy.OutcomeNotCopied
	if c.op.copies() {
		outcome = c.last.outcome
	}
	c.current.sends.tell(c, c.attempts[len(c.attempts)-1], outcome)
}

// A wait for a limiter of unknown length is told of after a moment, and logged
// when it has become noteworthy.
const momentaryWait = time.Millisecond

// watchesWaits reports whether anybody is to be told of waits.
func (c *call) watchesWaits() bool {
	return c.trace.WaitStart != nil || c.trace.WaitDone != nil || c.client.log.Enabled(c, slog.LevelInfo)
}

// wait is one wait of a call that somebody is told of.
type wait struct {
	call   *call
	info   agentcopy.WaitInfo
	timers [2]*time.Timer

	mu    sync.Mutex
	told  bool // that it began
	ended bool
}

// startWait tells of a wait that begins. Where its length is not known, it may be
// over at once: then nobody is told.
func (c *call) startWait(reason agentcopy.WaitReason, expected time.Duration) *wait {
	w := &wait{call: c, info: agentcopy.WaitInfo{Call: c.info(), Number: c.number(), Reason: reason, For: expected}}
	if expected > 0 {
		w.tellStart()
		if expected > noteworthyWait {
			w.log()
		}
		return w
	}
	w.timers = [2]*time.Timer{time.AfterFunc(momentaryWait, w.tellStart), time.AfterFunc(noteworthyWait, w.log)}
	return w
}

func (w *wait) tellStart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.told = true
	if f := w.call.trace.WaitStart; f != nil {
		f(w.call.Context, w.info)
	}
}

func (w *wait) log() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.call.logWait(w.info)
	}
}

// done tells that the wait is over.
func (w *wait) done(err error) {
	for _, timer := range w.timers {
		if timer != nil {
			timer.Stop()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if f := w.call.trace.WaitDone; f != nil && w.told {
		f(w.call.Context, w.info, err)
	}
}

// backoffDone tells that the wait before a retry is over, if there was one.
func (c *call) backoffDone(err error) {
	if c.backoff != nil {
		c.backoff.done(err)
		c.backoff = nil
	}
}
