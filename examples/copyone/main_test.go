package main

import (
	"os"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func Example() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.AddAgent(kolena.Agent{Name: "Lease reader"})
	os.Setenv("KOLENA_API_KEY", "any key")
	os.Setenv("KOLENA_API_URL", server.URL())
	defer os.Unsetenv("KOLENA_API_KEY")
	defer os.Unsetenv("KOLENA_API_URL")

	main()
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
	main()
	server.Inject(agentcopytest.Fault{Status: 403, Body: "{}"})
	main()
	// Output:
	// copied: 2 Lease reader, Hamburg
	// look for the copy before you send again: kolena: CopyAgent: 502 Bad Gateway (outcome unknown, 1 attempt)
	// no copy was made: kolena: CopyAgent: 403 Forbidden (not copied, 1 attempt)
}
