package otelagentcopy

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Option changes one setting of [WithTelemetry].
type Option func(*telemetry)

// WithTracerProvider takes the tracer from p. Default: the global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(t *telemetry) { t.tracers = p }
}

// WithMeterProvider takes the meter from p. Default: the global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(t *telemetry) { t.meters = p }
}

// WithErrorText puts the text of an error into the status of the span that failed. The
// text holds no credential, but it may quote the vendor's answer: a URL, an ID or the
// name of an agent. Default: off.
func WithErrorText() Option {
	return func(t *telemetry) { t.errorText = true }
}

// WithTelemetry traces and measures each call of a client. It uses the global providers
// unless opts set others; a nil provider also stands for the global one.
func WithTelemetry(opts ...Option) agentcopy.Option {
	return func(c *agentcopy.Config) error {
		t := &telemetry{}
		for _, opt := range opts {
			opt(t)
		}
		if t.tracers == nil {
			t.tracers = otel.GetTracerProvider()
		}
		if t.meters == nil {
			t.meters = otel.GetMeterProvider()
		}
		t.tracer = t.tracers.Tracer(scope)
		if err := t.measure(t.meters.Meter(scope)); err != nil {
			return err
		}
		return agentcopy.WithTrace(agentcopy.Trace{
			CallStart:    t.callStart,
			WaitStart:    t.waitStart,
			WaitDone:     t.waitDone,
			AttemptStart: t.attemptStart,
			AttemptDone:  t.attemptDone,
			CallDone:     t.callDone,
		})(c)
	}
}

const scope = "github.com/agentcopy/agentcopy-go/otelagentcopy"
