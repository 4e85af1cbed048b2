package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/report"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
)

// errNotSent ends a look that has seen nothing: what Once would do next is to
// send the request again.
var errNotSent = errors.New("no copy is to be seen")

// looker is a Copier that looks and never sends. With it, Once settles a key by
// the rules of a run.
type looker struct{ agentcopy.Copier }

func (l looker) Copy(context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
	return agentcopy.Copy{}, &agentcopy.Error{Operation: "resolve", Outcome: agentcopy.OutcomeNotCopied, Message: errNotSent.Error(), Err: errNotSent}
}

// look settles the record by looking.
func (r resolution) look(ledger once.Ledger, record once.Record) error {
	v := vendor.Find(record.Identity.Provider)
	if v == nil {
		return fmt.Errorf("the ledger names a provider %q, which this program does not know", record.Identity.Provider)
	}
	extras, err := r.extras()
	if err != nil {
		return err
	}
	copier, err := eyes(v, record, extras)
	if err != nil {
		return err
	}
	// One Ctrl-C is enough: nothing is under way that could be lost.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Printf("Looking for %s, for up to %v ...\n", r.key, r.settleTime.Round(time.Second))
	runner := &once.Runner{Ledger: ledger, SettleTime: r.settleTime}
	copied, err := runner.Copy(ctx, r.key, looker{copier}, record.Request)
	switch {
	case err == nil:
		fmt.Printf("%s: copied, as %s\n", r.key, report.Printable(copied.ID))
		return nil
	case errors.Is(err, errNotSent) && !errors.Is(err, agentcopy.ErrOutcomeUnknown) && !errors.Is(err, agentcopy.ErrCopied):
		fmt.Printf("%s: no copy is to be seen; the next run makes one\n", r.key)
		return nil
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, errors.New("interrupted; the key is as it was")}
	}
	return &exitError{exitUnknown, fmt.Errorf("%w\nIf you know which agent is the copy, say --copied ID; if there is none, --not-copied", err)}
}

// extras are those of the key's row in the manifest.
func (r resolution) extras() (map[string]string, error) {
	if r.manifest == "" {
		return nil, nil
	}
	m, faults, err := readManifest(r.manifest)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, refuse(os.Stderr, r.manifest, faults)
	}
	for _, row := range m.Rows {
		if row.Key == r.key {
			return row.Extras, nil
		}
	}
	return nil, nil
}

// eyes is the vendor's Copier, if it sees the place where the copy would be.
func eyes(v *vendor.Vendor, record once.Record, extras map[string]string) (agentcopy.Copier, error) {
	client, err := v.Open()
	if err != nil {
		return nil, fmt.Errorf("to look, it takes the credentials of %s: %w", v.Name, err)
	}
	copier := client.Copier(extras)
	today, then := copier.Identify(record.Request), record.Identity
	switch {
	case today.Origin != then.Origin:
		return nil, fmt.Errorf("the copy was asked for at %s, and the environment points to %s", then.Origin, today.Origin)
	case today.Template != then.Template:
		return nil, fmt.Errorf("the copy was asked for with %s, which is not what the manifest says now; name the manifest that does, "+
			"or settle it by --copied or --not-copied", then.Template)
	}
	return copier, nil
}
