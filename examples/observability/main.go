// Observability shows what a program sees of its copies: a trace with a span for
// each call and one for each attempt below it, counters for Prometheus, and log
// lines.
//
//	go run ./examples/observability
//
// needs no keys, no collector and no network: it runs against fakes of the
// vendors within the program, keeps the spans in memory and prints them.
//
// telemetry.go is the part to take over into a program of your own: it watches
// calls of the vendor clients, and copier.go an agentcopy.Copier. clean.go keeps
// out of the spans what does not belong there.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
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

// run makes some copies and prints what was seen of them.
func run(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "agentcopy observability: no keys, no network; the vendors are fakes within this program.")
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(clean{spans}))
	defer provider.Shutdown(context.WithoutCancel(ctx))
	fmt.Fprintln(out, "\nThe log, as it is written:")
	t := newTelemetry(provider, slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
	if err := scenes(ctx, t); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe trace:")
	printSpans(out, spans.GetSpans())
	fmt.Fprintln(out, "\nThe metrics, as Prometheus reads them:")
	return t.metrics.print(out)
}

// withoutTime leaves the time out of a line, so that lines fit on the screen.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
