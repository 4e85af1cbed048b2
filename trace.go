package agentcopy

import (
	"context"
	"slices"
	"time"
)

// Trace holds hooks that run at each step of a call, as those of net/http/httptrace
// do. Any of them may be nil. The call waits for them, so they should return soon.
//
// The steps of a call, in order:
//
//	CallStart
//	  WaitStart, WaitDone        pause, limiter; none if there is nothing to wait for
//	  AttemptStart, AttemptDone  one pair for each request that is sent
//	  WaitStart, WaitDone        backoff before the next attempt
//	  ...
//	CallDone
//
// Calls that are refused before anything could be sent, such as for an empty ID, are
// not traced.
type Trace struct {
	// CallStart is called when a call begins. The context it returns is the call's; it
	// must descend from ctx, and nil stands for ctx.
	CallStart func(ctx context.Context, c CallInfo) context.Context
	// WaitStart and WaitDone are called for a wait that is not over at once. If the
	// length of a wait for a limiter is not known, WaitStart is called a moment late.
	WaitStart func(ctx context.Context, w WaitInfo)
	WaitDone  func(ctx context.Context, w WaitInfo, err error)
	// AttemptStart is called right before each request leaves, after the limiter and
	// all middleware, including requests that middleware sends again. The context it
	// returns is the request's; it must descend from ctx, and nil stands for ctx. The
	// first error stops the attempt: nothing is sent, the call ends without a retry,
	// and the limiter gets its permit back. The time that AttemptStart takes is not
	// part of the attempt timeout.
	AttemptStart func(ctx context.Context, a AttemptInfo) (context.Context, error)
	// AttemptDone is called when a request that AttemptStart let pass is over, with the
	// values of the context that AttemptStart returned. o is OutcomeCopied if a copy
	// succeeded, and OutcomeNotCopied for reads.
	AttemptDone func(ctx context.Context, a AttemptInfo, attempt Attempt, o Outcome)
	// CallDone is called when a call ends, with the context that CallStart returned.
	CallDone func(ctx context.Context, c CallInfo, err error)
}

// CallInfo identifies the call that a [Trace] is told about.
type CallInfo struct {
	Provider  string // as in Error
	Operation string // as in Error
	Copies    bool   // it makes a copy
}

// AttemptInfo identifies the attempt that a [Trace] is told about.
type AttemptInfo struct {
	Call    CallInfo
	Number  int           // of the attempt, from 1; a request that middleware sends again keeps it
	Timeout time.Duration // what is left of the attempt timeout
	Method  string        // of the request: POST, GET
	Server  string        // host:port of the configured base URL
}

// WaitInfo identifies the wait that a [Trace] is told about.
type WaitInfo struct {
	Call   CallInfo
	Number int // of the attempt that waits, from 1
	Reason WaitReason
	For    time.Duration // expected length; 0 if not known
}

// WaitReason is what a call waits for.
type WaitReason string

// The reasons to wait.
const (
	WaitLimiter WaitReason = "limiter" // the limiter admits no more yet
	WaitPause   WaitReason = "pause"   // the vendor asked the credential to wait
	WaitBackoff WaitReason = "backoff" // between two attempts
)

// WithTrace reports each step of the client's calls to t. Several traces add up.
func WithTrace(t Trace) Option {
	return func(c *Config) error {
		c.Traces = append(c.Traces, t)
		return nil
	}
}

type traceKey struct{}

// ContextWithTrace returns a context whose calls are also reported to t, after the
// client's traces and any that ctx already has.
func ContextWithTrace(ctx context.Context, t Trace) context.Context {
	before, _ := ctx.Value(traceKey{}).(traces)
	return context.WithValue(ctx, traceKey{}, append(slices.Clip(before), t))
}

// ContextTrace returns one Trace that calls all traces of ctx in order; without any,
// the zero Trace. Call it in a [Copier] of your own. The clients of this SDK already
// report to the traces of their context.
func ContextTrace(ctx context.Context) Trace {
	all, _ := ctx.Value(traceKey{}).(traces)
	switch len(all) {
	case 0:
		return Trace{}
	case 1:
		return all[0]
	}
	return all.joined()
}

// traces are told of everything in order.
type traces []Trace

// joined is one Trace for all. A func that none of them has is nil.
func (all traces) joined() (t Trace) {
	for _, one := range all {
		if one.CallStart != nil {
			t.CallStart = all.callStart
		}
		if one.WaitStart != nil {
			t.WaitStart = all.waitStart
		}
		if one.WaitDone != nil {
			t.WaitDone = all.waitDone
		}
		if one.AttemptStart != nil {
			t.AttemptStart = all.attemptStart
		}
		if one.AttemptDone != nil {
			t.AttemptDone = all.attemptDone
		}
		if one.CallDone != nil {
			t.CallDone = all.callDone
		}
	}
	return t
}

func (all traces) callStart(ctx context.Context, c CallInfo) context.Context {
	for _, t := range all {
		if t.CallStart == nil {
			continue
		}
		if next := t.CallStart(ctx, c); next != nil {
			ctx = next
		}
	}
	return ctx
}

func (all traces) waitStart(ctx context.Context, w WaitInfo) {
	for _, t := range all {
		if t.WaitStart != nil {
			t.WaitStart(ctx, w)
		}
	}
}

func (all traces) waitDone(ctx context.Context, w WaitInfo, err error) {
	for _, t := range all {
		if t.WaitDone != nil {
			t.WaitDone(ctx, w, err)
		}
	}
}

// attemptStart stops at the first error. Those that were asked before are told
// that the attempt is over.
func (all traces) attemptStart(ctx context.Context, a AttemptInfo) (context.Context, error) {
	for i, t := range all {
		if t.AttemptStart == nil {
			continue
		}
		next, err := t.AttemptStart(ctx, a)
		if err != nil {
			all[:i].attemptDone(ctx, a, Attempt{Start: time.Now(), Err: err}, OutcomeNotCopied)
			return ctx, err
		}
		if next != nil {
			ctx = next
		}
	}
	return ctx, nil
}

func (all traces) attemptDone(ctx context.Context, a AttemptInfo, attempt Attempt, o Outcome) {
	for _, t := range all {
		if t.AttemptDone != nil {
			t.AttemptDone(ctx, a, attempt, o)
		}
	}
}

func (all traces) callDone(ctx context.Context, c CallInfo, err error) {
	for _, t := range all {
		if t.CallDone != nil {
			t.CallDone(ctx, c, err)
		}
	}
}
