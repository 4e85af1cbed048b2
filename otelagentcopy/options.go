package otelagentcopy

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Option changes one setting of [WithTelemetry].
type Option func(*config)

type config struct {
	tracers   trace.TracerProvider
	meters    metric.MeterProvider
	errorText bool
}

// WithTracerProvider takes the tracer from p. Default: the global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(c *config) { c.tracers = p }
}

// WithMeterProvider takes the meter from p. Default: the global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) { c.meters = p }
}

// WithErrorText puts the text of an error into the status of the span that failed. The
// text holds no credential, but it may quote the vendor's answer: a URL, an ID or the
// name of an agent. Default: off.
func WithErrorText() Option {
	return func(c *config) { c.errorText = true }
}

// WithTelemetry traces and measures each call of a client. It uses the global providers
// unless opts set others; a nil provider also stands for the global one.
func WithTelemetry(opts ...Option) agentcopy.Option {
	return func(c *agentcopy.Config) error {
		var cfg config
		for _, opt := range opts {
			opt(&cfg)
		}
		if cfg.tracers == nil {
			cfg.tracers = otel.GetTracerProvider()
		}
		if cfg.meters == nil {
			cfg.meters = otel.GetMeterProvider()
		}
		instruments, err := newInstruments(cfg.meters.Meter(scope))
		if err != nil {
			return err
		}
		t := &telemetry{tracer: cfg.tracers.Tracer(scope), instruments: instruments, errorText: cfg.errorText}
		return agentcopy.WithTrace(t.trace())(c)
	}
}

const scope = "github.com/agentcopy/agentcopy-go/otelagentcopy"
