package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

const copyHelp = `Copy makes one copy. The same command given again makes no second one, but shows
the first: the ledger knows it by provider, source and name. For another copy of
the same name, give it a --key of its own.`

const copyExamples = `  agentcopy copy --provider kolena --source 123 --name "Tenant 1" --target-folder-id 7
  agentcopy copy --provider cotool --source 1f6cbd0a-6d5b-4ad6-9a43-0d9bd5c7d9a4
  agentcopy copy --provider zudu --source agent_1 --name Berlin --key "second try"`

func newCopy() *cobra.Command {
	var s settings
	cells := map[string]*string{}
	cmd := &cobra.Command{
		Use:     "copy --provider NAME --source ID [--name NAME]",
		Short:   "Make one copy",
		Long:    copyHelp,
		Example: copyExamples,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return copyOne(cells, &s) },
	}
	text := func(column, flag, usage string) { cells[column] = cmd.Flags().String(flag, "", usage) }
	text("provider", "provider", strings.Join(vendor.Names(), ", "))
	text("source_id", "source", "the ID of the agent to copy")
	text("name", "name", "the name of the copy")
	text("key", "key", "names this copy in the ledger (default: made of provider, source and name)")
	for _, v := range vendor.All() {
		for _, column := range v.Extras {
			text(column, flagOf(column), "of "+v.Name+" alone")
		}
	}
	s.addTo(cmd)
	addLedger(cmd, &s.ledger)
	for _, name := range []string{"provider", "source"} {
		_ = cmd.MarkFlagRequired(name) // the flag is there: it was added above
	}
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(vendor.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func copyOne(flags map[string]*string, s *settings) error {
	if err := s.check(); err != nil {
		return err
	}
	s.ledger = ledgerFile(s.ledger, "")
	s.plain = !s.json // a bar for one is no use
	cells := make(map[string]string)
	for column, value := range flags {
		cells[column] = *value
	}
	m, faults := manifest.One(cells)
	again := report.CommandLine(append([]string{"agentcopy"}, os.Args[1:]...))
	return batch{manifest: m, faults: faults, settings: s, again: again}.run()
}
