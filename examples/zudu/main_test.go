package main

import (
	"os"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func Example() {
	server := agentcopytest.NewZudu()
	defer server.Close()
	server.AddAgent(zudu.Agent{AgentID: "agent_123", AgentName: "Support"})
	server.Inject(agentcopytest.Fault{}, agentcopytest.Fault{Status: 502, AfterCopy: true})
	os.Setenv("ZUDU_API_KEY", "any key")
	os.Setenv("ZUDU_API_SECRET", "any secret")
	os.Setenv("ZUDU_BASE_URL", server.URL())

	os.Args = []string{"zudu", "agent_123", "Berlin", "Vienna", "Berlin"}
	main()
	// Output:
	// copied: agent_00000000-0000-4000-8000-000000000001 Berlin
	// look before you send again: zudu: DuplicateAgent: 502 Bad Gateway (outcome unknown, 1 attempt)
	//   found: agent_00000000-0000-4000-8000-000000000002 Vienna
	// no copy was made: zudu: DuplicateAgent: 400 Bad Request: Validation error: Agent name 'Berlin' already exists in organization 'org_0000000001' (not copied, 1 attempt)
}
