package main

import (
	"os"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func Example() {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	os.Setenv("LANGSMITH_API_KEY", "any key")
	os.Setenv("LANGSMITH_ENDPOINT", server.URL())

	os.Args = []string{"langsmith", source.ID, "Researcher for Ada", "ada"}
	main()
	// Output:
	// cloned: 00000000-0000-4000-8000-000000000002 Researcher for Ada
	// may be changed by: [ada]
}
