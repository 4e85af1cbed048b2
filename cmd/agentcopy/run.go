package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
)

const runHelp = `Run makes the copies that a manifest lists, several vendors in parallel, each at its
own pace. Before it sends anything, it checks the whole manifest and reports every
fault with its line.

A manifest is CSV with a header line (comma, semicolon or tab), JSON objects one a
line, or a JSON array, in UTF-8; - reads it from standard input. Its columns:

  provider    zudu, cotool, langsmith or kolena
  source_id   the ID of the agent to copy
  name        the name of the copy; empty for cotool, which allows none
  key         names this copy in the ledger for good; if empty, it is made from the
              other three, so that the same row is not copied again

and, for some vendors:

  langsmith   permissions_identity (personal, shared), permissions_visibility
              (tenant, user), permissions_tenant_access_level (read, run, write),
              user_timezone (Europe/Berlin)
  kolena      target_workspace_id, target_folder_id

The results keep other columns. A results file can be a manifest.

If a vendor asks to wait, the run waits, up to --max-wait. If a vendor fails in the
same way several times in a row, its rows are halted, and the others go on.

Ctrl-C lets the requests under way finish; a second one aborts them and leaves them
in doubt. Run the same command again to go on where it stopped.

A ledger belongs to one account of each vendor. It recognizes an API key by a salted
digest. If you replace an API key with another of the same account, pass
--same-account once. For another account, use another --ledger.`

const runExamples = `  agentcopy run tenants.csv                          make the copies, or go on with them
  agentcopy run tenants.csv --failed                 only those that failed
  agentcopy run tenants.csv --json | jq .status      for machines
  agentcopy run - --ledger t.db < tenants.jsonl      from standard input
  agentcopy run tenants.csv --limit kolena=120/1m    with a limit of your own
  agentcopy run tenants.csv --ledger postgres://db/copies --limiter redis://cache    on several machines`

func newRun() *cobra.Command {
	var s settings
	cmd := s.command("run", "Make the copies that a manifest lists", runHelp, runExamples, func(path string) error {
		if s.dryRun {
			return s.plan(path)
		}
		return s.run(path)
	})
	s.addTo(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&s.dryRun, "dry-run", "n", false, "the same as agentcopy plan")
	flags.BoolVar(&s.plain, "plain", false, "write lines instead of drawing bars on a terminal")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "write only failures")
	flags.StringVar(&s.logFile, "log-file", "", "append the SDK's log to this file; it holds keys, but no credential or body")
	flags.StringVar(&s.limiter, "limiter", "", "share the limits with other machines: redis://...")
	flags.BoolVar(&s.Adopt, "adopt", false, "look for existing copies by name before making any, after a ledger was lost")
	flags.BoolVar(&s.NoHalt, "no-halt", false, "never halt a vendor, however often it fails")
	flags.DurationVar(&s.stats, "stats", 15*time.Second, "how often to report progress without a terminal; 0: never")
	cmd.MarkFlagsMutuallyExclusive("json", "plain")
	cmd.MarkFlagsMutuallyExclusive("quiet", "verbose")
	return cmd
}

// command is one that does something with a manifest. An error is written as an event, if
// there are events.
func (s *settings) command(name, short, long, examples string, do func(path string) error) *cobra.Command {
	run := func(_ *cobra.Command, args []string) error {
		err := do(args[0])
		if s.json && err != nil && err.Error() != "" {
			writeJSON(map[string]any{"event": "error", "text": store.Redacted(err.Error()), "exit_code": codeOf(err)})
			return &exitError{codeOf(err), errSaid}
		}
		return err
	}
	return &cobra.Command{
		Use: name + " MANIFEST", Short: short, Long: long, Example: examples, Args: cobra.ExactArgs(1), RunE: run,
	}
}

func (s *settings) run(path string) (err error) {
	p, err := s.prepare(path, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Store.Close()) }()
	var lost []string
	for _, row := range p.Rows {
		if p.Known[row.Key] != "" && row.Status == engine.NotStarted {
			lost = append(lost, row.Key)
		}
	}
	if len(lost) > 0 && !s.Adopt {
		return fmt.Errorf("%s says that %d rows are copied, such as %q, and the ledger %s does not know them. Was it moved or lost? "+
			"Name it with --ledger, or look for the copies with --adopt; to make them again, remove the results",
			s.results, len(lost), lost[0], store.Redacted(s.ledger))
	}
	show := s.newReporter(p)
	p.OnRow, p.OnSay = show.row, show.say
	if s.warning != "" {
		show.say(nil, s.warning)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // as under nohup
			signal.Notify(signals, sig)
		}
	}
	var first atomic.Value
	go func() {
		sig := <-signals
		first.Store(sig)
		show.say(nil, fmt.Sprintf("Stopping (%v): the requests under way are finished. Once more stops at once.", sig))
		p.Stop()
		sig = <-signals
		signal.Stop(signals) // a third one kills the program
		show.say(nil, fmt.Sprintf("Stopped (%v): the requests under way are in doubt. The next run looks for their copies.", sig))
		cancel()
	}()
	if s.Adopt {
		show.say(nil, "looking for copies that were made before")
	}
	p.Do(ctx)
	show.end()
	sig, _ := first.Load().(os.Signal)
	return s.finish(p, time.Since(show.begun), sig)
}

// prepare checks everything that can be checked before anything is sent. For a run, it
// makes the ledger and demands credentials.
func (s *settings) prepare(path string, run bool) (p *engine.Run, err error) {
	if err := errors.Join(s.check(path), checkResults(s.results)); err != nil {
		return nil, err
	}
	if p, err = s.read(path); err != nil {
		return nil, err
	}
	if p.Logger, err = s.logger(func(line string) { p.OnSay(nil, line) }); err != nil {
		return nil, err
	}
	if err := errors.Join(s.openLimiter(p), p.Open()); err != nil {
		return nil, err
	}
	if run && len(p.Missing) > 0 {
		return nil, fmt.Errorf("the environment lacks %s; nothing was sent", strings.Join(p.Missing, ", "))
	}
	if p.Known, err = readKnown(s.results); err != nil {
		return nil, err
	}
	if err := s.openStore(p, run); !errors.Is(err, store.ErrNone) {
		return p, err
	}
	return p, nil
}

func (s *settings) read(path string) (*engine.Run, error) {
	m, faults, err := readManifest(path)
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	if len(faults) > 0 {
		return nil, s.refuse(faults)
	}
	if !s.quiet {
		s.list("note", m.Notes)
	}
	return engine.New(m, s.Settings), nil
}

func readManifest(path string) (*manifest.Manifest, []manifest.Fault, error) {
	if path == "-" {
		return manifest.Read(os.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return manifest.Read(f)
}

// openStore opens the ledger and reads what it says of the rows. Without create, there may
// be store.ErrNone.
func (s *settings) openStore(p *engine.Run, create bool) (err error) {
	ctx := context.Background()
	p.Store, err = store.Open(ctx, s.ledger, create)
	if err != nil {
		return err
	}
	faults, err := p.Look(ctx, s.sameAccount)
	switch {
	case err != nil:
		err = fmt.Errorf("the ledger %s: %w", store.Redacted(s.ledger), err)
	case len(faults) > 0:
		err = s.refuse(faults)
	default:
		return nil
	}
	return errors.Join(err, p.Store.Close())
}

const maxShown = 20

// refuse prints the faults of a manifest in the form that editors know, and returns
// the error that ends the program.
func (s *settings) refuse(faults []manifest.Fault) error {
	s.list("fault", faults)
	return fmt.Errorf("faults in the manifest: %d; nothing was sent", len(faults))
}

func (s *settings) list(kind string, faults []manifest.Fault) {
	for i, f := range faults {
		switch {
		case s.json:
			writeJSON(struct {
				Event string `json:"event"`
				manifest.Fault
			}{kind, f})
		case i < maxShown:
			fmt.Fprintf(os.Stderr, "%s:%s\n", s.manifest, printable(strings.Replace(f.String(), " ", map[string]string{"fault": " ", "note": " note: "}[kind], 1)))
		case i == maxShown:
			fmt.Fprintf(os.Stderr, "... and %d more\n", len(faults)-i)
		}
	}
}

// finish writes the results, and says how the run ended and what to do next.
func (s *settings) finish(p *engine.Run, took time.Duration, sig os.Signal) error {
	unwritten := writeResults(s.results, p.Manifest, p.Rows)
	exit := exitOf(p.Rows, sig, unwritten)
	c, halted := engine.Count(p.Rows), make(map[string]string)
	for _, l := range p.Lanes {
		if why := l.Progress().Halted; why != "" {
			halted[l.Vendor.Name] = why
		}
	}
	if s.json {
		stopped := ""
		if sig != nil {
			stopped = sig.String()
		}
		writeJSON(map[string]any{
			"event": "summary", "rows": len(p.Rows), "counts": c.Of, "existing": c.Existing,
			"seconds": took.Round(time.Millisecond).Seconds(), "stopped": stopped, "halted": halted,
			"results_file": s.results, "ledger": store.Redacted(s.ledger), "exit_code": codeOf(exit),
		})
	}
	if s.json || s.quiet && exit == nil {
		return exit
	}
	fmt.Printf("%d rows: %s. It took %s.\n", len(p.Rows), countText(c), span(took))
	if unwritten == nil {
		fmt.Println("Results:", s.results)
	}
	fmt.Println("Ledger: ", store.Redacted(s.ledger))
	writeCauses(os.Stdout, p.Rows)
	for _, name := range slices.Sorted(maps.Keys(halted)) {
		fmt.Printf("- %s was halted: %s\n", name, halted[name])
	}
	again := again()
	for _, advice := range []struct {
		status engine.Status
		text   string
	}{
		{engine.Failed, "failed; no copy of them was made. Fix the causes, then: " + again + " --failed"},
		{engine.InDoubt, "are in doubt: there may be a copy. The next run looks for it first, and sends nothing twice."},
		{engine.Ambiguous, "need you to say which agent is the copy: agentcopy resolve " + commandLine([]string{s.manifest}) + " KEY"},
		{engine.NotStarted, "were not sent."},
	} {
		if n := c.Of[advice.status]; n > 0 {
			fmt.Printf("- %d %s\n", n, advice.text)
		}
	}
	if c.Of[engine.InDoubt]+c.Of[engine.NotStarted] > 0 {
		fmt.Println("To go on:", again)
	}
	return exit
}

// again is the command line without what was for this once, and without passwords.
func again() string {
	words := []string{"agentcopy"}
	for _, arg := range os.Args[1:] {
		if arg != "--failed" && arg != "--adopt" && arg != "--same-account" {
			words = append(words, arg)
		}
	}
	return store.Redacted(commandLine(words))
}
