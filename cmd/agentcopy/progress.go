package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
)

// reporter shows how a run goes: as bars on a terminal, as lines in a log, as JSON for
// machines. Its methods may be called at any time, from any goroutine.
type reporter struct {
	*settings
	begun  time.Time
	over   chan struct{}
	screen *mpb.Progress // nil: no bars
	bars   map[string]*mpb.Bar
	total  *mpb.Bar
}

// newReporter returns the one that the flags and the terminal ask for.
func (s *settings) newReporter(run *engine.Run) *reporter {
	r := &reporter{settings: s, begun: time.Now(), over: make(chan struct{})}
	if !s.json && !s.plain && !s.quiet && term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb" {
		r.draw(run)
	} else if s.stats > 0 && !s.quiet {
		go r.heartbeat(run)
	}
	return r
}

// draw draws a bar for each lane, and a line for all.
func (r *reporter) draw(run *engine.Run) {
	r.screen = mpb.New(mpb.WithOutput(os.Stderr), mpb.WithRefreshRate(200*time.Millisecond), mpb.WithAutoRefresh())
	r.bars = make(map[string]*mpb.Bar)
	style := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
	all := 0
	for _, lane := range run.Lanes {
		todo := len(lane.Work())
		if all += todo; todo == 0 {
			continue
		}
		r.bars[lane.Vendor.Name] = r.screen.New(int64(todo), style, mpb.BarFillerTrim(),
			mpb.PrependDecorators(decor.Name(lane.Vendor.Name+" ", decor.WCSyncSpaceR), decor.CountersNoUnit("%d/%d ", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
				if s.Completed {
					return " done"
				}
				return " " + doing(lane.Progress())
			})))
	}
	r.total = r.screen.New(int64(all), mpb.NopStyle(), mpb.BarPriority(1000), mpb.PrependDecorators(
		decor.Name("total "), decor.CountersNoUnit("%d/%d, "), decor.Elapsed(decor.ET_STYLE_GO)))
}

// doing is what a lane does, and how long that takes.
func doing(p engine.Progress) string {
	switch {
	case p.Halted != "":
		return "halted"
	case p.Paused > 0:
		return fmt.Sprintf("waits %s, left %s", span(p.Paused), span(p.ETA))
	case p.Looking > 0:
		return fmt.Sprintf("looks for %d, left %s", p.Looking, span(p.ETA))
	}
	return "left " + span(p.ETA)
}

// heartbeat says from time to time how far the lanes are.
func (r *reporter) heartbeat(run *engine.Run) {
	ticks := time.NewTicker(r.stats)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-r.over:
			return
		}
		for _, lane := range run.Lanes {
			switch p := lane.Progress(); {
			case p.Left == 0 && p.Looking == 0:
			case r.json:
				writeJSON(map[string]any{"event": "progress", "provider": lane.Vendor.Name, "left": p.Left, "looking": p.Looking,
					"waits_seconds": p.Paused.Seconds(), "eta_seconds": p.ETA.Seconds(), "elapsed_seconds": time.Since(r.begun).Seconds()})
			default:
				r.say(lane, fmt.Sprintf("%d of %d rows to go after %s: %s", p.Left, len(lane.Rows), span(time.Since(r.begun)), doing(p)))
			}
		}
	}
}

// row shows what became of a row.
func (r *reporter) row(row *engine.Row) {
	if r.json {
		writeJSON(eventOf(row))
	} else if r.verbose || row.Status != engine.Copied {
		r.line(describe(row))
	}
	if bar := r.bars[row.Vendor.Name]; bar != nil {
		bar.Increment()
		r.total.Increment()
	}
}

// say shows something about a lane, or about the run.
func (r *reporter) say(lane *engine.Lane, text string) {
	event := map[string]any{"event": "notice", "text": text}
	if lane != nil {
		event["provider"] = lane.Vendor.Name
		text = lane.Vendor.Name + ": " + text
	}
	if r.json {
		writeJSON(event)
	} else if !r.quiet {
		r.line(printable(text))
	}
}

func (r *reporter) line(text string) {
	if r.screen == nil {
		fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), text)
		return
	}
	// The terminal's own "^C" may have moved the cursor, and the bars are redrawn
	// from where it stands: back to the left margin first.
	fmt.Fprint(os.Stderr, "\r")
	if _, err := fmt.Fprintln(r.screen, text); err != nil {
		fmt.Fprintln(os.Stderr, text) // the bars are complete, and no longer in the way
	}
}

func (r *reporter) end() {
	close(r.over)
	if r.screen == nil {
		return
	}
	for _, bar := range r.bars {
		bar.Abort(false) // keeps what is drawn of those that are not complete
	}
	r.total.Abort(false)
	r.screen.Wait()
}

// writeJSON writes an event on a line. If its reader is gone, the run goes on.
func writeJSON(event any) { _ = json.NewEncoder(os.Stdout).Encode(event) }

// eventOf is a row as an event.
func eventOf(r *engine.Row) any {
	event := map[string]any{"event": "row", "line": r.Line, "provider": r.Vendor.Name, "source_id": r.Request.SourceID, "name": r.Request.Name, "cause": r.Cause}
	for i, text := range outcome(r) {
		event[manifest.ResultColumns[i]] = text
	}
	maps.DeleteFunc(event, func(_ string, value any) bool { return value == "" })
	event["existing"] = r.Existing
	return event
}

// describe is one line on what became of a row.
func describe(r *engine.Row) string {
	what := r.Vendor.Name + " " + r.Request.SourceID
	if r.Request.Name != "" {
		what += fmt.Sprintf(" %q", r.Request.Name)
	}
	switch {
	case r.Status == engine.Copied && r.Existing:
		what += " -> " + r.Copy.ID + " (made before, or found)"
	case r.Status == engine.Copied:
		what += " -> " + r.Copy.ID
	default:
		what = strings.TrimSuffix(fmt.Sprintf("line %d: %s: %s: %s", r.Line, what, words(r.Status), r.Error), ": ")
	}
	return printable(what)
}

func words(s engine.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// printable makes text from elsewhere fit for a terminal, on one line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// span is a duration as people read it.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under 1s"
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// countText is "3 copied, 1 failed".
func countText(c engine.Counts) string {
	var parts []string
	for _, status := range engine.Statuses {
		n := c.Of[status]
		if n == 0 && status != engine.Copied {
			continue
		}
		part := fmt.Sprintf("%d %s", n, words(status))
		if status == engine.Copied && c.Existing > 0 {
			part += fmt.Sprintf(" (%d of them before, or found)", c.Existing)
		}
		if status == engine.NotStarted && c.AtWork > 0 {
			part += fmt.Sprintf(" (%d of them at work)", c.AtWork)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// commandLine is args as a shell takes them.
func commandLine(args []string) string {
	for i, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
			args[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(args, " ")
}
