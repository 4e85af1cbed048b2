package cotool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/once"
)

// fake is a Cotool in the memory of the example, with one managed agent, and a
// client for it. With a client for Cotool itself, all is the same.
func fake() (server *agentcopytest.Cotool, client *cotool.Client, agentID string) {
	server = agentcopytest.NewCotool()
	source := server.AddAgent(cotool.Agent{
		Name:           "Phishing triage",
		SyncKey:        "phishing-triage",
		TriggerSummary: []cotool.TriggerSummary{{Name: "abuse mailbox", Enabled: true}},
	})
	client, err := cotool.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		panic(err)
	}
	return server, client, source.ID
}

func ExampleNew() {
	client, err := cotool.New("not-a-real-key", agentcopy.WithAttemptTimeout(30*time.Second))
	fmt.Println(client != nil, err)

	_, err = cotool.New("")
	fmt.Println(err)
	// Output:
	// true <nil>
	// cotool: New: apiKey: is empty: invalid request
}

// COTOOL_BASE_URL may be set as well.
func ExampleNewFromEnv() {
	os.Unsetenv("COTOOL_API_KEY")
	_, err := cotool.NewFromEnv()
	fmt.Println(err)

	os.Setenv("COTOOL_API_KEY", "not-a-real-key")
	defer os.Unsetenv("COTOOL_API_KEY")
	client, err := cotool.NewFromEnv()
	fmt.Println(client != nil, err)
	// Output:
	// cotool: NewFromEnv: COTOOL_API_KEY: the environment variable is not set: invalid request
	// true <nil>
}

// The copy takes over the triggers, and the original is parked.
func ExampleClient_CopyAgent() {
	server, client, agentID := fake()
	defer server.Close()

	moved, err := client.CopyAgent(context.Background(), agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("new:", moved.Agent.ID)
	fmt.Println("parked:", moved.ParkedAgentID)
	fmt.Println("triggers:", moved.TransferredTriggerNames)
	// Output:
	// new: 00000000-0000-4000-8000-000000000002
	// parked: 00000000-0000-4000-8000-000000000001
	// triggers: [abuse mailbox]
}

// Of an error, the outcome says whether the request may be sent again.
func ExampleClient_CopyAgent_error() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost

	_, err := client.CopyAgent(context.Background(), agentID)
	if errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		source, err := client.GetAgent(context.Background(), agentID)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("the source is parked:", !source.DeletedAt.IsZero())
	}
	// Output: the source is parked: true
}

func ExampleClient_GetAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.GetAgent(context.Background(), agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, "managed:", agent.SyncKey != "")

	_, err = client.GetAgent(context.Background(), "phishing")
	fmt.Println(err)
	// Output:
	// Phishing triage managed: true
	// cotool: GetAgent: agentID: is "phishing", not a UUID as this vendor's agent IDs are: invalid request (nothing sent)
}

// Managed agents, which can be copied, and manual ones, which cannot.
func ExampleClient_ListAgents() {
	server, client, _ := fake()
	defer server.Close()
	server.AddAgent(cotool.Agent{Name: "By hand", Origin: cotool.OriginUser})

	for agent, err := range client.ListAgents(context.Background(), cotool.ListAgentsRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if agent.SyncKey != "" && agent.DeletedAt.IsZero() {
			fmt.Println("the first that can be copied:", agent.Name)
			break
		}
	}
	// Output: the first that can be copied: Phishing triage
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
	// Output: Phishing triage
}

// With Once, a lost answer is no error: the source is parked, so there is a copy.
func ExampleClient_Copier() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	made, err := runner.Copy(context.Background(), "agents/phishing", client.Copier(), agentcopy.CopyRequest{SourceID: agentID})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(made.ID, len(server.Copies()))
	// Output: 00000000-0000-4000-8000-000000000002 1
}

// What Once does when an answer is lost can be done by hand.
func ExampleClient_Copier_findCopies() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	copier := client.Copier()
	request := agentcopy.CopyRequest{SourceID: agentID}

	since := time.Now()
	if _, err := copier.Copy(context.Background(), request); errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		found, err := copier.FindCopies(context.Background(), request, since)
		if err != nil && !errors.Is(err, agentcopy.ErrAlreadyDone) { // the source is parked
			fmt.Println(err)
			return
		}
		for _, c := range found {
			fmt.Println(c.Match, c.Copy.ID, c.Copy.Name)
		}
	}
	// Output: certain 00000000-0000-4000-8000-000000000002 Phishing triage
}
