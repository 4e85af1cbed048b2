package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// settings are the flags that the commands which make copies have in common.
type settings struct {
	ledger      string
	results     string
	dryRun      bool
	json, plain bool
	settleTime  time.Duration
	concurrency int
	limits      []string
}

func (s *settings) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&s.dryRun, "dry-run", false, "check everything, say how long it would take, and send nothing")
	flags.BoolVar(&s.json, "json", false, "write JSON objects, one a line, for machines")
	flags.BoolVar(&s.plain, "plain", false, "write lines also on a terminal, and draw no bars")
	flags.StringVar(&s.results, "results", "", "write what became of each row to this file: CSV, or JSON lines if it ends in .jsonl")
	flags.DurationVar(&s.settleTime, "settle", 30*time.Second, "how long to look for a copy whose answer was lost, before the request is sent again")
	flags.IntVar(&s.concurrency, "concurrency", 8, "how many copies of a vendor to work on at a time")
	flags.StringArrayVar(&s.limits, "limit", nil, "keep to a limit of your own, such as kolena=120/1m; may be repeated")
}

// addLedger adds the flag --ledger, whose default depends on the manifest.
func addLedger(cmd *cobra.Command, ledger *string) {
	cmd.Flags().StringVar(ledger, "ledger", "", "the file that remembers what was copied (default: beside the manifest, or ./agentcopy.ledger.db)")
}

// check returns what is wrong with the values of the flags.
func (s *settings) check() error {
	switch {
	case s.settleTime <= 0:
		return fmt.Errorf("--settle must be positive, not %v", s.settleTime)
	case s.concurrency <= 0:
		return fmt.Errorf("--concurrency must be positive, not %d", s.concurrency)
	case s.json && s.plain:
		return errors.New("--json and --plain exclude each other")
	}
	_, err := s.parseLimits()
	return err
}

func (s *settings) parseLimits() (map[string]vendor.Limit, error) {
	limits := make(map[string]vendor.Limit)
	for _, text := range s.limits {
		name, rest, _ := strings.Cut(text, "=")
		if vendor.Find(name) == nil {
			return nil, fmt.Errorf("--limit %s: it begins with one of %s, as in kolena=120/1m", text, strings.Join(vendor.Names(), ", "))
		}
		limit, err := vendor.ParseLimit(rest)
		if err != nil {
			return nil, fmt.Errorf("--limit %s: %w", text, err)
		}
		limits[name] = limit
	}
	return limits, nil
}

// reporter is the one that the flags and the terminal ask for.
func (s *settings) reporter(run *engine.Run) report.Reporter {
	switch {
	case s.json:
		return report.JSON(os.Stdout)
	case !s.plain && term.IsTerminal(int(os.Stdout.Fd())):
		return report.Bars(os.Stdout, run.Lanes)
	}
	return report.Lines(os.Stdout, len(run.Rows))
}

// beside is a file beside the manifest, with another ending. That of standard
// input is in the working directory.
func beside(manifest, ending string) string {
	if manifest == "" || manifest == "-" {
		return "agentcopy" + ending
	}
	return strings.TrimSuffix(manifest, filepath.Ext(manifest)) + ending
}

// ledgerFile is the one given, or the one beside the manifest.
func ledgerFile(given, manifest string) string {
	if given != "" {
		return given
	}
	return beside(manifest, ".ledger.db")
}
