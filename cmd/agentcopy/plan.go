package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

const planHelp = `Plan shows what agentcopy run would do, and sends nothing. It finds every fault in
the manifest. It needs no credentials; with them, it also says whether the ledger
belongs to the same account.

The fate of a row: not started (a run copies it), copied (by an earlier run), failed
(a run tries again), in doubt (a run looks for the copy first), or ambiguous (a
person decides: agentcopy resolve).`

const planExamples = `  agentcopy plan tenants.csv
  agentcopy plan tenants.csv --json | jq 'select(.status != "copied")'`

func newPlan() *cobra.Command {
	var s settings
	cmd := s.command("plan", "Show what a run would do", planHelp, planExamples, s.plan)
	s.addTo(cmd)
	return cmd
}

const statusHelp = `Status shows what the ledger remembers about the rows of a manifest: how many are
copied, what failed, and what is not settled. It works at any time, even during a run.`

const statusExamples = `  agentcopy status tenants.csv
  watch agentcopy status tenants.csv
  agentcopy status tenants.csv --verbose`

func newStatus() *cobra.Command {
	var s settings
	cmd := s.command("status", "Show what the ledger remembers, even during a run", statusHelp, statusExamples, s.status)
	s.addLedgerTo(cmd)
	return cmd
}

func (s *settings) status(path string) (err error) {
	s.manifest, s.ledger, s.quiet = path, ledgerOf(s.ledger, path), true
	p, err := s.read(path)
	if err != nil {
		return err
	}
	if err = s.openStore(p, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Store.Close()) }()
	s.show(p)
	if s.json {
		writeJSON(map[string]any{"event": "summary", "rows": len(p.Rows), "counts": engine.Count(p.Rows).Of})
	}
	return nil
}

func (s *settings) plan(path string) (err error) {
	p, err := s.prepare(path, false)
	if err != nil {
		return err
	}
	if p.Store != nil {
		defer func() { err = errors.Join(err, p.Store.Close()) }()
	}
	s.show(p)
	var lanes []any
	var text strings.Builder
	table, longest := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0), time.Duration(0)
	fmt.Fprintln(table, "\nPROVIDER\tROWS\tTO DO\tTAKES\tLIMIT\tENDPOINT\tACCOUNT")
	for _, l := range p.Lanes {
		todo := len(l.Work())
		takes := l.Limit.Duration(todo, nil, time.Now())
		longest = max(longest, takes)
		lanes = append(lanes, map[string]any{"provider": l.Vendor.Name, "rows": len(l.Rows), "to_do": todo, "limit": l.Limit.String(),
			"expected_seconds": takes.Seconds(), "endpoint": l.Origin, "account": l.Account})
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", l.Vendor.Name, len(l.Rows), todo, span(takes), l.Limit, cmp.Or(l.Origin, "?"), cmp.Or(l.Account, "?"))
	}
	if s.json {
		writeJSON(map[string]any{"event": "plan", "rows": len(p.Rows), "counts": engine.Count(p.Rows).Of, "expected_seconds": longest.Seconds(),
			"missing_variables": append([]string{}, p.Missing...), "providers": lanes})
		return nil
	}
	_ = table.Flush() // into memory
	fmt.Printf("%s\nUnder these limits it takes %s, plus the time that the vendors take to answer.\n", &text, span(longest))
	if len(p.Missing) > 0 {
		fmt.Printf("The environment lacks %s.\n", strings.Join(p.Missing, ", "))
	}
	fmt.Println("Nothing was sent.")
	return nil
}

// show writes how many rows have which status, and those that want attention.
func (s *settings) show(p *engine.Run) {
	if s.json {
		for _, row := range p.Rows {
			writeJSON(eventOf(row))
		}
		for _, record := range p.Gone {
			writeJSON(map[string]any{"event": "gone", "key": record.Key, "provider": record.Identity.Provider, "copy_id": record.Copy.ID})
		}
		return
	}
	c := engine.Count(p.Rows)
	c.Existing = 0 // all of them
	fmt.Printf("%d rows: %s", len(p.Rows), countText(c))
	if len(p.Gone) > 0 {
		fmt.Printf("; %d more in the ledger, no longer in the manifest", len(p.Gone))
	}
	fmt.Println()
	shown := 0
	for _, row := range p.Rows {
		if !s.verbose && (row.Status == engine.Copied || row.Status == engine.NotStarted) {
			continue
		}
		if shown++; shown > maxShown && !s.verbose {
			fmt.Println("... and more: --verbose shows every row")
			break
		}
		fmt.Println(describe(row))
	}
}
