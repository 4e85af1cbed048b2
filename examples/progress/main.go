// Progress shows one line while copies wait for their turn.
//
//	go run ./examples/progress
//
// It needs no keys: it runs against a fake of Kolena within the program. line.go is
// the part to take over into a program of your own.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "progress:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	// The second copy meets a pause.
	server.Inject(agentcopytest.Fault{}, agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3"}}})

	cities := []string{"Hamburg", "Bremen", "Berlin", "Leipzig"}
	progress := newLine(out, len(cities))
	client, err := kolena.New("not-a-real-key",
		agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithLimiter(rate.NewLimiter(rate.Every(2*time.Second), 1)), // small, to have something to see
		agentcopy.WithTrace(progress.trace()))
	if err != nil {
		return err
	}
	jobs := func(yield func(once.Job) bool) {
		for _, city := range cities {
			req := agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Lease reader, " + city}
			if !yield(once.Job{Key: city, Copier: client.Copier(kolena.CopyAgentRequest{}), Request: req}) {
				return
			}
		}
	}

	defer progress.show()()
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	for result := range runner.All(ctx, jobs) {
		if result.Err != nil {
			return result.Err
		}
		progress.copied()
	}
	return nil
}
