package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/boltledger"
	"github.com/agentcopy/agentcopy-go/once"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
)

const resolveHelp = `Resolve settles a key of which it is not known whether there is a copy.

Without a flag it looks, for as long as --settle says, and sends no copy request:
if it sees the copy, the ledger remembers it; if there is none to be seen, the key
is free again, and the next run makes the copy. If several agents could be the
copy, it lists them, and leaves it to you:

  --copied ID     the agent ID is the copy
  --not-copied    there is no copy; the next run makes one

Both take your word for it, and ask nobody. To look, it has to know where the copy
goes: where a row has columns of its vendor's own, such as target_workspace_id,
name the manifest.`

const resolveExamples = `  agentcopy resolve "kolena/123/Tenant 1" tenants.csv
  agentcopy resolve "kolena/123/Tenant 1" tenants.csv --copied 456
  agentcopy resolve "zudu/agent_1/Berlin" --ledger tenants.ledger.db --not-copied`

// resolution is what the operator asks for.
type resolution struct {
	key        string
	manifest   string // empty if there is none
	ledger     string
	copied     string
	notCopied  bool
	settleTime time.Duration
}

func newResolve() *cobra.Command {
	var r resolution
	cmd := &cobra.Command{
		Use:     "resolve KEY [MANIFEST]",
		Short:   "Settle a key whose copy is unknown, by looking or by your word",
		Long:    resolveHelp,
		Example: resolveExamples,
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			r.key = args[0]
			r.manifest = append(args, "")[1]
			r.ledger = ledgerFile(r.ledger, r.manifest)
			return r.run()
		},
	}
	addLedger(cmd, &r.ledger)
	cmd.Flags().StringVar(&r.copied, "copied", "", "the ID of the agent that is the copy")
	cmd.Flags().BoolVar(&r.notCopied, "not-copied", false, "there is no copy")
	cmd.Flags().DurationVar(&r.settleTime, "settle", 30*time.Second, "how long to look")
	cmd.MarkFlagsMutuallyExclusive("copied", "not-copied")
	return cmd
}

func (r resolution) run() error {
	if r.settleTime <= 0 {
		return fmt.Errorf("--settle must be positive, not %v", r.settleTime)
	}
	if _, err := os.Stat(r.ledger); err != nil {
		return fmt.Errorf("there is no ledger yet: %w", err)
	}
	ledger, err := openLedger(r.ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	record, err := find(ledger, r.key)
	switch {
	case err != nil:
		return err
	case record.Done() && record.Copy.ID == r.copied, record.Done() && r.copied == "" && !r.notCopied:
		fmt.Printf("%s: copied already, as %s\n", r.key, report.Printable(record.Copy.ID))
		return nil
	case record.Done():
		return fmt.Errorf("%s is settled: its copy is %s. If that agent is gone and you want another, copy it under another key", r.key, record.Copy.ID)
	case r.copied != "":
		return r.takeWord(ledger, record, func(ctx context.Context, record once.Record) error {
			record.Copy = agentcopy.Copy{Provider: record.Identity.Provider, SourceID: record.Request.SourceID, ID: r.copied, Name: record.Request.Name}
			record.Found = true
			return ledger.Finish(ctx, record)
		}, "copied, as "+r.copied)
	case r.notCopied:
		return r.takeWord(ledger, record, ledger.Abandon, "not copied; the next run makes the copy")
	}
	return r.look(ledger, record)
}

// find returns the record of a key.
func find(ledger *boltledger.Ledger, key string) (once.Record, error) {
	for record, err := range ledger.List(context.Background()) {
		if err != nil {
			return once.Record{}, fmt.Errorf("the ledger cannot be read: %w", err)
		}
		if record.Key == key {
			return record, nil
		}
	}
	return once.Record{}, fmt.Errorf("the ledger has no key %q: nothing was sent for it, or it provably made no copy", key)
}

// takeWord claims the record, so that no run is at work on it, and changes it.
func (r resolution) takeWord(ledger once.Ledger, record once.Record, change func(context.Context, once.Record) error, done string) error {
	ctx := context.Background()
	claimed, found, err := ledger.Begin(ctx, record, 15*time.Second)
	if err == nil && !found {
		err = errors.Join(once.ErrLeaseLost, ledger.Abandon(ctx, claimed)) // it was settled meanwhile
	}
	if err == nil {
		err = change(ctx, claimed)
	}
	if err != nil {
		return &exitError{exitFailed, fmt.Errorf("%s could not be settled: %w", r.key, err)}
	}
	fmt.Printf("%s: %s\n", r.key, done)
	return nil
}
