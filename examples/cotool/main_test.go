package main

import (
	"os"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

func Example() {
	server := agentcopytest.NewCotool()
	defer server.Close()
	managed := server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing", TriggerSummary: []cotool.TriggerSummary{{Name: "mail"}}})
	server.AddAgent(cotool.Agent{Name: "Made by hand", Origin: cotool.OriginUser})
	os.Setenv("COTOOL_API_KEY", "any key")
	os.Setenv("COTOOL_BASE_URL", server.URL())

	os.Args = []string{"cotool"}
	main()
	os.Args = []string{"cotool", managed.ID}
	main()
	// Output:
	// managed: 00000000-0000-4000-8000-000000000001 Phishing triage
	// parked: 00000000-0000-4000-8000-000000000001
	// copied: 00000000-0000-4000-8000-000000000003 Phishing triage [mail]
}
