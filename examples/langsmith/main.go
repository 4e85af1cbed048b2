// Langsmith clones an agent for a colleague, who may write to it, and tells the
// clone the date of their time zone:
//
//	LANGSMITH_API_KEY=... LANGSMITH_WORKSPACE_ID=... \
//	  go run ./examples/langsmith -source ID -name NAME -for USER_ID -timezone Europe/Berlin
//
// An organization's key needs the workspace; a key of a workspace does not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	source := flag.String("source", "", "the ID of the agent to clone")
	name := flag.String("name", "", "the name of the clone")
	colleague := flag.String("for", "", "the ID of the user who may write to the clone")
	timezone := flag.String("timezone", "", "the IANA name of the clone's time zone; UTC if it is left out")
	flag.Parse()
	client, err := langsmith.NewFromEnv()
	if err == nil {
		var agent *langsmith.Agent
		if agent, err = cloneFor(ctx, client, *source, *name, *colleague, *timezone); err == nil {
			fmt.Printf("%s  %s  revision %s\n", agent.ID, agent.Name, agent.Revision)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// cloneFor clones the agent and shares the clone with one user.
func cloneFor(ctx context.Context, client *langsmith.Client, source, name, colleague, timezone string) (*langsmith.Agent, error) {
	permissions := &langsmith.Permissions{
		Identity:   langsmith.IdentityShared,
		Visibility: langsmith.VisibilityUser,
	}
	if colleague != "" {
		permissions.SharedUsers.Update = []string{colleague}
	}
	return client.CloneAgent(ctx, source, langsmith.CloneAgentRequest{
		Name:         name,
		Permissions:  permissions,
		UserTimezone: timezone,
	})
}
