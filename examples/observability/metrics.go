package main

import (
	"io"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// metrics are the counters of calls. No label holds an ID or a name: of those
// there is no end.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	attempts *prometheus.CounterVec
	waited   *prometheus.CounterVec
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls:    counter("agentcopy_calls_total", "Calls that ended, by what became of them.", "provider", "operation", "outcome"),
		attempts: counter("agentcopy_attempts_total", "Requests, by the status of the answer; 0 if there was none.", "provider", "operation", "status"),
		waited:   counter("agentcopy_waited_seconds_total", "Time that attempts waited for a limiter, a pause or a backoff.", "provider", "operation"),
	}
	m.registry.MustRegister(m.calls, m.attempts, m.waited)
	return m
}

// count adds a call that has ended.
func (m *metrics) count(provider, operation, outcome string, attempts []agentcopy.Attempt) {
	m.calls.WithLabelValues(provider, operation, outcome).Inc()
	for _, a := range attempts {
		m.attempts.WithLabelValues(provider, operation, strconv.Itoa(a.StatusCode)).Inc()
	}
	m.waited.WithLabelValues(provider, operation).Add(waited(attempts).Seconds())
}

// print writes the counters in Prometheus' text form. A server would hand them
// out by promhttp.HandlerFor(m.registry, ...).
func (m *metrics) print(out io.Writer) error {
	families, err := m.registry.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(out, family); err != nil {
			return err
		}
	}
	return nil
}
