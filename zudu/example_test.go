package zudu_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// support returns a fake of Zudu with an agent, and a client that sends its
// requests there instead of to Zudu.
func support() (server *agentcopytest.Zudu, client *zudu.Client, agentID string) {
	server = agentcopytest.NewZudu()
	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
}

func ExampleClient_DuplicateAgent() {
	_, client, agentID := support()
	agent, err := client.DuplicateAgent(context.Background(), agentID, zudu.DuplicateAgentRequest{AgentName: "  Support, Berlin "})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %q\n", agent.AgentID, agent.AgentName)
	// Output: agent_00000000-0000-4000-8000-000000000002 "Support, Berlin"
}

// Zudu filters its list by name.
func ExampleClient_ListAgents() {
	server, client, agentID := support()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost
	_, err := client.DuplicateAgent(context.Background(), agentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	fmt.Println("the copy may have been made:", errors.Is(err, agentcopy.ErrOutcomeUnknown))

	for agent, err := range client.ListAgents(context.Background(), zudu.ListAgentsRequest{Name: "Support, Berlin"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(agent.AgentID)
	}
	// Output:
	// the copy may have been made: true
	// agent_00000000-0000-4000-8000-000000000002
}

// What a once.Runner does when an answer is lost can be done by hand.
func ExampleClient_Copier() {
	server, client, agentID := support()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	copier := client.Copier()
	request := agentcopy.CopyRequest{SourceID: agentID, Name: "Support, Berlin"}

	since := time.Now()
	if _, err := copier.Copy(context.Background(), request); errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		found, err := copier.FindCopies(context.Background(), request, since)
		if err != nil {
			log.Fatal(err)
		}
		for _, c := range found {
			fmt.Println(c.Match, c.Copy.ID, c.Copy.Name)
		}
	}
	// Output: certain agent_00000000-0000-4000-8000-000000000002 Support, Berlin
}
