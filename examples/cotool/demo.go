package main

import (
	"context"
	"fmt"
	"io"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

// demo is the program on a fake of Cotool: with -list, with -move, and with
// -list again.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "On a fake of Cotool within this program; nothing leaves the machine. To move for real:\n"+
		"COTOOL_API_KEY=... go run ./examples/cotool -move")
	server := agentcopytest.NewCotool()
	defer server.Close()
	server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing-triage",
		TriggerSummary: []cotool.TriggerSummary{{Name: "abuse mailbox", Enabled: true}}})
	server.AddAgent(cotool.Agent{Name: "Alert summary", SyncKey: "alert-summary"})
	server.AddAgent(cotool.Agent{Name: "Made by hand", Origin: cotool.OriginUser})
	client, err := cotool.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		move  bool
	}{
		{"-list: of three agents, two are managed", false},
		{"-move: each gets a manual copy, which takes over its triggers", true},
		{"-list: none is left", false},
	} {
		fmt.Fprintf(out, "\n%s\n\n", step.title)
		if err := convert(ctx, client, step.move, out); err != nil {
			return err
		}
	}
	return nil
}
