package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/redislimiter"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
)

// settings are the flags of run, plan and status.
type settings struct {
	manifest, ledger, results, limiter, logFile string

	json, plain, quiet, verbose, dryRun, sameAccount bool

	stats   time.Duration
	warning string // said when the run begins
	engine.Settings
}

// addTo adds the flags that run and plan have in common.
func (s *settings) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	s.addLedgerTo(cmd)
	flags.StringVar(&s.results, "results", "", "the file for what became of each row: CSV, or JSON lines if it ends in .jsonl (default: beside the manifest)")
	flags.Func("limit", "set your own limit, such as kolena=120/1m; may be repeated", s.setLimit)
	flags.BoolVar(&s.sameAccount, "same-account", false, "a new key belongs to the account that the ledger knows")
	flags.BoolVar(&s.FailedOnly, "failed", false, "only the rows that failed when they were last tried")
	flags.IntVar(&s.Concurrency, "concurrency", 8, "how many copies of a vendor to work on at a time")
	flags.DurationVar(&s.SettleTime, "settle", 30*time.Second, "how long to look for a copy whose answer was lost before the request is sent again")
	flags.DurationVar(&s.MaxWait, "max-wait", time.Hour, "how long a vendor may make the run wait")
	_ = cmd.RegisterFlagCompletionFunc("limit", cobra.FixedCompletions(vendor.Names, cobra.ShellCompDirectiveNoSpace))
}

func (s *settings) addLedgerTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.ledger, "ledger", "", "where the copies are remembered: a file, or postgres://... for several machines (default: beside the manifest)")
	cmd.Flags().BoolVar(&s.json, "json", false, "write JSON, one object per line, to standard output")
	cmd.Flags().BoolVarP(&s.verbose, "verbose", "v", false, "write a line for each row; run adds what the SDK logs")
}

// check returns what is wrong with the flags, and sets the paths beside the manifest.
func (s *settings) check(manifest string) error {
	s.manifest = manifest
	s.ledger = ledgerOf(s.ledger, manifest)
	ending := ".results.csv"
	if isJSON(manifest) {
		ending = ".results.jsonl"
	}
	s.results = cmp.Or(s.results, beside(manifest, ending))
	same := func(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }
	switch {
	case s.SettleTime <= 0, s.MaxWait <= 0, s.stats < 0, s.Concurrency <= 0:
		return errors.New("--settle, --max-wait and --concurrency must be positive, and --stats not negative")
	case same(s.results, manifest), same(s.ledger, manifest), same(s.ledger, s.results):
		return errors.New("the manifest, the ledger and the results must be three files: name others with --ledger and --results")
	case s.limiter != "" && !strings.HasPrefix(s.limiter, "redis://") && !strings.HasPrefix(s.limiter, "rediss://"):
		return errors.New("--limiter must begin with redis:// or rediss://")
	}
	return nil
}

// setLimit sets a limit such as kolena=120/1m.
func (s *settings) setLimit(text string) (err error) {
	name, rest, _ := strings.Cut(text, "=")
	if vendor.All[name] == nil {
		return fmt.Errorf("it begins with one of %s, as in kolena=120/1m", strings.Join(vendor.Names, ", "))
	}
	if s.Limits == nil {
		s.Limits = make(map[string]vendor.Limit)
	}
	s.Limits[name], err = vendor.ParseLimit(rest)
	return err
}

// beside is a file beside the manifest, with another ending. That of standard input
// is in the working directory. A results file shares the ledger of its manifest.
func beside(manifest, ending string) string {
	if manifest == "-" {
		return "agentcopy" + ending
	}
	return strings.TrimSuffix(strings.TrimSuffix(manifest, filepath.Ext(manifest)), ".results") + ending
}

// ledgerOf is the ledger that was given, or the one beside the manifest.
func ledgerOf(given, manifest string) string { return cmp.Or(given, beside(manifest, ".ledger.db")) }

// openLimiter lets the run share its limits through Redis, one for each account.
func (s *settings) openLimiter(r *engine.Run) error {
	if s.limiter == "" {
		return nil
	}
	opts, err := redis.ParseURL(s.limiter)
	if err != nil {
		return fmt.Errorf("--limiter: %w", err)
	}
	rdb := redis.NewClient(opts)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	persistence, err := rdb.Info(ctx, "persistence").Result()
	if err != nil {
		return fmt.Errorf("--limiter: Redis does not answer: %w", err)
	}
	if strings.Contains(persistence, "aof_enabled:0") {
		s.warning = "--limiter: this Redis has no append-only file. It may have forgotten what was sent, " +
			"so the first copy waits for an attempt timeout and a window, two minutes for Kolena: set appendonly yes"
	}
	r.Limiter = func(l *engine.Lane) (agentcopy.Limiter, error) {
		tag, err := store.Digest(l.Vendor.Credential(), "agentcopy limiter "+l.Vendor.Name)
		return redislimiter.New(rdb, "agentcopy/"+l.Vendor.Name+"/"+tag, l.Limit.N, l.Limit.Per, redislimiter.WithMaxPause(s.MaxWait)), err
	}
	return nil
}

// logger writes what the SDK does to the log file and, with --verbose, to say.
func (s *settings) logger(say func(string)) (*slog.Logger, error) {
	var handlers []slog.Handler
	opts := &slog.HandlerOptions{Level: slog.LevelDebug}
	if s.logFile != "" {
		f, err := os.OpenFile(s.logFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return nil, fmt.Errorf("the log file cannot be written: %w", err)
		}
		handlers = append(handlers, slog.NewTextHandler(f, opts))
	}
	if s.verbose {
		handlers = append(handlers, slog.NewTextHandler(writerFunc(say), opts))
	}
	return slog.New(slog.NewMultiHandler(handlers...)), nil
}

// writerFunc is given the lines of a log without their times, since it adds its own.
type writerFunc func(string)

func (f writerFunc) Write(line []byte) (int, error) {
	_, text, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	f(text)
	return len(line), nil
}
