package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/once"
)

const statusHelp = `Status shows what the ledger remembers: how much is copied, what failed, and which
keys are not settled. It may be asked at any time, also while a run is on.

The ledger is the one beside the manifest, or the one that --ledger names.`

func newStatus() *cobra.Command {
	var ledger string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:     "status [MANIFEST]",
		Short:   "Show what the ledger remembers, also while a run is on",
		Long:    statusHelp,
		Example: "  agentcopy status tenants.csv\n  watch agentcopy status tenants.csv\n  agentcopy status --ledger tenants.ledger.db --all",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			manifest := append(args, "")[0]
			s, err := openLedger(cmd, ledger, manifest)
			if err != nil {
				return err
			}
			defer s.Close()
			return status(cmd, s, manifest, all, asJSON)
		},
	}
	cmd.Flags().StringVar(&ledger, "ledger", "", "the ledger (default: beside the manifest)")
	cmd.Flags().BoolVar(&all, "all", false, "list what is copied, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write all records as JSON objects, one a line")
	return cmd
}

func status(cmd *cobra.Command, s *store.Store, manifest string, all, asJSON bool) error {
	failures, err := s.Failures(cmd.Context())
	if err != nil {
		return err
	}
	waiting := make(map[string]bool) // rows that nothing is known of
	if manifest != "" {
		m, faults, err := readManifest(manifest)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return (&settings{manifest: manifest}).refuse(faults)
		}
		for _, row := range m.Rows {
			waiting[row.Key] = failures[row.Key].Error == ""
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	counts := make(map[engine.Status]int)
	for record, err := range s.List(cmd.Context()) {
		if err != nil {
			return fmt.Errorf("the ledger cannot be read: %w", err)
		}
		delete(waiting, record.Key)
		delete(failures, record.Key)
		state := stateOf(&record)
		if counts[state]++; asJSON {
			writeJSON(map[string]any{"key": record.Key, "status": state, "provider": record.Identity.Provider, "source_id": record.Request.SourceID,
				"name": record.Request.Name, "copy_id": record.Copy.ID, "found": record.Found, "since": record.Since, "sends": record.Sends})
		} else if all || state != engine.Copied && state != engine.NotStarted {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", state, report.Printable(record.Key), report.Printable(record.Copy.ID), sinceText(record.Since))
		}
	}
	for key, f := range failures {
		if counts[engine.Failed]++; asJSON {
			writeJSON(map[string]any{"key": key, "status": engine.Failed, "cause": f.Cause, "error": f.Error})
		} else {
			fmt.Fprintf(table, "%s\t%s\t%s\n", engine.Failed, report.Printable(key), report.Printable(f.Cause))
		}
	}
	for _, left := range waiting {
		if left {
			counts["not_begun"]++
		}
	}
	if asJSON {
		writeJSON(map[string]any{"event": "summary", "counts": counts})
		return nil
	}
	fmt.Printf("%d copied, %d failed, %d in doubt, %d ambiguous, %d being sent", counts[engine.Copied], counts[engine.Failed],
		counts[engine.InDoubt], counts[engine.Ambiguous], counts[engine.NotStarted])
	if manifest != "" {
		fmt.Printf(", %d not begun", counts["not_begun"])
	}
	fmt.Println()
	return table.Flush()
}

// stateOf is what a record says. One that nothing was sent for is at work, or was
// when its process ended.
func stateOf(r *once.Record) engine.Status {
	switch {
	case r.Done():
		return engine.Copied
	case len(r.Seen) > 0:
		return engine.Ambiguous
	case r.Sent() || r.Outcome == agentcopy.OutcomeCopied:
		return engine.InDoubt
	}
	return engine.NotStarted
}

func sinceText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "since " + t.Local().Format(time.DateTime)
}
