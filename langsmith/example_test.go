package langsmith_test

import (
	"context"
	"fmt"
	"log"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

// researcher returns a fake of LangSmith with an agent, and a client that sends its
// requests there instead of to LangSmith.
func researcher(opts ...agentcopy.Option) (server *agentcopytest.LangSmith, client *langsmith.Client, agentID string) {
	server = agentcopytest.NewLangSmith()
	client, err := langsmith.New("any key", append(opts, agentcopy.WithHTTPClient(server.Client()))...)
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(langsmith.Agent{Name: "Researcher"}).ID
}

func ExampleClient_CloneAgent() {
	_, client, agentID := researcher()
	agent, err := client.CloneAgent(context.Background(), agentID, langsmith.CloneAgentRequest{
		Name:         "Researcher, EU law",
		Permissions:  &langsmith.Permissions{Visibility: langsmith.VisibilityUser},
		UserTimezone: "Europe/Berlin",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID, agent.Name, agent.Permissions.Visibility)
	// Output: 00000000-0000-4000-8000-000000000002 Researcher, EU law user
}

// An organization's key needs a workspace. It is sent as X-Tenant-Id.
func ExampleWithWorkspace() {
	server, client, agentID := researcher(langsmith.WithWorkspace("5a1c0f6e-0000-4000-8000-000000000000"))
	_, err := client.GetAgent(context.Background(), agentID, langsmith.GetAgentRequest{})
	fmt.Println(server.Requests()[0].Header.Get("X-Tenant-Id"), err)
	// Output: 5a1c0f6e-0000-4000-8000-000000000000 <nil>
}

// Every clone of this Copier is made with the template.
func ExampleClient_Copier() {
	_, client, agentID := researcher()
	copier := client.Copier(langsmith.CloneAgentRequest{Permissions: &langsmith.Permissions{Visibility: langsmith.VisibilityUser}})
	made, err := copier.Copy(context.Background(), agentcopy.CopyRequest{SourceID: agentID, Name: "Researcher, EU law"})
	fmt.Println(made.ID, made.Name, err)
	// Output: 00000000-0000-4000-8000-000000000002 Researcher, EU law <nil>
}
