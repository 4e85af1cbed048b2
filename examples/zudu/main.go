// Zudu duplicates one agent under several names. Without arguments it does so on
// a fake of Zudu within the program, which loses an answer on purpose:
//
//	go run ./examples/zudu
//	ZUDU_API_KEY=... ZUDU_API_SECRET=... go run ./examples/zudu AGENT_ID "Support, Berlin" "Support, Wien"
//
// It shows what the outcome of an error is good for: a name that is refused
// stops nothing, and a copy that may have been made is not asked for again.
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
		return errors.New("usage: zudu AGENT_ID NAME...; without arguments, it works on a fake")
	}
	client, err := zudu.NewFromEnv()
	if err != nil {
		return err
	}
	return duplicate(ctx, client, args[0], args[1:], out)
}

// duplicate copies the agent once for each name and says what became of it. Its
// error is that of all copies that are not known to be there.
func duplicate(ctx context.Context, client *zudu.Client, agentID string, names []string, out io.Writer) error {
	var failures []error
	for _, name := range names {
		agent, err := client.DuplicateAgent(ctx, agentID, zudu.DuplicateAgentRequest{AgentName: name})
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s: copied, %s\n", name, agent.AgentID)
			continue
		case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
			fmt.Fprintf(out, "%s: may have been copied; it is not asked for again\n", name)
			err = errors.Join(err, look(ctx, client, name, out))
		default:
			fmt.Fprintf(out, "%s: not copied\n", name)
		}
		failures = append(failures, fmt.Errorf("%s: %w", name, err))
	}
	return errors.Join(failures...)
}

// look says which agents have the name. once.Runner does this by itself, and
// looks at their age as well.
func look(ctx context.Context, client *zudu.Client, name string, out io.Writer) error {
	for agent, err := range client.ListAgents(ctx, zudu.ListAgentsRequest{Name: name}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "    an agent of this name is there: %s\n", agent.AgentID)
	}
	return nil
}
