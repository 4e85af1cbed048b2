package transport

import (
	"context"
	"errors"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// joined is one trace for all.
func joined(traces ...agentcopy.Trace) agentcopy.Trace {
	ctx := context.Background()
	for _, t := range traces {
		ctx = agentcopy.ContextWithTrace(ctx, t)
	}
	return agentcopy.ContextTrace(ctx)
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
	return new(joined(c.trace, own))
}

func (c *call) info() agentcopy.CallInfo {
	return agentcopy.CallInfo{Provider: c.client.vendor.Name, Operation: c.op.Name, Copies: c.op.copies()}
}

// traceStart asks the trace whether a request may leave. It returns the context
// of the request.
func (s *send) traceStart(ctx context.Context) (context.Context, error) {
	if t := s.attempt.call.trace; t.AttemptStart == nil && t.AttemptDone == nil {
		return ctx, nil
	}
	return s.traceStartTo(ctx)
}

func (s *send) traceStartTo(ctx context.Context) (context.Context, error) {
	a, trace := s.attempt, s.attempt.call.trace
	s.begun, s.timeout = time.Now(), a.ctx.remaining()
	if trace.AttemptStart != nil {
		started, err := s.attemptStart(ctx)
		if err != nil {
			return nil, err
		}
		if started != nil {
			if started.Value(attemptKey{}) != any(a) {
				return nil, errors.New("Trace.AttemptStart returned a context that does not descend from the one it was given")
			}
			ctx = started
		}
	}
	a.sends.mu.Lock()
	defer a.sends.mu.Unlock()
	s.traced = valueContext{a.call.ctx, ctx}
	return ctx, nil
}

// attemptStart tells the trace, while the clock of the attempt stands still.
func (s *send) attemptStart(ctx context.Context) (context.Context, error) {
	s.attempt.ctx.halt()
	defer s.attempt.ctx.resume() // also if the trace panics
	return s.attempt.call.trace.AttemptStart(ctx, s.info())
}

// info is made anew for each func of the trace: to keep it would cost each call.
func (s *send) info() agentcopy.AttemptInfo {
	c := s.attempt.call
	return agentcopy.AttemptInfo{Call: c.info(), Number: s.attempt.number, Timeout: s.timeout, Method: c.op.Method, Server: c.client.server}
}

// valueContext ends with the call, and has the values of a request's context.
type valueContext struct {
	context.Context
	values context.Context
}

func (v valueContext) Value(key any) any { return v.values.Value(key) }

// traceDone tells the trace what became of a request, unless it was told.
func (s *send) traceDone(attempt agentcopy.Attempt, o agentcopy.Outcome) {
	s.attempt.sends.mu.Lock()
	ctx := s.traced
	s.traced = nil
	s.attempt.sends.mu.Unlock()
	if f := s.attempt.call.trace.AttemptDone; ctx != nil && f != nil {
		f(ctx, s.info(), attempt, o)
	}
}

// traceDone tells the trace what became of the attempt.
func (a *attempt) traceDone() {
	outcome := agentcopy.OutcomeNotCopied
	if a.call.op.copies() {
		outcome = a.outcome
	}
	for s := a.sends.latest(); s != nil; s = s.before {
		s.traceDone(a.record, outcome)
	}
}
