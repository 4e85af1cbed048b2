// Quickstart copies an agent on each of the four vendors, then loses an answer. It
// needs no keys and no network: the vendors are fakes within the program.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func main() {
	ctx := context.Background()
	if err := errors.Join(oneOnEach(ctx), lostAnswer(ctx)); err != nil {
		log.Fatal(err)
	}
}

// oneOnEach makes the copy call of each vendor.
func oneOnEach(ctx context.Context) error {
	onZudu, onCotool, onLangSmith, onKolena := agentcopytest.NewZudu(), agentcopytest.NewCotool(), agentcopytest.NewLangSmith(), agentcopytest.NewKolena()
	zuduClient, err1 := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(onZudu.Client()))
	cotoolClient, err2 := cotool.New("any key", agentcopy.WithHTTPClient(onCotool.Client()))
	langsmithClient, err3 := langsmith.New("any key", agentcopy.WithHTTPClient(onLangSmith.Client()))
	kolenaClient, err4 := kolena.New("any key", agentcopy.WithHTTPClient(onKolena.Client()))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}

	support := onZudu.AddAgent(zudu.Agent{AgentName: "Support"})
	triage := onCotool.AddAgent(cotool.Agent{Name: "Phishing triage"})
	researcher := onLangSmith.AddAgent(langsmith.Agent{Name: "Researcher"})
	leases := onKolena.AddAgent(kolena.Agent{Name: "Lease reader"})

	duplicate, err1 := zuduClient.DuplicateAgent(ctx, support.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	moved, err2 := cotoolClient.CopyAgent(ctx, triage.ID)
	clone, err3 := langsmithClient.CloneAgent(ctx, researcher.ID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	copied, err4 := kolenaClient.CopyAgent(ctx, leases.ID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	fmt.Println("One call copies an agent:")
	fmt.Printf("  Zudu       %-42s %s\n", duplicate.AgentID, duplicate.AgentName)
	fmt.Printf("  Cotool     %-42s %s\n", moved.Agent.ID, moved.Agent.Name)
	fmt.Printf("  LangSmith  %-42s %s\n", clone.ID, clone.Name)
	fmt.Printf("  Kolena     %-42d %s\n", copied.ID, copied.Name)
	return nil
}

// lostAnswer has Kolena make the copy and drop the connection before it answers.
func lostAnswer(ctx context.Context) error {
	fmt.Println("\nKolena makes the copy, and its answer is lost:")
	for _, client := range []string{"retries every error", "this SDK", "this SDK with once"} {
		server := agentcopytest.NewKolena()
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
		c, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
		if err != nil {
			return err
		}
		request := kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"}
		switch client {
		case "retries every error": // RetryAlways does what most HTTP clients do
			if c, err = c.With(agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryAlways})); err != nil {
				return err
			}
			_, err = c.CopyAgent(ctx, source.ID, request)
		case "this SDK":
			_, err = c.CopyAgent(ctx, source.ID, request)
		default: // once looks for the copy in Kolena's list
			runner := &once.Runner{Ledger: once.NewMemoryLedger()}
			_, err = runner.Copy(ctx, "tenants/hamburg", c.Copier(kolena.CopyAgentRequest{}),
				agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: request.Name})
		}
		result := "success"
		if err != nil {
			outcome, _ := agentcopy.OutcomeOf(err)
			result = "error, outcome " + outcome.String()
		}
		fmt.Printf("  %-20s %-24s copies made: %d\n", client, result, len(server.Copies()))
	}
	return nil
}
