// Copyone is the program of the README: it copies one agent on Kolena.
package main

import (
	"context"
	"errors"
	"fmt"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func main() {
	client, err := kolena.NewFromEnv() // KOLENA_API_KEY
	if err != nil {
		fmt.Println(err)
		return
	}
	request := kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"}
	agent, err := client.CopyAgent(context.Background(), 1, request)
	switch {
	case err == nil:
		fmt.Println("copied:", agent.ID, agent.Name)
	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
		fmt.Println("look for the copy before you send again:", err)
	default:
		fmt.Println("no copy was made:", err)
	}
}
