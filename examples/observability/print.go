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

// printSpans draws spans as a tree, in the order in which they began, each with its
// events.
func printSpans(out io.Writer, spans tracetest.SpanStubs) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var draw func(parent trace.SpanID, indent string)
	draw = func(parent trace.SpanID, indent string) {
		for _, span := range spans {
			if span.Parent.SpanID() != parent {
				continue
			}
			fmt.Fprintf(out, "%s%s %v%s\n", indent, span.Name, span.EndTime.Sub(span.StartTime).Round(100*time.Millisecond), worth(span.Attributes))
			for _, event := range span.Events {
				fmt.Fprintf(out, "%s  * %s%s\n", indent, event.Name, worth(event.Attributes))
			}
			draw(span.SpanContext.SpanID(), indent+"    ")
		}
	}
	draw(trace.SpanID{}, "")
}

// worth prints the attributes that differ from span to span.
func worth(attrs []attribute.KeyValue) string {
	var out strings.Builder
	for _, a := range attrs {
		switch a.Key {
		case "agentcopy.provider", "agentcopy.operation", "agentcopy.attempt", "agentcopy.wait.reason", "server.address", "server.port", "http.request.method":
		default:
			fmt.Fprintf(&out, "  %s=%s", a.Key, a.Value.String())
		}
	}
	return out.String()
}

// printMetrics prints one line for each data point.
func printMetrics(ctx context.Context, out io.Writer, reader metric.Reader) error {
	var seen metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &seen); err != nil {
		return err
	}
	var lines []string
	line := func(name string, set attribute.Set, value string) {
		operation, _ := set.Value("agentcopy.operation")
		reason, _ := set.Value("agentcopy.wait.reason")
		lines = append(lines, fmt.Sprintf("%-30s %-10s %s%s", name, operation.AsString(), value, worth(set.ToSlice())+spaced(reason.AsString())))
	}
	for _, scope := range seen.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					line(m.Name, p.Attributes, fmt.Sprintf("%d in %.1fs", p.Count, p.Sum))
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					line(m.Name, p.Attributes, fmt.Sprint(p.Value))
				}
			}
		}
	}
	slices.Sort(lines)
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

func spaced(word string) string {
	if word == "" {
		return ""
	}
	return "  " + word
}
