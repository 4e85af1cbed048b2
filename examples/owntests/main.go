// Owntests is a program and its tests. The tests run it on agentcopytest's fake of
// Kolena: they lose an answer, and change what Kolena's pages leave open.
//
//	go test -v ./examples/owntests
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

func main() {
	client, err := kolena.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	for _, tenant := range os.Args[1:] {
		answer, err := welcome(context.Background(), runner, client, tenant)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer)
	}
}

// welcome gives a tenant its agent, and returns what to tell it.
func welcome(ctx context.Context, runner *once.Runner, client *kolena.Client, tenant string) (string, error) {
	agent, err := runner.Copy(ctx, "tenants/"+tenant, client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: "1", Name: "Lease reader, " + tenant})
	if errors.Is(err, once.ErrAmbiguous) {
		return "We will be with you shortly.", nil // somebody looks at the candidates
	}
	if err != nil {
		return "", err
	}
	return "Your agent is " + agent.ID, nil
}
