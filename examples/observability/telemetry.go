package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// telemetry watches calls. There is one in the program.
type telemetry struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
	metrics  *metrics
	logger   *slog.Logger
}

func newTelemetry(provider trace.TracerProvider, log slog.Handler) *telemetry {
	return &telemetry{
		provider: provider,
		tracer:   provider.Tracer("example.com/copies"),
		metrics:  newMetrics(),
		logger:   slog.New(spanEvents{log}),
	}
}

// options are what a client needs to be watched. The attempts of a call become
// children of the span that its context holds; see call.
func (t *telemetry) options() agentcopy.Option {
	return func(c *agentcopy.Config) error {
		for _, option := range []agentcopy.Option{
			agentcopy.WithMiddleware(t.attemptSpan, noteAttempt),
			agentcopy.WithLogger(t.logger),
		} {
			if err := option(c); err != nil {
				return err
			}
		}
		return nil
	}
}

// attemptSpan is the middleware that makes a span of each attempt. The vendor is
// sent no trace header: it has no use for one.
func (t *telemetry) attemptSpan(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next,
		otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
}

// call makes a span of a call on a vendor's client, and counts it. do returns
// the Response of what the call returned.
func (t *telemetry) call(ctx context.Context, provider, operation string, do func(context.Context) (*agentcopy.Response, error)) error {
	ctx, span := t.start(ctx, provider, operation)
	defer span.End()
	response, err := do(ctx)
	var attempts []agentcopy.Attempt
	if response != nil {
		attempts = response.Attempts
	}
	t.ended(span, provider, operation, attempts, err)
	return err
}

func (t *telemetry) start(ctx context.Context, provider, operation string) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, provider+" "+operation, trace.WithAttributes(
		attribute.String("agentcopy.provider", provider),
		attribute.String("agentcopy.operation", operation)))
}

// ended tells the span and the counters what became of a call. attempts are
// those of a call that succeeded; an error has its own.
func (t *telemetry) ended(span trace.Span, provider, operation string, attempts []agentcopy.Attempt, err error) {
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		attempts = e.Attempts
	}
	outcome := outcomeOf(err)
	span.SetAttributes(
		attribute.String("agentcopy.outcome", outcome),
		attribute.Int("agentcopy.attempts", len(attempts)),
		attribute.Float64("agentcopy.waited_seconds", waited(attempts).Seconds()))
	if err != nil {
		span.SetStatus(codes.Error, err.Error()) // one line, without credentials
	}
	t.metrics.count(provider, operation, outcome, attempts)
}

// outcomeOf is "success", or what the error says became of the copy.
func outcomeOf(err error) string {
	if err == nil {
		return "success"
	}
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		return strings.ReplaceAll(e.Outcome.String(), " ", "_")
	}
	return "error"
}

// waited is how long the attempts waited for the limiter and for what the vendor
// asked for, all together.
func waited(attempts []agentcopy.Attempt) (sum time.Duration) {
	for _, a := range attempts {
		sum += a.Waited
	}
	return sum
}
