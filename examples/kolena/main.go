// Kolena copies one agent for many tenants, as fast as Kolena allows:
//
//	export KOLENA_API_KEY=...
//	go run ./examples/kolena 123 "Tenant 1" "Tenant 2" ...
//
// All copies start at once. The client's limiter lets 60 of them through in any 61
// seconds, so Kolena refuses none.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"sync"

	"github.com/agentcopy/agentcopy-go/kolena"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: kolena AGENT_ID NAME...")
	}
	id, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		log.Fatal("the ID of an agent on Kolena is a number: ", err)
	}
	client, err := kolena.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var copies sync.WaitGroup
	for _, name := range os.Args[2:] {
		copies.Go(func() {
			agent, err := client.CopyAgent(ctx, id, kolena.CopyAgentRequest{Name: name})
			if err != nil {
				log.Printf("%s: %v", name, err) // it says whether a copy was made
				return
			}
			fmt.Println("copied:", agent.ID, agent.Name)
		})
	}
	copies.Wait()
}
