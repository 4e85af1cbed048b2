// Langsmith clones an agent for a colleague, who may write to it, and tells the
// clone the date of their time zone. Without flags it does so on a fake of
// LangSmith within the program:
//
//	go run ./examples/langsmith
//	LANGSMITH_API_KEY=... LANGSMITH_WORKSPACE_ID=... \
//	  go run ./examples/langsmith -source ID -name NAME -for USER_ID -timezone Europe/Berlin
//
// An organization's key needs the workspace; a key of a workspace does not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// order is what the flags ask for.
type order struct{ source, name, colleague, timezone string }

func run(ctx context.Context, args []string, out io.Writer) error {
	var o order
	flags := flag.NewFlagSet("langsmith", flag.ContinueOnError)
	flags.StringVar(&o.source, "source", "", "the ID of the agent to clone")
	flags.StringVar(&o.name, "name", "", "the name of the clone")
	flags.StringVar(&o.colleague, "for", "", "the ID of the user who may write to the clone")
	flags.StringVar(&o.timezone, "timezone", "", "the IANA name of the clone's time zone; UTC if it is left out")
	flags.SetOutput(out)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case len(args) == 0:
		return demo(ctx, out)
	}
	client, err := langsmith.NewFromEnv()
	if err != nil {
		return err
	}
	return cloneFor(ctx, client, o, out)
}

// cloneFor clones the agent and shares the clone with one user.
func cloneFor(ctx context.Context, client *langsmith.Client, o order, out io.Writer) error {
	permissions := &langsmith.Permissions{
		Identity:   langsmith.IdentityShared,
		Visibility: langsmith.VisibilityUser,
	}
	if o.colleague != "" {
		permissions.SharedUsers.Update = []string{o.colleague}
	}
	agent, err := client.CloneAgent(ctx, o.source, langsmith.CloneAgentRequest{
		Name:         o.name,
		Permissions:  permissions,
		UserTimezone: o.timezone,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: cloned, %s\n", agent.Name, agent.ID)
	fmt.Fprintf(out, "    seen by: %s, written to by: %q\n", agent.Permissions.Visibility, agent.Permissions.SharedUsers.Update)
	return nil
}
