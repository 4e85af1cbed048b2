package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
)

const planHelp = `Plan says what agentcopy run would do, and sends nothing. It finds every fault of
the manifest, and needs no credentials; with them, it says also whether the ledger
is of the same account.

The fate of a row: to copy, copied (by an earlier run), failed (it will be tried
again), in doubt (a run looks for the copy first), or ambiguous (a person decides).`

func newPlan() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:     "plan MANIFEST",
		Short:   "Show what a run would do",
		Long:    planHelp,
		Example: "  agentcopy plan tenants.csv\n  agentcopy plan tenants.csv --json | jq 'select(.status != \"copied\")'",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := s.check(args[0]); err != nil {
				return err
			}
			return plan(&s)
		},
	}
	s.addTo(cmd, true)
	return cmd
}

func plan(s *settings) error {
	if err := report.CheckResults(s.results); err != nil {
		return err
	}
	p, err := prepare(s, false)
	if err != nil {
		return err
	}
	if p.Store != nil {
		defer p.Store.Close()
	}
	if s.json {
		return p.planJSON()
	}
	fmt.Printf("%d rows: %s", len(p.Rows), report.CountText(engine.Count(p.Rows)))
	if len(p.Gone) > 0 {
		fmt.Printf("; %d more in the ledger, no longer in the manifest", len(p.Gone))
	}
	fmt.Println()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nPROVIDER\tROWS\tTO DO\tTAKES\tLIMIT\tENDPOINT\tACCOUNT")
	var longest time.Duration
	for _, l := range p.Lanes {
		todo, takes := p.work(l)
		longest = max(longest, takes)
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", l.Vendor.Name, len(l.Rows), todo, report.Span(takes), l.Limit, orQuestion(l.Origin), orQuestion(l.Account))
	}
	_ = table.Flush()
	fmt.Printf("\nUnder these limits it takes %s, and the time the vendors take to answer.\n", report.Span(longest))
	if missing := missingVariables(p.Run); len(missing) > 0 {
		fmt.Printf("The environment lacks %s.\n", strings.Join(missing, ", "))
	}
	shown := 0
	for _, row := range p.Rows {
		if !s.verbose && (row.Status == engine.Copied || row.Status == engine.NotStarted) {
			continue
		}
		if shown++; shown > mostShown && !s.verbose {
			fmt.Println("... and more: --verbose shows every row")
			break
		}
		fmt.Println(report.Describe(row))
	}
	fmt.Println("Nothing was sent.")
	return nil
}

// work is how many rows of a lane a run would work on, and how long the limit makes
// that take.
func (p *prepared) work(l *engine.Lane) (todo int, takes time.Duration) {
	for _, row := range l.Rows {
		if p.ToDo(row) {
			todo++
		}
	}
	return todo, l.Limit.Duration(todo)
}

func (p *prepared) planJSON() error {
	for _, row := range p.Rows {
		writeJSON(report.EventOf("row", row))
	}
	for _, record := range p.Gone {
		writeJSON(map[string]any{"event": "gone", "key": record.Key, "provider": record.Identity.Provider, "copy_id": record.Copy.ID})
	}
	lanes := []any{}
	seconds := 0.0
	for _, l := range p.Lanes {
		todo, takes := p.work(l)
		seconds = max(seconds, takes.Seconds())
		lanes = append(lanes, map[string]any{"provider": l.Vendor.Name, "rows": len(l.Rows), "to_do": todo, "limit": l.Limit.String(),
			"expected_seconds": takes.Seconds(), "endpoint": l.Origin, "account": l.Account})
	}
	writeJSON(map[string]any{"event": "plan", "rows": len(p.Rows), "counts": engine.Count(p.Rows).Of, "expected_seconds": seconds,
		"missing_variables": append([]string{}, missingVariables(p.Run)...), "providers": lanes})
	return nil
}

func writeJSON(event any) { _ = json.NewEncoder(os.Stdout).Encode(event) } // as report.JSON

func orQuestion(text string) string {
	if text == "" {
		return "?"
	}
	return text
}
