package main

import (
	"context"
	"fmt"
	"io"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// The limit of the demo. Kolena's own is 60 copies a minute; this one is as
// strict, and does not take a minute to see.
const (
	limit  = 5
	window = time.Second
)

// demo is the program on a fake of Kolena.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "On a fake of Kolena within this program; nothing leaves the machine. To copy for real:\n"+
		"KOLENA_API_KEY=... go run ./examples/kolena AGENT_ID NAME...")
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(limit, window))
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithLimiter(agentcopy.NewWindowLimiter(limit, window)))
	if err != nil {
		return err
	}

	names := make([]string, 12)
	for i := range names {
		names[i] = fmt.Sprintf("Tenant %d", i+1)
	}
	fmt.Fprintf(out, "\n%d copies of agent %d, started at once, where %d are allowed in any %v:\n\n", len(names), source.ID, limit, window)
	if err := copyAll(ctx, client, source.ID, names, out); err != nil {
		return err
	}
	refused := 0
	for _, r := range server.Requests() {
		if r.StatusCode == 429 {
			refused++
		}
	}
	fmt.Fprintf(out, "\nCopies on the server: %d; requests refused for the limit: %d\n", len(server.Copies()), refused)
	return nil
}
