// Langsmith clones an agent for a colleague, who may change the clone:
//
//	export LANGSMITH_API_KEY=... LANGSMITH_WORKSPACE_ID=...
//	go run ./examples/langsmith AGENT_ID NAME USER_ID
//
// A key of an organization needs the workspace; a key of a workspace does not.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: langsmith AGENT_ID NAME USER_ID")
	}
	client, err := langsmith.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	clone, err := client.CloneAgent(context.Background(), os.Args[1], langsmith.CloneAgentRequest{
		Name: os.Args[2],
		Permissions: &langsmith.Permissions{
			Identity:    langsmith.IdentityShared,
			Visibility:  langsmith.VisibilityUser,
			SharedUsers: langsmith.SharedUsers{Update: []string{os.Args[3]}},
		},
		UserTimezone: "Europe/Berlin",
	})
	if err != nil {
		log.Fatal(err) // it says whether a clone was made
	}
	fmt.Println("cloned:", clone.ID, clone.Name)
	fmt.Println("may be changed by:", clone.Permissions.SharedUsers.Update)
}
