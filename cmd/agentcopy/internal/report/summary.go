package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// Summary is how a run ended.
type Summary struct {
	Run     *engine.Run
	Took    time.Duration
	Stopped string // by what; "" if it was not
	Results string // "" if they could not be written
	Ledger  string
	Name    string // of the manifest, for commands
	Again   string // the command that goes on with it
}

// JSON writes the summary as an object.
func (s Summary) JSON(w io.Writer) {
	c := engine.Count(s.Run.Rows)
	halted := make(map[string]string)
	for _, l := range s.Run.Lanes {
		if why := l.Halted(); why != "" {
			halted[l.Vendor.Name] = why
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"event": "summary", "rows": len(s.Run.Rows), "counts": c.Of, "existing": c.Existing, "seconds": s.Took.Round(time.Millisecond).Seconds(),
		"stopped": s.Stopped, "halted": halted, "results_file": s.Results, "ledger": s.Ledger,
	})
}

// CountText is "3 copied, 1 failed".
func CountText(c engine.Counts) string {
	var parts []string
	for _, status := range engine.Statuses {
		n := c.Of[status]
		if n == 0 && status != engine.Copied {
			continue
		}
		part := fmt.Sprintf("%d %s", n, words(status))
		if status == engine.Copied && c.Existing > 0 {
			part += fmt.Sprintf(" (%d of them by an earlier run, or found)", c.Existing)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// Write says how it ended, and what to do next.
func (s Summary) Write(w io.Writer) {
	c := engine.Count(s.Run.Rows)
	fmt.Fprintf(w, "%d rows: %s. It took %s.\n", len(s.Run.Rows), CountText(c), Span(s.Took))
	if s.Results != "" {
		fmt.Fprintf(w, "Results: %s\n", s.Results)
	}
	fmt.Fprintf(w, "Ledger:  %s\n", s.Ledger)
	Causes(w, s.Run.Rows)
	for _, l := range s.Run.Lanes {
		if why := l.Halted(); why != "" {
			fmt.Fprintf(w, "- %s was halted: %s\n", l.Vendor.Name, why)
		}
	}
	if n := c.Of[engine.Failed]; n > 0 {
		fmt.Fprintf(w, "- %d failed; no copy was made of them. Fix what the causes say, then: %s --failed\n", n, s.Again)
	}
	if n := c.Of[engine.InDoubt]; n > 0 {
		fmt.Fprintf(w, "- %d are in doubt: there may be a copy. The next run looks for it first, and sends nothing twice.\n", n)
	}
	if n := c.Of[engine.Ambiguous]; n > 0 {
		fmt.Fprintf(w, "- %d need you to say which agent is the copy: agentcopy resolve %s KEY\n", n, s.Name)
	}
	if n := c.Of[engine.NotStarted]; n > 0 {
		fmt.Fprintf(w, "- %d were not sent.\n", n)
	}
	if c.Of[engine.InDoubt]+c.Of[engine.NotStarted] > 0 {
		fmt.Fprintf(w, "To go on: %s\n", s.Again)
	}
}

// Causes groups failures that are alike.
func Causes(w io.Writer, rows []*engine.Row) {
	groups := make(map[string][]*engine.Row)
	for _, row := range rows {
		if row.Status == engine.Failed || row.Status == engine.InDoubt {
			cause := fmt.Sprintf("%s, %s: %s", words(row.Status), row.Vendor.Name, row.Cause)
			groups[cause] = append(groups[cause], row)
		}
	}
	for _, cause := range slices.Sorted(maps.Keys(groups)) {
		var lines []string
		for _, row := range groups[cause][:min(5, len(groups[cause]))] {
			lines = append(lines, fmt.Sprint(row.Line))
		}
		if len(groups[cause]) > len(lines) {
			lines = append(lines, "...")
		}
		fmt.Fprintf(w, "  %d %s (lines %s)\n      such as: %s\n", len(groups[cause]), cause, strings.Join(lines, ", "), Printable(groups[cause][0].Error))
	}
}

// CommandLine is args as a shell takes them.
func CommandLine(args []string) string {
	var words []string
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
