package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
)

const runHelp = `Run makes the copies that a manifest lists, those of several vendors in parallel
and each vendor's at its own pace. Before it sends anything, it checks the whole
manifest, and names every fault with its line.

A manifest is CSV with a header line, or JSON with one object a line; - reads it
from standard input. Its columns:

  provider    zudu, cotool, langsmith or kolena
  source_id   the ID of the agent to copy
  name        of the copy; leave it empty for cotool, which allows none
  key         names this copy in the ledger, for good; left empty, it is made of
              the other three, so that a row that comes again is not copied again

and, where a vendor has more to say:

  langsmith   permissions_identity, permissions_visibility,
              permissions_tenant_access_level, user_timezone
  kolena      target_workspace_id, target_folder_id

Beside the manifest, a ledger file remembers what was copied, and a results file
says what became of each row. Ctrl-C finishes what is under way; a second one
stops at once. The same command goes on where it stopped.`

const runExamples = `  agentcopy run tenants.csv --dry-run             is it all right? how long will it take?
  agentcopy run tenants.csv                       make the copies, or go on with them
  agentcopy run tenants.csv --json | jq .status   for machines
  agentcopy run - --ledger t.db < tenants.jsonl   from standard input
  agentcopy run tenants.csv --limit kolena=120/1m with a limit of your own`

func newRun() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:     "run MANIFEST",
		Short:   "Make the copies that a manifest lists",
		Long:    runHelp,
		Example: runExamples,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runManifest(args[0], &s) },
	}
	s.addTo(cmd)
	addLedger(cmd, &s.ledger)
	return cmd
}

func runManifest(path string, s *settings) error {
	if err := s.check(); err != nil {
		return err
	}
	s.ledger = ledgerFile(s.ledger, path)
	if s.results == "" {
		s.results = beside(path, ".results.csv")
		if report.IsJSONLines(path) {
			s.results = beside(path, ".results.jsonl")
		}
	}
	if err := checkFiles(path, s); err != nil {
		return err
	}
	m, faults, err := readManifest(path)
	if err != nil {
		return err
	}
	file := path
	if path == "-" {
		file = "standard input"
	}
	b := batch{file: file, manifest: m, faults: faults, settings: s}
	if path != "-" {
		b.again = report.CommandLine(append([]string{"agentcopy"}, os.Args[1:]...))
	}
	return b.run()
}

// checkFiles keeps the files apart from each other.
func checkFiles(manifest string, s *settings) error {
	switch {
	case filepath.Clean(s.results) == filepath.Clean(manifest):
		return fmt.Errorf("the results would overwrite the manifest: name another file with --results")
	case filepath.Clean(s.ledger) == filepath.Clean(manifest):
		return fmt.Errorf("the ledger cannot be the manifest: name another file with --ledger")
	case filepath.Clean(s.ledger) == filepath.Clean(s.results):
		return fmt.Errorf("the ledger and the results cannot be one file")
	}
	return nil
}

func readManifest(path string) (manifest.Manifest, []manifest.Fault, error) {
	var r io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return manifest.Manifest{}, nil, fmt.Errorf("the manifest cannot be read: %w", err)
		}
		defer f.Close()
		r = f
	}
	m, faults, err := manifest.Read(r)
	if err != nil {
		return manifest.Manifest{}, nil, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	return m, faults, nil
}
