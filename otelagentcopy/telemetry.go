package otelagentcopy

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// telemetry watches the calls of the clients that one option was given to.
type telemetry struct {
	tracer      trace.Tracer
	instruments instruments
	errorText   bool
}

func (t *telemetry) trace() agentcopy.Trace {
	return agentcopy.Trace{
		CallStart:    t.callStart,
		WaitStart:    t.waitStart,
		WaitDone:     t.waitDone,
		AttemptStart: t.attemptStart,
		AttemptDone:  t.attemptDone,
		CallDone:     t.callDone,
	}
}

// call is one call. It travels in the call's context. Middleware may send and wait
// from goroutines of its own, so a mutex guards what changes.
type call struct {
	span  trace.Span
	begun time.Time

	mu    sync.Mutex
	sends int               // requests so far
	last  trace.SpanContext // of the last one
	waits []*wait           // those under way
}

type wait struct {
	info  agentcopy.WaitInfo
	span  trace.Span
	begun time.Time
}

// The keys of contexts hold the telemetry, since a client may have several.
type (
	callKey    struct{ *telemetry }
	attemptCtx struct{ *telemetry }
)

func (t *telemetry) callStart(ctx context.Context, info agentcopy.CallInfo) context.Context {
	ctx, span := t.tracer.Start(ctx, info.Provider+" "+info.Operation, trace.WithAttributes(callAttributes(info)...))
	return context.WithValue(ctx, callKey{t}, &call{span: span, begun: time.Now()})
}

func (t *telemetry) waitStart(ctx context.Context, info agentcopy.WaitInfo) {
	c, ok := ctx.Value(callKey{t}).(*call)
	if !ok {
		return
	}
	attrs := append(callAttributes(info.Call), attemptKey.Int(info.Number), reasonKey.String(string(info.Reason)))
	if info.For > 0 {
		attrs = append(attrs, expectedKey.Float64(info.For.Round(time.Millisecond).Seconds()))
	}
	_, span := t.tracer.Start(ctx, "wait "+string(info.Reason), trace.WithAttributes(attrs...))
	if info.Reason == agentcopy.WaitPause {
		c.span.AddEvent("pause", trace.WithAttributes(expectedKey.Float64(info.For.Round(time.Millisecond).Seconds())))
	}
	t.instruments.waiting.Add(ctx, 1, metric.WithAttributes(waitAttributes(info)...))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, &wait{info, span, time.Now()})
}

func waitAttributes(info agentcopy.WaitInfo) []attribute.KeyValue {
	return append(callAttributes(info.Call), reasonKey.String(string(info.Reason)))
}

func (t *telemetry) waitDone(ctx context.Context, info agentcopy.WaitInfo, err error) {
	c, ok := ctx.Value(callKey{t}).(*call)
	if !ok {
		return
	}
	w := c.takeWait(info)
	if w == nil {
		return
	}
	if err != nil {
		t.fail(w.span, errorType(err), err)
	}
	w.span.End()
	attrs := metric.WithAttributes(waitAttributes(info)...)
	t.instruments.waiting.Add(ctx, -1, attrs)
	t.instruments.waits.Record(ctx, time.Since(w.begun).Seconds(), attrs)
}

// takeWait takes out the wait that info began.
func (c *call) takeWait(info agentcopy.WaitInfo) *wait {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.waits, func(w *wait) bool { return w.info == info })
	if i < 0 {
		return nil
	}
	w := c.waits[i]
	c.waits = slices.Delete(c.waits, i, i+1)
	return w
}

func (t *telemetry) attemptStart(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
	c, ok := ctx.Value(callKey{t}).(*call)
	if !ok {
		return ctx, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	opts := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(requestAttributes(a), attemptKey.Int(a.Number))...),
	}
	if c.sends > 0 {
		c.span.AddEvent("retry", trace.WithAttributes(semconv.HTTPRequestResendCount(c.sends)))
		opts = append(opts, trace.WithAttributes(semconv.HTTPRequestResendCount(c.sends)), trace.WithLinks(trace.Link{SpanContext: c.last}))
	}
	ctx, span := t.tracer.Start(ctx, a.Method, opts...)
	c.sends, c.last = c.sends+1, span.SpanContext()
	return context.WithValue(ctx, attemptCtx{t}, span), nil
}

func (t *telemetry) attemptDone(ctx context.Context, a agentcopy.AttemptInfo, done agentcopy.Attempt, o agentcopy.Outcome) {
	span, ok := ctx.Value(attemptCtx{t}).(trace.Span)
	if !ok {
		return
	}
	attrs, failed := answerAttributes(done)
	t.instruments.attempts.Record(ctx, done.Duration.Seconds(), metric.WithAttributes(append(requestAttributes(a), attrs...)...))
	span.SetAttributes(attrs...)
	switch {
	case failed == "":
		span.SetAttributes(outcomeKey.String("success"))
	case a.Call.Copies:
		span.SetAttributes(outcomeKey.String(outcomeText(o)))
	}
	if failed != "" {
		t.fail(span, "", done.Err)
	}
	span.End()
}

func (t *telemetry) callDone(ctx context.Context, info agentcopy.CallInfo, err error) {
	c, ok := ctx.Value(callKey{t}).(*call)
	if !ok {
		return
	}
	attrs := callAttributes(info)
	if outcome := outcomeOf(info, err); outcome != "" {
		attrs = append(attrs, outcomeKey.String(outcome))
	}
	c.mu.Lock()
	c.span.SetAttributes(append(attrs, attemptsKey.Int(c.sends))...)
	c.mu.Unlock()
	if err != nil {
		failed := callErrorType(err)
		attrs = append(attrs, semconv.ErrorTypeKey.String(failed))
		t.fail(c.span, failed, err)
	}
	t.instruments.calls.Record(ctx, time.Since(c.begun).Seconds(), metric.WithAttributes(attrs...))
	c.span.End()
}

// fail marks a span. The text of err is in it only if it was asked for.
func (t *telemetry) fail(span trace.Span, errorType string, err error) {
	if errorType != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
	}
	text := ""
	if t.errorText && err != nil {
		text = err.Error()
	}
	span.SetStatus(codes.Error, text)
}
