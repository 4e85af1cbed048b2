package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/once"
)

const statusHelp = `Status shows what the ledger remembers: how much is copied, and which keys are not
settled, so that it is not known whether there is a copy. The next run looks for
those first; to settle one by hand, see agentcopy resolve.

The ledger is the one beside the manifest, or the one that --ledger names.`

const statusExamples = `  agentcopy status tenants.csv
  agentcopy status --ledger tenants.ledger.db --all
  agentcopy status tenants.csv --json | jq 'select(.state != "copied")'`

func newStatus() *cobra.Command {
	var ledger string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:     "status [MANIFEST]",
		Short:   "Show what the ledger remembers",
		Long:    statusHelp,
		Example: statusExamples,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := ""
			if len(args) == 1 {
				path = args[0]
			}
			return showStatus(ledgerFile(ledger, path), path, all, asJSON)
		},
	}
	addLedger(cmd, &ledger)
	cmd.Flags().BoolVar(&all, "all", false, "list what is copied, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write all records as JSON objects, one a line")
	return cmd
}

func showStatus(ledgerPath, manifestPath string, all, asJSON bool) error {
	records, err := readRecords(ledgerPath)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		for _, r := range records {
			if err := enc.Encode(stateOf(r)); err != nil {
				return err
			}
		}
		return nil
	}
	done := 0
	var shown []state
	for _, r := range records {
		if r.Done() {
			done++
		}
		if all || !r.Done() {
			shown = append(shown, stateOf(r))
		}
	}
	fmt.Printf("%s: %d copied, %d not settled\n", ledgerPath, done, len(records)-done)
	if manifestPath != "" {
		if err := sayWhatIsLeft(os.Stdout, manifestPath, records); err != nil {
			return err
		}
	}
	return writeStates(os.Stdout, shown)
}

// readRecords reads a ledger, those that are not settled first, the latest last.
func readRecords(path string) ([]once.Record, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no ledger yet: %w", err)
	}
	ledger, err := openLedger(path)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	var records []once.Record
	for r, err := range ledger.List(context.Background()) {
		if err != nil {
			return nil, fmt.Errorf("the ledger %s cannot be read: %w", path, err)
		}
		records = append(records, r)
	}
	slices.SortStableFunc(records, func(a, b once.Record) int {
		if a.Done() != b.Done() {
			if b.Done() {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Key, b.Key))
	})
	return records, nil
}

// sayWhatIsLeft counts the rows of a manifest that the ledger does not know.
func sayWhatIsLeft(w io.Writer, path string, records []once.Record) error {
	m, faults, err := readManifest(path)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return refuse(os.Stderr, path, faults)
	}
	known := make(map[string]bool)
	for _, r := range records {
		known[r.Key] = true
	}
	left := len(slices.DeleteFunc(m.Rows, func(row manifest.Row) bool { return known[row.Key] }))
	fmt.Fprintf(w, "%s: %d rows are not begun\n", path, left)
	return nil
}

// state is a record as it is shown.
type state struct {
	Key      string    `json:"key"`
	State    string    `json:"state"` // "copied", "unknown", or "unseen": copied, the vendor said, but where?
	Provider string    `json:"provider"`
	SourceID string    `json:"source_id"`
	Name     string    `json:"name,omitempty"`
	ID       string    `json:"id,omitempty"`
	Found    bool      `json:"found"`
	Since    time.Time `json:"since"`
	Requests int       `json:"requests"`
}

func stateOf(r once.Record) state {
	s := state{
		Key: r.Key, State: "unknown", Provider: r.Identity.Provider, SourceID: r.Request.SourceID, Name: r.Request.Name,
		ID: r.Copy.ID, Found: r.Found, Since: r.Since, Requests: r.Rounds,
	}
	switch {
	case r.Done():
		s.State = "copied"
	case r.Outcome == agentcopy.OutcomeCopied:
		s.State = "unseen"
	}
	return s
}

func writeStates(w io.Writer, states []state) error {
	if len(states) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nKEY\tSTATE\tCOPY\tSINCE\tREQUESTS")
	for _, s := range states {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", report.Printable(s.Key), s.State, cmp.Or(report.Printable(s.ID), "?"), s.Since.Local().Format(time.DateTime), s.Requests)
	}
	return table.Flush()
}
