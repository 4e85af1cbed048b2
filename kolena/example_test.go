package kolena_test

import (
	"context"
	"fmt"
	"log"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// leaseReader returns a fake of Kolena with an agent, and a client that sends its
// requests there instead of to Kolena.
func leaseReader() (server *agentcopytest.Kolena, client *kolena.Client, agentID int64) {
	server = agentcopytest.NewKolena()
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
}

// Kolena chooses the workspace and the folder unless you set them.
func ExampleClient_CopyAgent() {
	_, client, agentID := leaseReader()
	agent, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{
		Name:              "Lease reader, Hamburg",
		TargetWorkspaceID: 7,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID, agent.Name, agent.WorkspaceID)
	// Output: 2 Lease reader, Hamburg 7
}

// The list fetches a page when the loop reaches it: here, one of three.
func ExampleClient_ListAgents() {
	server, client, _ := leaseReader()
	for i := range 450 {
		server.AddAgent(kolena.Agent{Name: fmt.Sprintf("Site %d", i+1)})
	}
	for agent, err := range client.ListAgents(context.Background(), kolena.ListAgentsRequest{}) {
		if err != nil {
			log.Fatal(err)
		}
		if agent.Name == "Site 3" {
			fmt.Println("found:", agent.ID)
			break
		}
	}
	fmt.Println("requests sent:", len(server.Requests()))
	// Output:
	// found: 4
	// requests sent: 1
}

// The same key with other settings: here, for calls that may wait.
func ExampleClient_With() {
	_, client, agentID := leaseReader()
	patient, err := client.With(agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 10, MaxWait: time.Hour}))
	if err != nil {
		log.Fatal(err)
	}
	agent, err := patient.GetAgent(context.Background(), agentID)
	fmt.Println(agent.Name, err)
	// Output: Lease reader <nil>
}

// Every copy of this Copier goes where the template says.
func ExampleClient_Copier() {
	_, client, agentID := leaseReader()
	copier := client.Copier(kolena.CopyAgentRequest{TargetFolderID: 7})
	made, err := copier.Copy(context.Background(), agentcopy.CopyRequest{SourceID: strconv.FormatInt(agentID, 10), Name: "Lease reader, Hamburg"})
	fmt.Println(made.ID, made.Name, err)
	// Output: 2 Lease reader, Hamburg <nil>
}
