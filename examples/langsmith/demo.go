package main

import (
	"context"
	"fmt"
	"io"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

// demo is the program on a fake of LangSmith.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "On a fake of LangSmith within this program; nothing leaves the machine. To clone for real:\n"+
		"LANGSMITH_API_KEY=... go run ./examples/langsmith -source ID -name NAME -for USER_ID -timezone Europe/Berlin")
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	client, err := langsmith.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nA clone of %s for one colleague:\n\n", source.ID)
	err = cloneFor(ctx, client, order{
		source:    source.ID,
		name:      "Researcher, EU law",
		colleague: "7d9f4b1e-0000-4000-8000-000000000000",
		timezone:  "Europe/Berlin",
	}, out)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nWhat was sent: %s, and the time zone %s\n", server.Requests()[0].Body, server.Requests()[0].Header.Get("X-User-Timezone"))
	return nil
}
