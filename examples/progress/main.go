// Progress copies an agent for 40 tenants and shows on one line how far it is and what
// it waits for. It needs no keys: Kolena is a fake within the program.
//
//	go run ./examples/progress
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server := agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	err := copyAll(ctx, os.Stdout, source.ID, 40,
		agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithLimiter(agentcopy.NewWindowLimiter(10, time.Second))) // without it, Kolena's 60 a minute
	if err != nil {
		log.Fatal(err)
	}
}

func copyAll(ctx context.Context, out io.Writer, sourceID int64, tenants int, opts ...agentcopy.Option) error {
	line := &line{out: out, total: tenants}
	waits := agentcopy.Trace{WaitStart: func(_ context.Context, w agentcopy.WaitInfo) {
		note := fmt.Sprintf(", waiting: %s", w.Reason)
		if w.For > 0 { // it is known how long
			note += fmt.Sprintf(", %v", w.For.Round(time.Second/10))
		}
		line.show(0, note)
	}}
	client, err := kolena.New("any key", append(opts, agentcopy.WithTrace(waits))...)
	if err != nil {
		return err
	}
	jobs := func(yield func(once.Job) bool) { // it could read a file or a database
		for i := range tenants {
			key := fmt.Sprintf("tenant-%d", i+1)
			request := agentcopy.CopyRequest{SourceID: strconv.FormatInt(sourceID, 10), Name: "Lease reader, " + key}
			if !yield(once.Job{Key: key, Copier: client.Copier(kolena.CopyAgentRequest{}), Request: request}) {
				return
			}
		}
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()} // sqlite.Open or sqlledger.Open keeps the ledger
	for result := range runner.All(ctx, jobs) {
		if result.Err != nil {
			fmt.Fprintf(out, "\n%s: %v\n", result.Job.Key, result.Err)
			continue
		}
		line.show(1, "")
	}
	fmt.Fprintln(out)
	return context.Cause(ctx)
}

// line is rewritten at each step.
type line struct {
	out         io.Writer
	mu          sync.Mutex
	done, total int
}

func (l *line) show(done int, note string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done += done
	fmt.Fprintf(l.out, "\r\x1b[K%d of %d copied%s", l.done, l.total, note)
}
