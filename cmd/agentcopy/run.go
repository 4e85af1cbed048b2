package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
)

const runHelp = `Run makes the copies that a manifest lists, those of several vendors in parallel
and each vendor's at its own pace. Before it sends anything, it checks the whole
manifest, and names every fault with its line.

A manifest is CSV with a header line (comma, semicolon or tab), JSON objects one a
line, or a JSON array, in UTF-8; - reads it from standard input. Its columns:

  provider    zudu, cotool, langsmith or kolena
  source_id   the ID of the agent to copy
  name        of the copy; leave it empty for cotool, which allows none
  key         names this copy in the ledger, for good; left empty, it is made of
              the other three, so that a row that comes again is not copied again

and, where a vendor has more to say:

  langsmith   permissions_identity (personal, shared), permissions_visibility
              (tenant, user), permissions_tenant_access_level (read, run, write),
              user_timezone (Europe/Berlin)
  kolena      target_workspace_id, target_folder_id

Other columns are kept in the results. The results can be a manifest again.

If a vendor asks to wait, the run waits, up to --max-wait. If a vendor fails in the
same way several times in a row, its rows are halted, and the others go on.

Ctrl-C finishes the requests under way; a second one breaks them off, which leaves
them in doubt. The same command goes on where it stopped.

A ledger belongs to one account of each vendor. It knows a key again by a salted
digest. After you replaced a key by another of the same account, say --same-account
once. For another account, use another --ledger.`

const runExamples = `  agentcopy run tenants.csv                          make the copies, or go on with them
  agentcopy run tenants.csv --failed                 only those that failed
  agentcopy run tenants.csv --json | jq .status      for machines
  agentcopy run - --ledger t.db < tenants.jsonl      from standard input
  agentcopy run tenants.csv --limit kolena=120/1m    with a limit of your own
  agentcopy run tenants.csv --ledger postgres://db/copies --limiter redis://cache    on several machines`

func newRun() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:     "run MANIFEST",
		Short:   "Make the copies that a manifest lists",
		Long:    runHelp,
		Example: runExamples,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := s.check(args[0]); err != nil {
				return err
			}
			if s.dryRun {
				return plan(&s)
			}
			return run(&s)
		},
	}
	s.addTo(cmd, false)
	return cmd
}

// prepared is a run that may begin, and what it was made of.
type prepared struct {
	*engine.Run
	manifest *manifest.Manifest
	claims   map[string]string // by key, the IDs of copies that an older file of results names
}

func run(s *settings) (err error) {
	if err := report.CheckResults(s.results); err != nil {
		return err
	}
	p, err := prepare(s, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Store.Close()) }()
	var lost []string
	for _, row := range p.Rows {
		if p.claims[row.Key] != "" && row.Status == engine.NotStarted {
			lost = append(lost, row.Key)
		}
	}
	if len(lost) > 0 && !s.adopt {
		return fmt.Errorf("%s says that %d rows are copied, such as %q, and the ledger %s does not know them. Was it moved or lost? "+
			"Name it with --ledger, or look for the copies with --adopt; if they are to be made again, remove the results",
			s.results, len(lost), lost[0], store.Redacted(s.ledger))
	}
	begun := time.Now()
	show := s.reporter(p.Run)
	p.OnRow, p.OnSay = show.Row, show.Say
	p.OnErr = func(err error) { show.Say(nil, "the ledger could not remember a failure: "+err.Error()) }
	interrupted := watchInterrupts(func(sig os.Signal) {
		show.Say(nil, fmt.Sprintf("Stopping (%v): what is under way is finished first. Once more stops at once.", sig))
		p.Stop()
	}, func(sig os.Signal) {
		show.Say(nil, fmt.Sprintf("Stopped (%v): what was under way is in doubt. The next run looks for it.", sig))
		p.Stop()
	})
	defer interrupted.close()
	if s.adopt {
		show.Say(nil, "looking for copies that were made before")
		p.Adopt(interrupted, p.claims)
	}
	p.Do(interrupted)
	show.End()
	return s.finish(p, time.Since(begun), interrupted.signal())
}

// finish writes the results and says how it ended.
func (s *settings) finish(p *prepared, took time.Duration, sig os.Signal) error {
	sum := report.Summary{
		Run: p.Run, Took: took, Results: s.results, Ledger: store.Redacted(s.ledger), Name: report.CommandLine([]string{s.manifest}), Again: again(),
	}
	if sig != nil {
		sum.Stopped = sig.String()
	}
	err := report.WriteResults(s.results, p.manifest, p.Rows)
	if err != nil {
		sum.Results = ""
		err = fmt.Errorf("%w; agentcopy status has them from the ledger", err)
	}
	switch {
	case s.json:
		sum.JSON(os.Stdout)
	case !s.quiet || codeOf(exitOf(p.Rows, sig, nil)) != 0:
		sum.Write(os.Stdout)
	}
	return exitOf(p.Rows, sig, err)
}

// again is the command line without what was for this once.
func again() string {
	words := []string{"agentcopy"}
	for _, arg := range os.Args[1:] {
		if arg != "--failed" && arg != "--adopt" && arg != "--same-account" {
			words = append(words, arg)
		}
	}
	return report.CommandLine(words)
}

// prepare checks everything that can be checked before anything is sent. With create,
// it makes the ledger, and demands credentials.
func prepare(s *settings, create bool) (p *prepared, err error) {
	limits, err := s.parseLimits()
	if err != nil {
		return nil, err
	}
	m, faults, err := readManifest(s.manifest)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, s.refuse(faults)
	}
	s.note(m.Notes)
	p = &prepared{Run: engine.New(m.Rows, limits), manifest: m}
	p.SettleTime, p.MaxWait, p.Concurrency, p.NoHalt, p.FailedOnly = s.settleTime, s.maxWait, s.concurrency, s.noHalt, s.failed
	if missing := missingVariables(p.Run); create && len(missing) > 0 {
		return nil, fmt.Errorf("the environment lacks %s; nothing was sent", strings.Join(missing, ", "))
	}
	if p.Logger, err = s.logger(); err != nil {
		return nil, err
	}
	if err := s.openLimiter(p.Run); err != nil {
		return nil, err
	}
	if err := p.Open(); err != nil {
		return nil, err
	}
	if p.claims, err = report.ReadClaims(s.results); err != nil {
		return nil, fmt.Errorf("the earlier results cannot be read: %w", err)
	}
	ctx := context.Background()
	p.Store, err = store.Open(ctx, s.ledger, create)
	if errors.Is(err, store.ErrNone) {
		p.Store = nil
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	if err = s.accounts(ctx, p.Run); err == nil {
		faults, err = p.Look(ctx)
	}
	if err == nil && len(faults) > 0 {
		err = s.refuse(faults)
	}
	if err != nil {
		return nil, errors.Join(err, p.Store.Close())
	}
	return p, nil
}

// accounts asks the ledger for the account of each lane.
func (s *settings) accounts(ctx context.Context, r *engine.Run) (err error) {
	for _, l := range r.Lanes {
		if l.Origin == "" {
			continue
		}
		l.Account, err = r.Store.Account(ctx, l.Vendor.Name+" "+l.Origin, l.Vendor.Credential(), s.sameAccount)
		if errors.Is(err, store.ErrOtherAccount) {
			return fmt.Errorf("the ledger %s is of a %s account with another key than %s has now. "+
				"If you have replaced the key of the same account, say so once with --same-account; "+
				"for another account, name another file with --ledger. Nothing was sent",
				store.Redacted(s.ledger), l.Vendor.Name, l.Vendor.Variables[0])
		}
		if err != nil {
			return fmt.Errorf("the ledger cannot be read: %w", err)
		}
	}
	return nil
}

func missingVariables(r *engine.Run) (missing []string) {
	for _, l := range r.Lanes {
		missing = append(missing, l.Vendor.Missing()...)
	}
	return missing
}

func readManifest(path string) (*manifest.Manifest, []manifest.Fault, error) {
	var r io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, fmt.Errorf("the manifest cannot be read: %w", err)
		}
		defer f.Close()
		r = f
	}
	m, faults, err := manifest.Read(r)
	if err != nil {
		return nil, nil, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	return m, faults, nil
}

const mostShown = 20

// refuse prints the faults of a manifest, in the form that editors know, and returns
// the error that ends the program.
func (s *settings) refuse(faults []manifest.Fault) error {
	s.list("fault", faults)
	return fmt.Errorf("faults in the manifest: %d; nothing was sent", len(faults))
}

func (s *settings) note(notes []manifest.Fault) {
	if !s.quiet {
		s.list("note", notes)
	}
}

func (s *settings) list(kind string, faults []manifest.Fault) {
	for i, f := range faults {
		if s.json {
			writeJSON(struct {
				Event string `json:"event"`
				manifest.Fault
			}{kind, f})
			continue
		}
		if i == mostShown {
			fmt.Fprintf(os.Stderr, "... and %d more\n", len(faults)-i)
			break
		}
		if kind == "note" {
			fmt.Fprint(os.Stderr, "note: ")
		}
		fmt.Fprintf(os.Stderr, "%s:%s\n", s.manifest, report.Printable(f.String()))
	}
}

// reporter is the one that the flags and the terminal ask for.
func (s *settings) reporter(r *engine.Run) report.Reporter {
	switch {
	case s.json:
		return report.JSON(os.Stdout)
	case !s.plain && !s.quiet && term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb":
		return report.Bars(os.Stderr, r, s.verbose)
	}
	return report.Lines(os.Stderr, r, s.verbose, s.quiet, s.stats)
}

// logger writes what the SDK does to the log file.
func (s *settings) logger() (*slog.Logger, error) {
	if s.logFile == "" {
		return nil, nil
	}
	f, err := os.OpenFile(s.logFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the log file cannot be written: %w", err)
	}
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})), nil
}
