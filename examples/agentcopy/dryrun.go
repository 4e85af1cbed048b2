package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
)

// dry says what a run would do. It makes no file and sends nothing.
func (b batch) dry(run *engine.Run) error {
	if _, err := os.Stat(b.settings.ledger); err == nil {
		ledger, err := openLedger(b.settings.ledger)
		if err != nil {
			return err
		}
		defer ledger.Close()
		run.Ledger = ledger
		faults, err := run.Look(context.Background())
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return refuse(os.Stderr, b.file, faults)
		}
	}
	p := planOf(run)
	if b.settings.json {
		return json.NewEncoder(os.Stdout).Encode(p)
	}
	p.write(os.Stdout)
	return nil
}

// plan is what a run would do.
type plan struct {
	Event   string     `json:"event"`
	Rows    int        `json:"rows"`
	Done    int        `json:"already_copied"`
	Seconds float64    `json:"expected_seconds"`
	Missing []string   `json:"missing_variables"`
	Lanes   []lanePlan `json:"providers"`
}

type lanePlan struct {
	Provider string  `json:"provider"`
	Rows     int     `json:"rows"`
	Done     int     `json:"already_copied"`
	Limit    string  `json:"limit"`
	Seconds  float64 `json:"expected_seconds"`
}

func planOf(run *engine.Run) plan {
	p := plan{Event: "plan", Rows: len(run.Rows), Missing: []string{}}
	p.Missing = append(p.Missing, missingVariables(run)...)
	for _, lane := range run.Lanes {
		seconds := lane.Duration().Seconds()
		p.Lanes = append(p.Lanes, lanePlan{lane.Vendor.Name, len(lane.Rows), lane.Done, lane.Limit.String(), seconds})
		p.Done += lane.Done
		p.Seconds = max(p.Seconds, seconds) // they run in parallel
	}
	return p
}

func (p plan) write(w io.Writer) {
	fmt.Fprintf(w, "%d to copy", p.Rows)
	if p.Done > 0 {
		fmt.Fprintf(w, ", %d of them copied already", p.Done)
	}
	fmt.Fprintln(w, "; no faults.")
	for _, l := range p.Lanes {
		fmt.Fprintf(w, "  %-10s %6d at %s: %s\n", l.Provider, l.Rows-l.Done, l.Limit, span(l.Seconds))
	}
	fmt.Fprintf(w, "Under these limits it takes %s, and the time the vendors take to answer.\n", span(p.Seconds))
	if len(p.Missing) > 0 {
		fmt.Fprintf(w, "The environment lacks %s.\n", strings.Join(p.Missing, ", "))
	}
	fmt.Fprintln(w, "Nothing was sent.")
}

func span(seconds float64) string { return report.Span(time.Duration(seconds * float64(time.Second))) }
