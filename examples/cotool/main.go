// Cotool makes manual agents of the managed agents of an organization, once
// their integration has been disconnected:
//
//	COTOOL_API_KEY=... go run ./examples/cotool          shows which
//	COTOOL_API_KEY=... go run ./examples/cotool -move    moves them
//
// A copy on Cotool is a move that cannot be taken back by API: the original is
// parked, and its triggers go to the copy. So it stops at the first failure.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/agentcopy/agentcopy-go/cotool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	move := flag.Bool("move", false, "move the agents in place of showing them")
	flag.Parse()
	client, err := cotool.NewFromEnv()
	if err == nil {
		err = convert(ctx, client, *move, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// convert shows, or moves, every managed agent that is not parked.
func convert(ctx context.Context, client *cotool.Client, move bool, out io.Writer) error {
	var managed []*cotool.Agent // read first: the list changes while agents are moved
	for agent, err := range client.ListAgents(ctx) {
		if err != nil {
			return err
		}
		if agent.SyncKey != "" && agent.DeletedAt.IsZero() {
			managed = append(managed, agent)
		}
	}
	for _, agent := range managed {
		if !move {
			fmt.Fprintf(out, "%s  %s\n", agent.ID, agent.Name)
			continue
		}
		moved, err := client.CopyAgent(ctx, agent.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", agent.Name, err)
		}
		fmt.Fprintf(out, "%s: %s -> %s, triggers %q\n", agent.Name, moved.ParkedAgentID, moved.Agent.ID, moved.TransferredTriggerNames)
	}
	fmt.Fprintf(out, "%d managed agent(s)\n", len(managed))
	return nil
}
