// Customcopier copies an agent exactly once on a vendor that this SDK does not know:
// copier.go implements agentcopy.Copier, and oncetest.TestCopier tests it.
//
//	export ACME_URL=... ACME_KEY=...
//	go run ./examples/customcopier AGENT_ID NAME
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || os.Getenv("ACME_URL") == "" {
		log.Fatal("usage: ACME_URL=... ACME_KEY=... customcopier AGENT_ID NAME")
	}
	copier := newAcme(os.Getenv("ACME_URL"), os.Getenv("ACME_KEY"), http.DefaultClient)
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	made, err := runner.Copy(context.Background(), "tenants/hamburg", copier,
		agentcopy.CopyRequest{SourceID: os.Args[1], Name: os.Args[2]})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("copied:", made.ID, made.Name)
}
