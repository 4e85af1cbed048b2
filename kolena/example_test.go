package kolena_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// fake is a Kolena in the memory of the example, with one agent, and a client
// for it. With a client for Kolena itself, all is the same.
func fake() (server *agentcopytest.Kolena, client *kolena.Client, agentID int64) {
	server = agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		panic(err)
	}
	return server, client, source.ID
}

func ExampleNew() {
	client, err := kolena.New("not-a-real-key", agentcopy.WithAttemptTimeout(30*time.Second))
	fmt.Println(client != nil, err)

	_, err = kolena.New("")
	fmt.Println(err)
	// Output:
	// true <nil>
	// kolena: New: apiKey: is empty: invalid request
}

// KOLENA_API_URL may be set as well.
func ExampleNewFromEnv() {
	os.Unsetenv("KOLENA_API_KEY")
	_, err := kolena.NewFromEnv()
	fmt.Println(err)

	os.Setenv("KOLENA_API_KEY", "not-a-real-key")
	defer os.Unsetenv("KOLENA_API_KEY")
	client, err := kolena.NewFromEnv()
	fmt.Println(client != nil, err)
	// Output:
	// kolena: NewFromEnv: KOLENA_API_KEY: the environment variable is not set: invalid request
	// true <nil>
}

// The workspace and the folder are Kolena's choice unless they are set.
func ExampleClient_CopyAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{
		Name:              "Lease reader, Hamburg",
		TargetWorkspaceID: 7,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.ID, agent.Name, agent.WorkspaceID)
	// Output: 2 Lease reader, Hamburg 7
}

// Of an error, the outcome says whether the request may be sent again.
func ExampleClient_CopyAgent_error() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost

	_, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	fmt.Println("look before sending it again:", errors.Is(err, agentcopy.ErrOutcomeUnknown))

	_, err = client.CopyAgent(context.Background(), 17, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	fmt.Println(err)
	// Output:
	// look before sending it again: true
	// kolena: CopyAgent: 404 Not Found: Agent not found (not copied, 1 attempt)
}

func ExampleClient_GetAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.GetAgent(context.Background(), agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	_, err = client.GetAgent(context.Background(), 17)
	fmt.Println("not found:", errors.Is(err, agentcopy.ErrNotFound))
	// Output:
	// Lease reader
	// not found: true
}

// A page is fetched when the loop comes to it: here, one of three.
func ExampleClient_ListAgents() {
	server, client, _ := fake()
	defer server.Close()
	for i := range 450 {
		server.AddAgent(kolena.Agent{Name: fmt.Sprintf("Site %d", i+1)})
	}

	for agent, err := range client.ListAgents(context.Background(), kolena.ListAgentsRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
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
	server, client, agentID := fake()
	defer server.Close()

	patient, err := client.With(agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 10, MaxWait: time.Hour}))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := patient.GetAgent(context.Background(), agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	// Output: Lease reader
}

// With Once, a lost answer is no error: the copy is found by its name. Every
// copy of this Copier goes where the template says.
func ExampleClient_Copier() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	copier := client.Copier(kolena.CopyAgentRequest{TargetFolderID: 7})
	made, err := runner.Copy(context.Background(), "tenants/hamburg", copier,
		agentcopy.CopyRequest{SourceID: strconv.FormatInt(agentID, 10), Name: "Lease reader, Hamburg"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(made.ID, len(server.Copies()))
	// Output: 2 1
}

// What Once does when an answer is lost can be done by hand.
func ExampleClient_Copier_findCopies() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	copier := client.Copier(kolena.CopyAgentRequest{})
	request := agentcopy.CopyRequest{SourceID: strconv.FormatInt(agentID, 10), Name: "Lease reader, Hamburg"}

	since := time.Now()
	if _, err := copier.Copy(context.Background(), request); errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		found, err := copier.FindCopies(context.Background(), request, since)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, c := range found {
			fmt.Println(c.Match, c.Copy.ID, c.Copy.Name)
		}
	}
	// Output: certain 2 Lease reader, Hamburg
}
