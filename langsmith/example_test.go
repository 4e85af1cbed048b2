package langsmith_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
)

// fake is a LangSmith in the memory of the example, with one agent, and a client
// for it. With a client for LangSmith itself, all is the same.
func fake() (server *agentcopytest.LangSmith, client *langsmith.Client, agentID string) {
	server = agentcopytest.NewLangSmith()
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	client, err := langsmith.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		panic(err)
	}
	return server, client, source.ID
}

func ExampleNew() {
	client, err := langsmith.New("lsv2_sk_example", agentcopy.WithAttemptTimeout(30*time.Second))
	fmt.Println(client != nil, err)

	_, err = langsmith.New("")
	fmt.Println(err)
	// Output:
	// true <nil>
	// langsmith: New: apiKey: is empty: invalid request
}

// LANGSMITH_ENDPOINT and LANGSMITH_WORKSPACE_ID may be set as well.
func ExampleNewFromEnv() {
	os.Unsetenv("LANGSMITH_API_KEY")
	_, err := langsmith.NewFromEnv()
	fmt.Println(err)

	os.Setenv("LANGSMITH_API_KEY", "lsv2_sk_example")
	defer os.Unsetenv("LANGSMITH_API_KEY")
	client, err := langsmith.NewFromEnv()
	fmt.Println(client != nil, err)
	// Output:
	// langsmith: NewFromEnv: LANGSMITH_API_KEY: the environment variable is not set: invalid request
	// true <nil>
}

// An organization's key needs it. It is the header X-Tenant-Id.
func ExampleWithWorkspace() {
	server, client, agentID := fake()
	defer server.Close()

	client, err := client.With(langsmith.WithWorkspace("5a1c0f6e-0000-4000-8000-000000000000"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.GetAgent(context.Background(), agentID, langsmith.GetAgentRequest{}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Requests()[0].Header.Get("X-Tenant-Id"))
	// Output: 5a1c0f6e-0000-4000-8000-000000000000
}

func ExampleClient_CloneAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.CloneAgent(context.Background(), agentID, langsmith.CloneAgentRequest{
		Name:         "Researcher, EU law",
		Permissions:  &langsmith.Permissions{Visibility: langsmith.VisibilityUser},
		UserTimezone: "Europe/Berlin",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.ID, agent.Name, agent.Permissions.Visibility)
	// Output: 00000000-0000-4000-8000-000000000002 Researcher, EU law user
}

// Of an error, the outcome says whether the request may be sent again.
func ExampleClient_CloneAgent_error() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost

	_, err := client.CloneAgent(context.Background(), agentID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	if errors.Is(err, agentcopy.ErrOutcomeUnknown) {
		fmt.Println("the clone may have been made; by its name it is found:")
		for agent, err := range client.ListAgents(context.Background(), langsmith.ListAgentsRequest{Name: "Researcher, EU law"}) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(agent.ID)
		}
	}
	// Output:
	// the clone may have been made; by its name it is found:
	// 00000000-0000-4000-8000-000000000002
}

func ExampleClient_GetAgent() {
	server, client, agentID := fake()
	defer server.Close()

	agent, err := client.GetAgent(context.Background(), agentID, langsmith.GetAgentRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	_, err = client.GetAgent(context.Background(), "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.GetAgentRequest{})
	fmt.Println("not found:", errors.Is(err, agentcopy.ErrNotFound))
	// Output:
	// Researcher
	// not found: true
}

// A page is fetched when the loop comes to it: here, one of three.
func ExampleClient_ListAgents() {
	server, client, _ := fake()
	defer server.Close()
	for i := range 250 {
		created := agentcopy.Time{Time: time.Now().Add(time.Duration(i) * time.Second)}
		server.AddAgent(langsmith.Agent{Name: fmt.Sprintf("Desk %d", i+1), CreatedAt: created})
	}

	for agent, err := range client.ListAgents(context.Background(), langsmith.ListAgentsRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("the newest is", agent.Name)
		break
	}
	fmt.Println("requests sent:", len(server.Requests()))
	// Output:
	// the newest is Desk 250
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
	agent, err := patient.GetAgent(context.Background(), agentID, langsmith.GetAgentRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	// Output: Researcher
}

// With Once, a lost answer is no error: the clone is found by its name. Every
// clone of this Copier is made with the template.
func ExampleClient_Copier() {
	server, client, agentID := fake()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	copier := client.Copier(langsmith.CloneAgentRequest{Permissions: &langsmith.Permissions{Visibility: langsmith.VisibilityUser}})
	made, err := runner.Copy(context.Background(), "desks/eu-law", copier,
		agentcopy.CopyRequest{SourceID: agentID, Name: "Researcher, EU law"})
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
	copier := client.Copier(langsmith.CloneAgentRequest{})
	request := agentcopy.CopyRequest{SourceID: agentID, Name: "Researcher, EU law"}

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
	// Output: certain 00000000-0000-4000-8000-000000000002 Researcher, EU law
}
