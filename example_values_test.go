package agentcopy_test

import (
	"encoding/json"
	"fmt"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// The zero value claims nothing.
func ExampleOutcome() {
	var outcome agentcopy.Outcome
	fmt.Println(outcome, outcome == agentcopy.OutcomeUnknown)
	fmt.Println(agentcopy.OutcomeNotCopied)
	fmt.Println(agentcopy.OutcomeCopied)
	// Output:
	// unknown true
	// not copied
	// copied
}

// The forms in which the vendors send a time. One that cannot be read is the
// zero Time, and never an error.
func ExampleTime() {
	for _, stamp := range []string{
		`"2025-10-08T20:14:29.472247+00:00"`,
		`"2024-01-15T10:30:00Z"`,
		`"2025-01-15T12:45:00"`, // without a zone: taken as UTC
		`"yesterday"`,
		`null`,
	} {
		var t agentcopy.Time
		if err := json.Unmarshal([]byte(stamp), &t); err != nil {
			fmt.Println(err)
			return
		}
		document, err := json.Marshal(t)
		fmt.Println(t.UTC().Format(time.DateTime), t.HasZone(), string(document), err)
	}
	// Output:
	// 2025-10-08 20:14:29 true "2025-10-08T20:14:29.472247+00:00" <nil>
	// 2024-01-15 10:30:00 true "2024-01-15T10:30:00Z" <nil>
	// 2025-01-15 12:45:00 false "2025-01-15T12:45:00" <nil>
	// 0001-01-01 00:00:00 false "yesterday" <nil>
	// 0001-01-01 00:00:00 false null <nil>
}

// How a call went: how often it was sent, and the vendor's document as received,
// with fields that this SDK does not know yet.
func ExampleResponse() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Body: `{"id": 7, "name": "Hamburg", "n_runs": "none", "color": "green"}`})
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	if err != nil {
		fmt.Println(err)
		return
	}

	var newer struct{ Color string }
	if err := json.Unmarshal(agent.Response.Body, &newer); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.ID, newer.Color, agent.Response.StatusCode, len(agent.Response.Attempts))
	fmt.Println("warning:", agent.Response.Warning) // n_runs was to be a number
	// Output:
	// 7 green 200 1
	// warning: field "n_runs" is a string where int is documented; it was left out
}
