package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/once"
)

const resolveHelp = `Resolve settles a row by your word. Without a flag it shows what is known of the
key, and the agents that may be its copy. Look at them on the vendor's own pages,
and then say one of:

  --assign ID     the agent ID is the copy
  --dismiss ID    the agent ID is not the copy; may be repeated
  --forget        forget the key, whatever is known of it: the next run makes a
                  copy, even if one has been made

It asks no vendor. There is no undo: some vendors let no copy be deleted.`

func newResolve() *cobra.Command {
	var ledger, assign string
	var dismiss []string
	var forget, force bool
	cmd := &cobra.Command{
		Use:   "resolve MANIFEST KEY",
		Short: "Settle a row by your word: assign, dismiss, forget",
		Long:  resolveHelp,
		Example: `  agentcopy resolve tenants.csv "kolena/123/Tenant 1"
  agentcopy resolve tenants.csv "kolena/123/Tenant 1" --assign 456`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return unsettledKeys(cmd, ledger, args[0], prefix), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := openLedger(cmd, ledger, args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			record, found, err := s.Get(cmd.Context(), args[1])
			switch {
			case err != nil:
				return fmt.Errorf("the ledger cannot be read: %w", err)
			case !found && !forget:
				return fmt.Errorf("the ledger has no key %q: nothing was sent for it, or it provably made no copy", args[1])
			case assign != "" && !force && !slices.ContainsFunc(record.Seen, func(c agentcopy.Candidate) bool { return strings.EqualFold(c.Copy.ID, assign) }) && record.Copy.ID != assign:
				return fmt.Errorf("no look has shown the agent %s. If you are sure that it is there and is the copy, add --force", assign)
			}
			return resolve(cmd, s, record, args[1], assign, dismiss, forget)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&ledger, "ledger", "", "the ledger (default: beside the manifest)")
	flags.StringVar(&assign, "assign", "", "the ID of the agent that is the copy")
	flags.StringArrayVar(&dismiss, "dismiss", nil, "the ID of an agent that is not the copy; may be repeated")
	flags.BoolVar(&forget, "forget", false, "forget the key")
	flags.BoolVar(&force, "force", false, "assign an agent that no look has shown")
	cmd.MarkFlagsMutuallyExclusive("assign", "dismiss", "forget")
	return cmd
}

func resolve(cmd *cobra.Command, s *store.Store, record once.Record, key, assign string, dismiss []string, forget bool) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	runner := &once.Runner{Ledger: s}
	done := ""
	switch {
	case assign != "":
		done, err = "copied, as "+assign, runner.Assign(ctx, key, assign)
	case len(dismiss) > 0:
		done, err = "dismissed "+strings.Join(dismiss, ", ")+"; the next run goes on", runner.Dismiss(ctx, key, dismiss...)
	case forget:
		done, err = "forgotten; the next run makes a copy", errors.Join(s.Remove(ctx, key), s.ClearFailure(ctx, key))
	default:
		fmt.Fprintf(out, "%s: %s, sent %d times %s\n", report.Printable(key), stateOf(&record), record.Sends, sinceText(record.Since))
		if record.Done() {
			fmt.Fprintf(out, "The copy is %s %q.\n", report.Printable(record.Copy.ID), record.Copy.Name)
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, c := range record.Seen {
			fmt.Fprintf(table, "  %s\t%q\t%s\t%s\n", report.Printable(c.Copy.ID), c.Copy.Name, c.Made.Format(time.DateTime), report.Printable(c.Reason))
		}
		return table.Flush()
	}
	if err != nil {
		return &exitError{exitFailed, fmt.Errorf("%q could not be settled: %w", key, err)}
	}
	fmt.Fprintf(out, "%s: %s\n", report.Printable(key), report.Printable(done))
	return nil
}

// unsettledKeys are those that begin with prefix.
func unsettledKeys(cmd *cobra.Command, ledger, manifest, prefix string) (keys []string) {
	s, err := openLedger(cmd, ledger, manifest)
	if err != nil {
		return nil
	}
	defer s.Close()
	for record, err := range s.List(cmd.Context()) {
		if err == nil && !record.Done() && strings.HasPrefix(record.Key, prefix) && len(keys) < 100 {
			keys = append(keys, record.Key)
		}
	}
	return keys
}
