package agentcopy

import (
	"context"
	"time"
)

// Trace is told of each step of a call, as net/http/httptrace is.
type Trace struct {
	CallStart    func(ctx context.Context, c CallInfo) context.Context
	WaitStart    func(ctx context.Context, w WaitInfo)
	WaitDone     func(ctx context.Context, w WaitInfo, err error)
	AttemptStart func(ctx context.Context, a AttemptInfo) (context.Context, error)
	AttemptDone  func(ctx context.Context, a AttemptInfo, attempt Attempt, o Outcome)
	CallDone     func(ctx context.Context, c CallInfo, err error)
}

// CallInfo is a call that a Trace is told of.
type CallInfo struct {
	Provider, Operation string
	Copies              bool
}

// AttemptInfo is an attempt that a Trace is told of.
type AttemptInfo struct {
	Call    CallInfo
	Number  int
	Timeout time.Duration
}

// WaitInfo is a wait that a Trace is told of.
type WaitInfo struct {
	Call   CallInfo
	Number int
	Reason WaitReason
	For    time.Duration
}

// WaitReason is why a call waits.
type WaitReason string

// The reasons.
const (
	WaitLimiter WaitReason = "limiter"
	WaitPause   WaitReason = "pause"
	WaitBackoff WaitReason = "backoff"
)

type traceKey struct{}

// ContextWithTrace attaches t to the calls made with ctx.
func ContextWithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, append(contextTraces(ctx), t))
}

func contextTraces(ctx context.Context) []Trace {
	traces, _ := ctx.Value(traceKey{}).([]Trace)
	return traces[:len(traces):len(traces)]
}
