package main

import (
	"context"
	"fmt"
	"io"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// demo is the program on a fake of Zudu.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "On a fake of Zudu within this program; nothing leaves the machine. To copy for real:\n"+
		"ZUDU_API_KEY=... ZUDU_API_SECRET=... go run ./examples/zudu AGENT_ID NAME...")
	server := agentcopytest.NewZudu()
	defer server.Close()
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	client, err := zudu.New("not-a-real-key", "not-a-real-secret", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "\nThree copies of %s. The connection breaks before the answer to the first one comes,\nand the third one has the name of the second:\n\n", source.AgentID)
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	err = duplicate(ctx, client, source.AgentID, []string{"Support, Wien", "Support, Berlin", "Support, Berlin"}, out)
	fmt.Fprintf(out, "\nThe errors of the first and the third:\n%v\n", err)
	fmt.Fprintf(out, "\nCopies on the server: %d\n", len(server.Copies()))
	return nil
}
