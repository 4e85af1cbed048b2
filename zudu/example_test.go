package zudu_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// fake is a Zudu in the memory of the example, with one agent, and a client for
// it. With a client for Zudu itself, all is the same.
func fake() (server *agentcopytest.Zudu, client *zudu.Client, agentID string) {
	server = agentcopytest.NewZudu()
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		panic(err)
	}
	return server, client, source.AgentID
}

func ExampleNew() {
	client, err := zudu.New("sk_example", "s3cr3t_example", agentcopy.WithAttemptTimeout(30*time.Second))
	fmt.Println(client != nil, err)

	_, err = zudu.New("sk_example", "")
	fmt.Println(err)
	// Output:
	// true <nil>
	// zudu: New: apiSecret: is empty: invalid request
}

// Both variables are needed. ZUDU_BASE_URL may be set as well.
func ExampleNewFromEnv() {
	os.Setenv("ZUDU_API_KEY", "sk_example")
	defer os.Unsetenv("ZUDU_API_KEY")
	os.Unsetenv("ZUDU_API_SECRET")
	_, err := zudu.NewFromEnv()
	fmt.Println(err)

	os.Setenv("ZUDU_API_SECRET", "s3cr3t_example")
	defer os.Unsetenv("ZUDU_API_SECRET")
	client, err := zudu.NewFromEnv()
	fmt.Println(client != nil, err)
	// Output:
	// zudu: NewFromEnv: ZUDU_API_SECRET: the environment variable is not set: invalid request
	// true <nil>
}

func ExampleClient_DuplicateAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.DuplicateAgent(context.Background(), agentID, zudu.DuplicateAgentRequest{AgentName: "  Support, Berlin "})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.AgentID)
	fmt.Printf("%q\n", agent.AgentName)
	// Output:
	// agent_00000000-0000-4000-8000-000000000002
	// "Support, Berlin"
}

// Of an error, the outcome says whether the request may be sent again.
func ExampleClient_DuplicateAgent_error() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost

	_, err := client.DuplicateAgent(context.Background(), agentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	if errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		fmt.Println("the copy may have been made; by its name it is found:")
		for agent, err := range client.ListAgents(context.Background(), zudu.ListAgentsRequest{Name: "Support, Berlin"}) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(agent.AgentID)
		}
	}
	// Output:
	// the copy may have been made; by its name it is found:
	// agent_00000000-0000-4000-8000-000000000002
}

func ExampleClient_GetAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.GetAgent(context.Background(), agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.AgentName)
	_, err = client.GetAgent(context.Background(), "agent_17")
	fmt.Println("not found:", errors.Is(err, agentcopy.ErrNotFound))
	// Output:
	// Support
	// not found: true
}

// A page is fetched when the loop comes to it: here, one of three.
func ExampleClient_ListAgents() {
	server, client, _ := fake()
	defer server.Close()
	for i := range 250 {
		server.AddAgent(zudu.Agent{AgentName: fmt.Sprintf("Support, office %d", i+1)})
	}

	for agent, err := range client.ListAgents(context.Background(), zudu.ListAgentsRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("the newest is", agent.AgentName)
		break
	}
	fmt.Println("requests sent:", len(server.Requests()))
	// Output:
	// the newest is Support, office 250
	// requests sent: 1
}

// The same credentials with other settings: here, for calls that may wait.
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
	fmt.Println(agent.AgentName)
	// Output: Support
}

// With Once, a lost answer is no error: the copy is found by its name.
func ExampleClient_Copier() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	made, err := runner.Copy(context.Background(), "offices/berlin", client.Copier(),
		agentcopy.CopyRequest{SourceID: agentID, Name: "Support, Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(made.ID, len(server.Copies()))
	// Output: agent_00000000-0000-4000-8000-000000000002 1
}

// What Once does when an answer is lost can be done by hand.
func ExampleClient_Copier_findCopies() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	copier := client.Copier()
	request := agentcopy.CopyRequest{SourceID: agentID, Name: "Support, Berlin"}

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
	// Output: certain agent_00000000-0000-4000-8000-000000000002 Support, Berlin
}
