// Kolena copies one agent for each of many tenants, as fast as Kolena allows:
//
//	KOLENA_API_KEY=... go run ./examples/kolena AGENT_ID "Tenant 1" "Tenant 2" ...
//
// All copies are started at once. The client's limiter lets 60 of them through
// in any window of 61 seconds, so that none is refused.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"

	"github.com/agentcopy/agentcopy-go/kolena"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: kolena AGENT_ID NAME...")
		os.Exit(2)
	}
	agentID, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err == nil {
		var client *kolena.Client
		if client, err = kolena.NewFromEnv(); err == nil {
			err = copyAll(ctx, client, agentID, os.Args[2:], os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// copyAll makes a copy of each name and reports them as they finish.
func copyAll(ctx context.Context, client *kolena.Client, agentID int64, names []string, out io.Writer) error {
	type result struct {
		name  string
		agent *kolena.Agent
		err   error
	}
	results := make(chan result)
	for _, name := range names {
		go func() {
			agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: name})
			results <- result{name, agent, err}
		}()
	}
	var failures []error
	for range names {
		r := <-results
		if r.err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", r.name, r.err))
			continue
		}
		fmt.Fprintf(out, "%s: %d\n", r.name, r.agent.ID)
	}
	return errors.Join(failures...)
}
