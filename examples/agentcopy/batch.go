package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// batch is what commands run, copy and demo have in common: a manifest, from the
// check to the summary.
type batch struct {
	file     string // what the manifest is called; empty for a command line
	manifest manifest.Manifest
	faults   []manifest.Fault
	settings *settings
	again    string        // the command that goes on with it, if there is one
	opener   engine.Opener // nil: with the credentials in the environment
	fleeting bool          // the ledger is gone afterwards
}

func (b batch) run() error {
	if len(b.faults) > 0 {
		return refuse(os.Stderr, b.file, b.faults)
	}
	note(os.Stderr, b.file, b.manifest.Notes)
	limits, err := b.settings.parseLimits()
	if err != nil {
		return err
	}
	run := &engine.Run{
		Rows:        b.manifest.Rows,
		Lanes:       engine.Lanes(b.manifest.Rows, limits),
		SettleTime:  b.settings.settleTime,
		Concurrency: b.settings.concurrency,
	}
	if b.settings.dryRun {
		return b.dry(run)
	}
	if err := b.open(run); err != nil {
		return err
	}
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
	return b.make(run)
}

// open makes the clients, or says which credentials are missing.
func (b batch) open(run *engine.Run) error {
	opener := b.opener
	if opener == nil {
		if missing := missingVariables(run); len(missing) > 0 {
			return fmt.Errorf("the environment lacks %s; nothing was sent", strings.Join(missing, ", "))
		}
		opener = func(v *vendor.Vendor, opts ...agentcopy.Option) (*vendor.Client, error) { return v.Open(opts...) }
	}
	return run.Open(opener)
}

func missingVariables(run *engine.Run) (missing []string) {
	for _, lane := range run.Lanes {
		missing = append(missing, lane.Vendor.Missing()...)
	}
	return missing
}

// make makes the copies, and shows it.
func (b batch) make(run *engine.Run) error {
	show := report.InTurn(b.settings.reporter(run))
	interrupted := watchInterrupts(func() { show.Say(stopping) })
	defer interrupted.close()
	begun := time.Now()
	show.Begin()
	results := run.Do(interrupted, interrupted.stop, show.Result)
	s := report.SummaryOf(results)
	s.Took = time.Since(begun)
	s.Interrupted = interrupted.seen.Load()
	if !b.fleeting {
		s.LedgerFile = b.settings.ledger
	}
	s.Again = b.again
	return b.finish(show, s, results)
}

// finish writes the results and says how it ended.
func (b batch) finish(show report.Reporter, s report.Summary, results []engine.Result) error {
	var err error
	if b.settings.results != "" {
		if err = report.WriteResults(b.settings.results, results); err == nil {
			s.ResultsFile = b.settings.results
		}
	}
	show.End(s)
	if err != nil {
		return errors.Join(&exitError{exitFailed, err}, verdict(s))
	}
	return verdict(s)
}

// stopping is what the first Ctrl-C is answered with.
const stopping = "Stopping: what is under way is finished first. Ctrl-C again stops at once."
