package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
)

// refuse prints the faults of a manifest, in the form that editors know, and
// returns the error that ends the program. file is what its lines are of.
func refuse(w io.Writer, file string, faults []manifest.Fault) error {
	for _, f := range faults {
		fmt.Fprintln(w, placed(file, f))
	}
	what := "1 fault"
	if len(faults) > 1 {
		what = fmt.Sprintf("%d faults", len(faults))
	}
	return &exitError{exitUsage, fmt.Errorf("%s; nothing was sent", what)}
}

// placed is a fault and where it is: in a file, or in a flag of a command line.
func placed(file string, f manifest.Fault) string {
	switch {
	case f.Line > 0:
		return file + ":" + f.String()
	case f.Column != "":
		return "--" + flagOf(f.Column) + ": " + f.Text
	}
	return f.Text
}

// flagOf is the flag of command copy for a column.
func flagOf(column string) string {
	if column == "source_id" {
		return "source"
	}
	return strings.ReplaceAll(column, "_", "-")
}

func note(w io.Writer, file string, notes []manifest.Fault) {
	for _, n := range notes {
		fmt.Fprintln(w, "note:", placed(file, n))
	}
}
