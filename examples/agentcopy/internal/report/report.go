// Package report shows how a run goes: as bars on a terminal, as lines in a log,
// as JSON for machines, and afterwards as a file of results.
package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// Reporter shows a run. Its methods are called one at a time.
type Reporter interface {
	Begin()
	Result(engine.Result)
	Say(text string) // something that is not about one row
	End(Summary)
}

// Span is a duration as people read it.
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under 1s"
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// describe is one line on what became of a row.
func describe(r engine.Result) string {
	row := r.Row
	what := row.Vendor.Name + " " + Printable(row.Request.SourceID)
	if row.Request.Name != "" {
		what += fmt.Sprintf(" %q", row.Request.Name)
	}
	switch {
	case r.Status == engine.Copied && r.Existing:
		return what + " -> " + Printable(r.Copy.ID) + " (made before, or found)"
	case r.Status == engine.Copied:
		return what + " -> " + Printable(r.Copy.ID)
	case r.Status == engine.NotStarted:
		return what + ": not started"
	}
	if r.Status == engine.Unknown {
		what = fmt.Sprintf("key %q", r.Row.Key) // which is what settles it
	}
	line := fmt.Sprintf("%s: %s: %s", what, strings.ToUpper(string(r.Status)), errorText(r))
	if row.Line > 0 {
		line = fmt.Sprintf("line %d: %s", row.Line, line)
	}
	return line
}

// errorText is the error of a result without the key, which stands beside it.
func errorText(r engine.Result) string {
	if r.Err == nil {
		return ""
	}
	return strings.TrimPrefix(Printable(r.Err.Error()), fmt.Sprintf("key %q: ", r.Row.Key))
}

// Printable makes text from elsewhere fit for a terminal, on one line.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
