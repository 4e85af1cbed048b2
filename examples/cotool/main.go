// Cotool makes manual agents of the managed agents of an organization, once
// their integration has been disconnected. Without flags it does so on a fake of
// Cotool within the program:
//
//	go run ./examples/cotool
//	COTOOL_API_KEY=... go run ./examples/cotool -list    shows which there are
//	COTOOL_API_KEY=... go run ./examples/cotool -move    moves them
//
// A copy on Cotool is a move that goes one way: the original is parked, and its
// triggers go to the copy. So it stops at the first failure.
package main

import (
	"context"
	"errors"
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
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("cotool", flag.ContinueOnError)
	list := flags.Bool("list", false, "show the managed agents")
	move := flags.Bool("move", false, "move the managed agents, for real")
	flags.SetOutput(out)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0 || *list && *move:
		return errors.New("usage: cotool -list or cotool -move; without either, it works on a fake")
	case !*list && !*move:
		return demo(ctx, out)
	}
	client, err := cotool.NewFromEnv()
	if err != nil {
		return err
	}
	return convert(ctx, client, *move, out)
}

// convert shows, or moves, every managed agent that is not parked.
func convert(ctx context.Context, client *cotool.Client, move bool, out io.Writer) error {
	var managed []*cotool.Agent // read first: the list changes while agents are moved
	for agent, err := range client.ListAgents(ctx, cotool.ListAgentsRequest{}) {
		if err != nil {
			return err
		}
		if agent.SyncKey != "" && agent.DeletedAt.IsZero() {
			managed = append(managed, agent)
		}
	}
	for _, agent := range managed {
		if !move {
			fmt.Fprintf(out, "%s: managed, %s\n", agent.Name, agent.ID)
			continue
		}
		moved, err := client.CopyAgent(ctx, agent.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", agent.Name, err)
		}
		fmt.Fprintf(out, "%s: parked %s, new %s, triggers %q\n", agent.Name, moved.ParkedAgentID, moved.Agent.ID, moved.TransferredTriggerNames)
	}
	fmt.Fprintf(out, "%d managed agent(s)%s\n", len(managed), map[bool]string{true: " moved"}[move])
	return nil
}
