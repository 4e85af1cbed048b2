package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// Summary is how a run ended.
type Summary struct {
	Counts      engine.Counts
	Took        time.Duration
	Interrupted bool
	ResultsFile string // empty if there is none
	LedgerFile  string
	Again       string // the command that goes on with it
}

// SummaryOf counts results.
func SummaryOf(results []engine.Result) Summary {
	var s Summary
	for _, r := range results {
		s.Counts.Add(r)
	}
	return s
}

// write says how it ended, and what to do next.
func (s Summary) write(w io.Writer) {
	c := s.Counts
	total := c.Finished() + c.NotStarted
	parts := []string{fmt.Sprintf("%d copied", c.Copied)}
	if c.Existing > 0 {
		parts[0] += fmt.Sprintf(" (%d of them by an earlier run, or found)", c.Existing)
	}
	for _, part := range []struct {
		n    int
		what string
	}{{c.Failed, "failed"}, {c.Unknown, "unknown"}, {c.NotStarted, "not started"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	fmt.Fprintf(w, "\n%d to copy: %s. It took %s.\n", total, strings.Join(parts, ", "), Span(s.Took))
	if s.ResultsFile != "" {
		fmt.Fprintf(w, "Results: %s\n", s.ResultsFile)
	}
	if s.LedgerFile != "" {
		fmt.Fprintf(w, "Ledger:  %s\n", s.LedgerFile)
	}
	for _, line := range s.next() {
		fmt.Fprintln(w, line)
	}
}

// next is what to do now.
func (s Summary) next() (lines []string) {
	c := s.Counts
	if c.Failed > 0 {
		lines = append(lines, fmt.Sprintf("- %d failed, and no copy of them was made. Mend what the results say, then run it again.", c.Failed))
	}
	if c.Unknown > 0 {
		lines = append(lines, fmt.Sprintf("- %d may have been copied. Run it again: it looks for them first, and sends nothing twice.", c.Unknown))
		if s.LedgerFile != "" {
			lines = append(lines, "  To settle one by hand: agentcopy resolve KEY --ledger "+quoted(s.LedgerFile))
		}
	}
	if c.NotStarted > 0 {
		lines = append(lines, fmt.Sprintf("- %d were not sent. Run it again to go on: what is copied is not copied twice.", c.NotStarted))
	}
	if len(lines) > 0 && s.Again != "" {
		lines = append(lines, "To run it again: "+s.Again)
	}
	return lines
}

// quoted is a word of a command line.
func quoted(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return strings.ContainsRune(" \t\n'\"\\$`&|;<>()*?[]#~!{}", r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// CommandLine is args as a shell takes them.
func CommandLine(args []string) string {
	var words []string
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	return strings.Join(words, " ")
}
