package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// printSpans draws the spans below parent as a tree, in the order in which they began.
func printSpans(out io.Writer, spans tracetest.SpanStubs, parent trace.SpanID, indent string) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	for _, span := range spans {
		if span.Parent.SpanID() == parent {
			fmt.Fprintf(out, "%s%s %v%s\n", indent, span.Name, span.EndTime.Sub(span.StartTime).Round(100*time.Millisecond), attributes(span.Attributes))
			printSpans(out, spans, span.SpanContext.SpanID(), indent+"    ")
		}
	}
}

// printMetrics prints one line for each histogram's data point.
func printMetrics(ctx context.Context, out io.Writer, reader metric.Reader) error {
	var seen metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &seen); err != nil {
		return err
	}
	var lines []string
	for _, scope := range seen.ScopeMetrics {
		for _, m := range scope.Metrics {
			if histogram, ok := m.Data.(metricdata.Histogram[float64]); ok {
				for _, p := range histogram.DataPoints {
					lines = append(lines, fmt.Sprintf("%-30s %d in %.1fs%s", m.Name, p.Count, p.Sum, attributes(p.Attributes.ToSlice())))
				}
			}
		}
	}
	slices.Sort(lines)
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// attributes leaves out the attributes that are the same in every line.
func attributes(attrs []attribute.KeyValue) string {
	var out strings.Builder
	for _, a := range attrs {
		switch a.Key {
		case "agentcopy.provider", "agentcopy.attempt", "server.address", "server.port", "http.request.method":
		default:
			fmt.Fprintf(&out, "  %s=%s", strings.TrimPrefix(string(a.Key), "agentcopy."), a.Value.String())
		}
	}
	return out.String()
}
