package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/once"
)

const resolveHelp = `Resolve settles a row as you decide. Without a flag it shows what is known about the
key, and the agents that may be its copy. Look at them on the vendor's own pages, and
then pass one of:

  --assign ID     the agent ID is the copy
  --dismiss ID    the agent ID is not the copy; may be repeated
  --forget        forget the key, whatever is known about it: the next run makes a
                  copy, even if one has been made

It asks no vendor. There is no undo: not every vendor lets a copy be deleted.`

// verdict is what a person says of a key.
type verdict struct {
	ledger, assign string
	dismiss        []string
	forget, force  bool
}

func newResolve() *cobra.Command {
	var v verdict
	cmd := &cobra.Command{
		Use:   "resolve MANIFEST KEY",
		Short: "Settle a row yourself: assign, dismiss or forget",
		Long:  resolveHelp,
		Example: `  agentcopy resolve tenants.csv "kolena/123/Tenant 1"
  agentcopy resolve tenants.csv "kolena/123/Tenant 1" --assign 456`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return unsettledKeys(ledgerOf(v.ledger, args[0]), prefix), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := store.Open(context.Background(), ledgerOf(v.ledger, args[0]), false)
			if err != nil {
				return err
			}
			return errors.Join(v.resolve(s, args[1]), s.Close())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&v.ledger, "ledger", "", "the ledger (default: beside the manifest)")
	flags.StringVar(&v.assign, "assign", "", "the ID of the agent that is the copy")
	flags.StringArrayVar(&v.dismiss, "dismiss", nil, "the ID of an agent that is not the copy; may be repeated")
	flags.BoolVar(&v.forget, "forget", false, "forget the key")
	flags.BoolVar(&v.force, "force", false, "assign an agent even if no search for the copy has shown it")
	cmd.MarkFlagsMutuallyExclusive("assign", "dismiss", "forget")
	return cmd
}

func (v *verdict) resolve(s *store.Store, key string) error {
	ctx := context.Background()
	record, found, err := s.Get(ctx, key)
	shown := func(c agentcopy.Candidate) bool { return strings.EqualFold(c.Copy.ID, v.assign) }
	switch {
	case err != nil:
		return fmt.Errorf("the ledger cannot be read: %w", err)
	case !found && !v.forget:
		return fmt.Errorf("the ledger does not have the key %q: nothing was sent for it, or what was sent provably made no copy", key)
	case v.assign != "" && !v.force && record.Copy.ID != v.assign && !slices.ContainsFunc(record.Seen, shown):
		return fmt.Errorf("no look for the copy has shown the agent %s. If you are sure that it exists and is the copy, add --force", v.assign)
	}
	runner := &once.Runner{Ledger: s}
	done := ""
	switch {
	case v.assign != "":
		done, err = "copied, as "+v.assign, errors.Join(runner.Assign(ctx, key, v.assign), s.ClearFailure(ctx, key))
	case len(v.dismiss) > 0:
		done, err = "dismissed "+strings.Join(v.dismiss, ", ")+"; the next run goes on", runner.Dismiss(ctx, key, v.dismiss...)
	case v.forget:
		done, err = "forgotten; the next run makes a copy", errors.Join(s.Remove(ctx, key), s.ClearFailure(ctx, key))
	default:
		return explain(&record)
	}
	if err != nil {
		return &exitError{exitFailed, fmt.Errorf("%q could not be settled: %w", key, err)}
	}
	fmt.Printf("%s: %s\n", printable(key), printable(done))
	return nil
}

// explain writes what is known of a key.
func explain(r *once.Record) error {
	status, _ := engine.StatusOf(r)
	state := words(status)
	if r.Done() {
		state = fmt.Sprintf("copied, as %s %q", r.Copy.ID, r.Copy.Name)
	}
	fmt.Println(printable(fmt.Sprintf("%s: %s; sent %d times", r.Key, state, r.Sends)))
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range r.Seen {
		fmt.Fprintf(table, "  %s\t%q\t%s\t%s\n", printable(c.Copy.ID), c.Copy.Name, c.Made.Format(time.DateTime), printable(c.Reason))
	}
	return table.Flush()
}

// unsettledKeys are those that begin with prefix.
func unsettledKeys(ledger, prefix string) (keys []string) {
	ctx := context.Background()
	s, err := store.Open(ctx, ledger, false)
	if err != nil {
		return nil
	}
	defer s.Close()
	for record, err := range s.List(ctx) {
		if err == nil && !record.Done() && strings.HasPrefix(record.Key, prefix) && len(keys) < 100 {
			keys = append(keys, record.Key)
		}
	}
	return keys
}
