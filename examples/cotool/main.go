// Cotool makes a manual agent of a managed one. Without an ID it lists the managed
// agents:
//
//	export COTOOL_API_KEY=...
//	go run ./examples/cotool
//	go run ./examples/cotool 3c90c3cc-0d44-4b50-8888-8dd25736052a
//
// A copy on Cotool is a move, which cannot be undone: the original is parked, and its
// triggers go to the copy.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/agentcopy/agentcopy-go/cotool"
)

func main() {
	log.SetFlags(0)
	client, err := cotool.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if len(os.Args) == 1 {
		for agent, err := range client.ListAgents(ctx, cotool.ListAgentsRequest{}) {
			if err != nil {
				log.Fatal(err)
			}
			if agent.SyncKey != "" && agent.DeletedAt.IsZero() {
				fmt.Println("managed:", agent.ID, agent.Name)
			}
		}
	}
	for _, id := range os.Args[1:] {
		moved, err := client.CopyAgent(ctx, id)
		if err != nil {
			log.Fatal(err) // stop: a copy may have been made
		}
		fmt.Println("parked:", moved.ParkedAgentID)
		fmt.Println("copied:", moved.Agent.ID, moved.Agent.Name, moved.TransferredTriggerNames)
	}
}
