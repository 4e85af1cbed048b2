package otelagentcopy

import (
	"context"
	"errors"
	"fmt"
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
	tracers   trace.TracerProvider
	meters    metric.MeterProvider
	errorText bool

	tracer   trace.Tracer
	calls    metric.Float64Histogram
	waits    metric.Float64Histogram
	waiting  metric.Int64UpDownCounter
	attempts metric.Float64Histogram
}

func (t *telemetry) measure(m metric.Meter) error {
	var errs [4]error
	seconds, buckets := metric.WithUnit("s"), metric.WithExplicitBucketBoundaries
	t.calls, errs[0] = m.Float64Histogram("agentcopy.client.call.duration", seconds,
		metric.WithDescription("Duration of calls, waits and retries included."),
		buckets(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300))
	t.waits, errs[1] = m.Float64Histogram("agentcopy.client.wait.duration", seconds,
		metric.WithDescription("Duration of waits for the limiter, a pause or a backoff."),
		buckets(0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300))
	t.waiting, errs[2] = m.Int64UpDownCounter("agentcopy.client.waiting", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that wait now, by reason."))
	t.attempts, errs[3] = m.Float64Histogram("http.client.request.duration", seconds,
		metric.WithDescription("Duration of HTTP client requests."),
		buckets(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("WithTelemetry: %w", err)
	}
	return nil
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
	attrs := append(waitAttributes(info), attemptKey.Int(info.Number))
	expected := expectedKey.Float64(info.For.Round(time.Millisecond).Seconds())
	if info.For > 0 {
		attrs = append(attrs, expected)
	}
	_, span := t.tracer.Start(ctx, "wait "+string(info.Reason), trace.WithAttributes(attrs...))
	if info.Reason == agentcopy.WaitPause {
		c.span.AddEvent("pause", trace.WithAttributes(expected))
	}
	t.waiting.Add(ctx, 1, metric.WithAttributes(waitAttributes(info)...))
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
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.waits, func(w *wait) bool { return w.info == info })
	if i < 0 {
		return
	}
	w := c.waits[i]
	c.waits = slices.Delete(c.waits, i, i+1)
	if err != nil {
		t.fail(w.span, errorType(err), err)
	}
	w.span.End()
	attrs := metric.WithAttributes(waitAttributes(info)...)
	t.waiting.Add(ctx, -1, attrs)
	t.waits.Record(ctx, time.Since(w.begun).Seconds(), attrs)
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
	t.attempts.Record(ctx, done.Duration.Seconds(), metric.WithAttributes(append(requestAttributes(a), attrs...)...))
	span.SetAttributes(append(attrs, outcomeAttributes(a.Call, failed != "", o)...)...)
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
	outcome, _ := agentcopy.OutcomeOf(err)
	attrs := append(callAttributes(info), outcomeAttributes(info, err != nil, outcome)...)
	c.mu.Lock()
	c.span.SetAttributes(append(attrs, attemptsKey.Int(c.sends))...)
	c.mu.Unlock()
	if err != nil {
		failed := callErrorType(err)
		attrs = append(attrs, semconv.ErrorTypeKey.String(failed))
		t.fail(c.span, failed, err)
	}
	t.calls.Record(ctx, time.Since(c.begun).Seconds(), metric.WithAttributes(attrs...))
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
