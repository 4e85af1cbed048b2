package otelagentcopy

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
)

type instruments struct {
	calls    metric.Float64Histogram
	waits    metric.Float64Histogram
	waiting  metric.Int64UpDownCounter
	attempts metric.Float64Histogram
}

func newInstruments(m metric.Meter) (instruments, error) {
	var i instruments
	var errs [4]error
	seconds := metric.WithUnit("s")
	buckets := metric.WithExplicitBucketBoundaries
	i.calls, errs[0] = m.Float64Histogram("agentcopy.client.call.duration", seconds,
		metric.WithDescription("Duration of calls, waits and retries included."), buckets(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300))
	i.waits, errs[1] = m.Float64Histogram("agentcopy.client.wait.duration", seconds,
		metric.WithDescription("Duration of waits for the limiter, a pause or a backoff."), buckets(0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300))
	i.waiting, errs[2] = m.Int64UpDownCounter("agentcopy.client.waiting", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that wait now, by reason."))
	i.attempts, errs[3] = m.Float64Histogram("http.client.request.duration", seconds,
		metric.WithDescription("Duration of HTTP client requests."), buckets(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	if err := errors.Join(errs[:]...); err != nil {
		return i, fmt.Errorf("WithTelemetry: %w", err)
	}
	return i, nil
}
