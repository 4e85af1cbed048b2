// Zudu duplicates one agent under several names:
//
//	export ZUDU_API_KEY=... ZUDU_API_SECRET=...
//	go run ./examples/zudu agent_123 "Support, Berlin" "Support, Vienna"
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: zudu AGENT_ID NAME...")
	}
	client, err := zudu.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, name := range os.Args[2:] {
		agent, err := client.DuplicateAgent(ctx, os.Args[1], zudu.DuplicateAgentRequest{AgentName: name})
		switch {
		case err == nil:
			fmt.Println("copied:", agent.AgentID, name)
		case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
			fmt.Println("look before you send again:", err)
			for agent, err := range client.ListAgents(ctx, zudu.ListAgentsRequest{Name: name}) {
				if err != nil {
					log.Fatal(err)
				}
				fmt.Println("  found:", agent.AgentID, agent.AgentName)
			}
		default:
			fmt.Println("no copy was made:", err)
		}
	}
}
