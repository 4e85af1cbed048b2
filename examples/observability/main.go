// Observability shows what a program sees of its copies by one option: a trace with
// a span for each call, wait and attempt, metrics, and log lines.
//
//	go run ./examples/observability
//
// needs no keys, no collector and no network: it runs against fakes of the vendors
// within the program, keeps what it sees in memory and prints it. In a program of
// yours, set the global providers of OpenTelemetry as for everything else, and give
// otelagentcopy.WithTelemetry() without options.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strconv"

	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/otelagentcopy"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "observability:", err)
		stop()
		os.Exit(1)
	}
}

// run makes a copy that meets a pause and a lost answer, and prints what was seen.
func run(ctx context.Context, out io.Writer) error {
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))

	// The vendor asks for a pause of 2 s, then makes the copy and loses the answer.
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.Inject(
		agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"2"}}},
		agentcopytest.Fault{Drop: true, AfterCopy: true},
	)

	client, err := kolena.New("not-a-real-key",
		agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithLogger(logger),
		otelagentcopy.WithTelemetry(otelagentcopy.WithTracerProvider(tracers), otelagentcopy.WithMeterProvider(meters)))
	if err != nil {
		return err
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger(), Logger: logger}

	fmt.Fprintln(out, "On a fake of Kolena within this program: it asks for a pause, then loses the answer to a copy.")
	fmt.Fprintln(out, "\nThe log, as it is written:")
	job, span := tracers.Tracer("example").Start(ctx, "copy for tenant hamburg") // the program's own span
	_, err = runner.Copy(job, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Lease reader, Hamburg"})
	span.End()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe trace: a span for each call, and below it one for each wait and attempt:")
	printSpans(out, spans.GetSpans())
	fmt.Fprintln(out, "\nThe metrics:")
	return printMetrics(ctx, out, reader)
}

// withoutTime leaves the time out of a line, so that lines fit on the screen.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
