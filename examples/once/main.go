// Once copies agents on all four vendors by one interface, and shows what that
// does about a lost answer and about a program that is stopped half-way.
//
//	go run ./examples/once
//
// It needs no keys: it runs against fakes of the vendors within the program, and
// nothing leaves the machine. For real copies, make the clients in place of
// newWorld's, by NewFromEnv, and the ledger by sqlite.Open, so that it
// outlives the process.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/agentcopy/agentcopy-go/once"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "On fakes of the four vendors within this program; no keys, and nothing leaves the machine.")
	vendors, err := newWorld()
	if err != nil {
		return err
	}
	defer vendors.close()
	ledger := once.NewMemoryLedger() // it stands for one in a file: the first run ends, and the ledger stays

	fmt.Fprintf(out, "\nFirst run: %d jobs, stopped after 3 results; copies under way are finished.\nKolena loses the answer to its first copy.\n\n", len(vendors.jobs))
	if err := copyAll(ctx, ledger, vendors.jobs, 3, "found by looking: its answer was lost", out); err != nil {
		return err
	}
	fmt.Fprint(out, "\nSecond run: the same jobs, the same ledger\n\n")
	if err := copyAll(ctx, ledger, vendors.jobs, len(vendors.jobs), "made by the first run, nothing sent", out); err != nil {
		return err
	}
	summarize(out, vendors)
	return nil
}

// copyAll makes the copies that jobs ask for, unless the ledger knows that they
// are made, and stops after so many results. existing is what to say of a copy
// that the job itself has not made, as far as it knows. An error of one job does
// not stop the others: the first one is returned when all is done.
func copyAll(ctx context.Context, ledger once.Ledger, jobs []once.Job, most int, existing string, out io.Writer) error {
	runner := &once.Runner{Ledger: ledger, Concurrency: 2}
	results := 0
	var failure error
	for result := range runner.All(ctx, slices.Values(jobs)) {
		switch {
		case result.Err != nil:
			fmt.Fprintf(out, "%-16s  %v\n", result.Job.Key, result.Err)
			if failure == nil {
				failure = result.Err
			}
		case result.Existing:
			fmt.Fprintf(out, "%-16s  %-42s  %q %s\n", result.Job.Key, result.Copy.ID, result.Copy.Name, existing)
		default:
			fmt.Fprintf(out, "%-16s  %-42s  %q copied\n", result.Job.Key, result.Copy.ID, result.Copy.Name)
		}
		if results++; results == most {
			break // what is under way is seen through
		}
	}
	return failure
}

// summarize compares what was asked for with what the servers have.
func summarize(out io.Writer, vendors *world) {
	twice, requests := 0, 0
	of := map[string]int{}
	for _, server := range vendors.servers {
		requests += copyRequests(server)
		for _, c := range server.Copies() {
			if of[c.SourceID+"\x00"+c.Name]++; of[c.SourceID+"\x00"+c.Name] == 2 {
				twice++
			}
		}
	}
	fmt.Fprintf(out, "\n%d jobs, %d requests for a copy, %d copies on the servers, %d of them made twice\n",
		len(vendors.jobs), requests, vendors.copies(), twice)
}
