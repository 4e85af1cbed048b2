package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
)

// settings are the flags of run and plan, and the files they lead to.
type settings struct {
	manifest    string
	ledger      string
	results     string
	limiter     string
	logFile     string
	json, plain bool
	quiet       bool
	verbose     bool
	dryRun      bool
	failed      bool
	adopt       bool
	sameAccount bool
	noHalt      bool
	settleTime  time.Duration
	maxWait     time.Duration
	stats       time.Duration
	concurrency int
	limits      []string
}

func (s *settings) addTo(cmd *cobra.Command, plan bool) {
	flags := cmd.Flags()
	flags.StringVar(&s.ledger, "ledger", "", "what remembers the copies: a file, or postgres://... for several machines (default: beside the manifest)")
	flags.StringVar(&s.results, "results", "", "the file for what became of each row: CSV, or JSON lines if it ends in .jsonl (default: beside the manifest)")
	flags.BoolVar(&s.json, "json", false, "write JSON objects, one a line, to standard output")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "write a line for each row")
	flags.StringArrayVar(&s.limits, "limit", nil, "keep to a limit of your own, such as kolena=120/1m; may be repeated")
	flags.BoolVar(&s.sameAccount, "same-account", false, "a new key is of the account that the ledger knows")
	flags.BoolVar(&s.failed, "failed", false, "only the rows that failed when they were last tried")
	flags.IntVar(&s.concurrency, "concurrency", 8, "how many copies of a vendor to work on at a time")
	flags.DurationVar(&s.settleTime, "settle", 30*time.Second, "how long to look for a copy whose answer was lost, before the request is sent again")
	flags.DurationVar(&s.maxWait, "max-wait", time.Hour, "how long a vendor may ask to wait")
	_ = cmd.RegisterFlagCompletionFunc("limit", cobra.FixedCompletions(vendor.Names(), cobra.ShellCompDirectiveNoSpace))
	if plan {
		return
	}
	flags.BoolVarP(&s.dryRun, "dry-run", "n", false, "the same as agentcopy plan")
	flags.BoolVar(&s.plain, "plain", false, "write lines also on a terminal, and draw no bars")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "write only what went wrong")
	flags.StringVar(&s.logFile, "log-file", "", "add what the SDK does to this file; it holds no credential and no body, but keys")
	flags.StringVar(&s.limiter, "limiter", "", "share the limits with other machines: redis://...")
	flags.BoolVar(&s.adopt, "adopt", false, "look for copies by name before any is made: for a ledger that was lost")
	flags.BoolVar(&s.noHalt, "no-halt", false, "go on with a vendor whatever fails, and however often")
	flags.DurationVar(&s.stats, "stats", 15*time.Second, "how often to write how far it is, where there is no terminal; 0: never")
}

// check returns what is wrong with the flags, and sets the paths beside the manifest.
func (s *settings) check(manifest string) error {
	s.manifest = manifest
	s.ledger = ledgerOf(s.ledger, manifest)
	if s.results == "" {
		s.results = beside(manifest, ".results.csv")
		if report.IsJSON(manifest) {
			s.results = beside(manifest, ".results.jsonl")
		}
	}
	same := func(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }
	switch {
	case s.settleTime <= 0, s.maxWait <= 0, s.stats < 0:
		return errors.New("--settle and --max-wait must be positive, and --stats not negative")
	case s.concurrency <= 0:
		return fmt.Errorf("--concurrency must be positive, not %d", s.concurrency)
	case s.json && s.plain, s.quiet && s.verbose:
		return errors.New("--json and --plain exclude each other, and so do --quiet and --verbose")
	case same(s.results, manifest):
		return errors.New("the results would overwrite the manifest: name another file with --results")
	case same(s.ledger, manifest):
		return errors.New("the ledger cannot be the manifest: name another file with --ledger")
	case same(s.ledger, s.results):
		return errors.New("the ledger and the results cannot be one file")
	case s.limiter != "" && !strings.HasPrefix(s.limiter, "redis://") && !strings.HasPrefix(s.limiter, "rediss://"):
		return errors.New("--limiter must begin with redis:// or rediss://")
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

// beside is a file beside the manifest, with another ending. That of standard input
// is in the working directory.
func beside(manifest, ending string) string {
	if manifest == "" || manifest == "-" {
		return "agentcopy" + ending
	}
	for _, ext := range []string{filepath.Ext(manifest), ".results"} { // results as a manifest have the manifest's ledger
		manifest = strings.TrimSuffix(manifest, ext)
	}
	return manifest + ending
}

// ledgerOf is the ledger given, or the one beside the manifest.
func ledgerOf(given, manifest string) string {
	if given != "" {
		return given
	}
	return beside(manifest, ".ledger.db")
}

// openLedger opens a ledger that is there.
func openLedger(cmd *cobra.Command, given, manifest string) (*store.Store, error) {
	return store.Open(cmd.Context(), ledgerOf(given, manifest), false)
}
