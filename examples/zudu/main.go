// Zudu duplicates one agent under several names:
//
//	ZUDU_API_KEY=... ZUDU_API_SECRET=... go run ./examples/zudu AGENT_ID "Support, Berlin" "Support, Wien"
//
// It shows what the outcome of an error is good for: a name that is refused
// stops nothing, and a copy that may have been made is not tried again.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: zudu AGENT_ID NAME...")
		os.Exit(2)
	}
	client, err := zudu.NewFromEnv()
	if err == nil {
		err = duplicate(ctx, client, os.Args[1], os.Args[2:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// duplicate copies the agent once for each name and says what became of it.
func duplicate(ctx context.Context, client *zudu.Client, agentID string, names []string, out io.Writer) error {
	var failures []error
	for _, name := range names {
		agent, err := client.DuplicateAgent(ctx, agentID, zudu.DuplicateAgentRequest{AgentName: name})
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s: %s\n", name, agent.AgentID)
			continue
		case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
			fmt.Fprintf(out, "%s: may have been made; look for it by its name, which is unique\n", name)
		default:
			fmt.Fprintf(out, "%s: not made\n", name)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
