package cotool_test

import (
	"context"
	"fmt"
	"log"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/once"
)

// triage returns a fake of Cotool with a managed agent, and a client that sends its
// requests there instead of to Cotool.
func triage() (server *agentcopytest.Cotool, client *cotool.Client, agentID string) {
	server = agentcopytest.NewCotool()
	client, err := cotool.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(cotool.Agent{
		Name:           "Phishing triage",
		SyncKey:        "phishing-triage",
		TriggerSummary: []cotool.TriggerSummary{{Name: "abuse mailbox", Enabled: true}},
	}).ID
}

// The copy takes over the triggers, and the original is parked.
func ExampleClient_CopyAgent() {
	_, client, agentID := triage()
	moved, err := client.CopyAgent(context.Background(), agentID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("new:", moved.Agent.ID)
	fmt.Println("parked:", moved.ParkedAgentID)
	fmt.Println("triggers:", moved.TransferredTriggerNames)
	// Output:
	// new: 00000000-0000-4000-8000-000000000002
	// parked: 00000000-0000-4000-8000-000000000001
	// triggers: [abuse mailbox]
}

// Managed agents can be copied, manual ones cannot.
func ExampleClient_ListAgents() {
	server, client, _ := triage()
	server.AddAgent(cotool.Agent{Name: "By hand", Origin: cotool.OriginUser})
	for agent, err := range client.ListAgents(context.Background(), cotool.ListAgentsRequest{}) {
		if err != nil {
			log.Fatal(err)
		}
		if agent.SyncKey != "" && agent.DeletedAt.IsZero() {
			fmt.Println("can be copied:", agent.Name)
		}
	}
	// Output: can be copied: Phishing triage
}

// A once.Runner needs no name: after a lost answer, the parked source shows that the
// copy was made.
func ExampleClient_Copier() {
	server, client, agentID := triage()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	made, err := runner.Copy(context.Background(), "agents/phishing", client.Copier(), agentcopy.CopyRequest{SourceID: agentID})
	fmt.Println(made.ID, err, len(server.Copies()))
	// Output: 00000000-0000-4000-8000-000000000002 <nil> 1
}
