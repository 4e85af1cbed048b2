package boltledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/boltledger"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// scratch is a directory for the file of an example.
func scratch() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "boltledger")
	if err != nil {
		panic(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// A program that is run twice makes one copy: the second run finds the key in
// the file.
func Example() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := strconv.FormatInt(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID, 10)
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, remove := scratch()
	defer remove()
	path := filepath.Join(dir, "copies.ledger")

	program := func() {
		ledger, err := boltledger.Open(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer ledger.Close()
		runner := &once.Runner{Ledger: ledger}
		made, err := runner.Copy(context.Background(), "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
			agentcopy.CopyRequest{SourceID: source, Name: "Lease reader, Hamburg"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("agent %s; copies on the server: %d\n", made.ID, len(server.Copies()))
	}
	program()
	program()
	// Output:
	// agent 2; copies on the server: 1
	// agent 2; copies on the server: 1
}

// A ledger is open in one process at a time.
func ExampleOpen() {
	dir, remove := scratch()
	defer remove()
	path := filepath.Join(dir, "copies.ledger")

	ledger, err := boltledger.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = boltledger.Open(path, boltledger.WithLockTimeout(0))
	fmt.Println("open elsewhere:", errors.Is(err, boltledger.ErrLocked))
	if err := ledger.Close(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("closed:", errors.Is(ledger.Remove(context.Background(), "tenants/hamburg"), boltledger.ErrClosed))
	// Output:
	// open elsewhere: true
	// closed: true
}

// By default Open waits a second for another process to close the ledger. A job
// that starts while the last one still runs may want to wait for longer.
func ExampleWithLockTimeout() {
	dir, remove := scratch()
	defer remove()

	ledger, err := boltledger.Open(filepath.Join(dir, "copies.ledger"), boltledger.WithLockTimeout(30*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ledger.Close()
	fmt.Println("open")
	// Output: open
}

// An operator looks at what the ledger holds, and takes out a key whose copy is
// to be made once more.
func ExampleLedger_List() {
	dir, remove := scratch()
	defer remove()
	ledger, err := boltledger.Open(filepath.Join(dir, "copies.ledger"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ledger.Close()
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := strconv.FormatInt(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID, 10)
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	runner := &once.Runner{Ledger: ledger}
	for _, tenant := range []string{"Hamburg", "Bremen"} {
		request := agentcopy.CopyRequest{SourceID: source, Name: "Lease reader, " + tenant}
		if _, err := runner.Copy(ctx, "tenants/"+tenant, client.Copier(kolena.CopyAgentRequest{}), request); err != nil {
			fmt.Println(err)
			return
		}
	}

	list := func() {
		for record, err := range ledger.List(ctx) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(record.Key, "->", record.Copy.ID)
		}
	}
	list()
	if err := ledger.Remove(ctx, "tenants/Bremen"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("and then")
	list()
	// Output:
	// tenants/Bremen -> 3
	// tenants/Hamburg -> 2
	// and then
	// tenants/Hamburg -> 2
}
