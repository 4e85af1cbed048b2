// Observability shows the log, the trace and the metrics of a copy that meets a pause
// and a lost answer:
//
//	go run ./examples/observability
//
// It needs no keys and no collector: Kolena is a fake within the program, and what was
// recorded is printed. In your own program set OpenTelemetry's global providers, and
// pass otelagentcopy.WithTelemetry() without options.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/otelagentcopy"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	logger := slog.New(slog.NewTextHandler(out, nil))

	server := agentcopytest.NewKolena()
	server.AddAgent(kolena.Agent{ID: 123, Name: "Lease reader"})
	server.Inject(
		agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"2"}}},
		agentcopytest.Fault{Drop: true, AfterCopy: true}, // the answer is lost
	)
	client, err := kolena.New("any key",
		agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithLogger(logger),
		otelagentcopy.WithTelemetry(otelagentcopy.WithTracerProvider(tracers), otelagentcopy.WithMeterProvider(meters)))
	if err != nil {
		return err
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger(), Logger: logger}

	fmt.Fprintln(out, "The log:")
	job, span := tracers.Tracer("example").Start(ctx, "copy for tenant hamburg") // your program's own span
	_, err = runner.Copy(job, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: "123", Name: "Lease reader, Hamburg"})
	span.End()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe trace:")
	printSpans(out, spans.GetSpans(), trace.SpanID{}, "")
	fmt.Fprintln(out, "\nThe metrics:")
	return printMetrics(ctx, out, reader)
}

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
