// Kolena copies one agent for each of many tenants, as fast as Kolena allows.
// Without arguments it does so on a fake of Kolena within the program:
//
//	go run ./examples/kolena
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
	"time"

	"github.com/agentcopy/agentcopy-go/kolena"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	switch len(args) {
	case 0:
		return demo(ctx, out)
	case 1:
		return errors.New("usage: kolena AGENT_ID NAME...; without arguments, it works on a fake")
	}
	agentID, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return fmt.Errorf("the ID of an agent on Kolena is a number, and %q is none", args[0])
	}
	client, err := kolena.NewFromEnv()
	if err != nil {
		return err
	}
	return copyAll(ctx, client, agentID, args[1:], out)
}

// copyAll makes a copy of each name and reports them as they finish.
func copyAll(ctx context.Context, client *kolena.Client, agentID int64, names []string, out io.Writer) error {
	type result struct {
		name  string
		agent *kolena.Agent
		err   error
	}
	start := time.Now()
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
		fmt.Fprintf(out, "%5.1fs  %s: copied, agent %d\n", time.Since(start).Seconds(), r.name, r.agent.ID)
	}
	return errors.Join(failures...)
}
