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

	"go.opentelemetry.io/otel/sdk/metric"
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
