// Package report shows how a run goes: as bars on a terminal, as lines in a log, as
// JSON for machines, and afterwards as a file of results.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// Reporter shows a run. Its methods may be called at any time by anybody.
type Reporter interface {
	Row(*engine.Row)
	Say(lane *engine.Lane, text string) // lane may be nil
	End()
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

// Describe is one line on what became of a row.
func Describe(r *engine.Row) string {
	what := r.Vendor.Name + " " + r.Request.SourceID
	if r.Request.Name != "" {
		what += fmt.Sprintf(" %q", r.Request.Name)
	}
	switch {
	case r.Status == engine.Copied && r.Existing:
		what += " -> " + r.CopyID + " (made before, or found)"
	case r.Status == engine.Copied:
		what += " -> " + r.CopyID
	case r.Status == engine.NotStarted:
		what = fmt.Sprintf("line %d: %s: to copy", r.Line, what)
	default:
		what = fmt.Sprintf("line %d: %s: %s: %s", r.Line, what, words(r.Status), r.Error)
	}
	return Printable(what)
}

func words(s engine.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// Printable makes text from elsewhere fit for a terminal, on one line.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// lines writes a line for each row that did not go well, or for each one, and from
// time to time how far the lanes are.
type lines struct {
	mu      sync.Mutex
	w       io.Writer
	run     *engine.Run
	verbose bool
	quiet   bool
	begun   time.Time
	end     chan struct{}
}

// Lines returns a Reporter for logs. A heartbeat of 0 is none.
func Lines(w io.Writer, run *engine.Run, verbose, quiet bool, heartbeat time.Duration) Reporter {
	l := &lines{w: w, run: run, verbose: verbose, quiet: quiet, begun: time.Now(), end: make(chan struct{})}
	if heartbeat > 0 && !quiet {
		go func() {
			ticks := time.NewTicker(heartbeat)
			defer ticks.Stop()
			for {
				select {
				case <-ticks.C:
					for _, lane := range run.Lanes {
						if lane.Left() > 0 {
							l.Say(lane, progress(lane, time.Since(l.begun)))
						}
					}
				case <-l.end:
					return
				}
			}
		}()
	}
	return l
}

// progress is how far a lane is.
func progress(lane *engine.Lane, elapsed time.Duration) string {
	left := lane.Left()
	text := fmt.Sprintf("%d of %d left after %s", left, len(lane.Rows), Span(elapsed))
	if paused := lane.Paused(); paused > 0 {
		return text + "; the vendor asks to wait " + Span(paused)
	}
	return text
}

func (l *lines) Row(r *engine.Row) {
	if l.verbose || r.Status != engine.Copied {
		l.write(Describe(r))
	}
}

func (l *lines) Say(lane *engine.Lane, text string) {
	if l.quiet {
		return
	}
	l.write(said(lane, text))
}

func said(lane *engine.Lane, text string) string {
	if lane != nil {
		text = lane.Vendor.Name + ": " + text
	}
	return Printable(text)
}

func (l *lines) write(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, time.Now().Format(time.TimeOnly), text)
}

func (l *lines) End() { close(l.end) }

// asJSON writes an object a line.
type asJSON struct {
	mu  sync.Mutex
	enc *json.Encoder
}

// JSON returns a Reporter for machines.
func JSON(w io.Writer) Reporter { return &asJSON{enc: json.NewEncoder(w)} }

func (j *asJSON) Row(r *engine.Row) { j.write(EventOf("row", r)) }

func (j *asJSON) Say(lane *engine.Lane, text string) {
	event := map[string]any{"event": "notice", "text": text}
	if lane != nil {
		event["provider"] = lane.Vendor.Name
	}
	j.write(event)
}

func (j *asJSON) End() {}

// write writes one object. Who reads it is gone if that fails, and the run goes on.
func (j *asJSON) write(event any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.enc.Encode(event)
}

// Event is a row as JSON.
type Event struct {
	Event    string        `json:"event"`
	Line     int           `json:"line"`
	Key      string        `json:"key"`
	Provider string        `json:"provider"`
	SourceID string        `json:"source_id"`
	Name     string        `json:"name,omitempty"`
	Status   engine.Status `json:"status"`
	CopyID   string        `json:"copy_id,omitempty"`
	CopyName string        `json:"copy_name,omitempty"`
	Existing bool          `json:"existing,omitempty"`
	Cause    string        `json:"cause,omitempty"`
	Error    string        `json:"error,omitempty"`
}

// EventOf is r as JSON.
func EventOf(event string, r *engine.Row) Event {
	return Event{event, r.Line, r.Key, r.Vendor.Name, r.Request.SourceID, r.Request.Name, r.Status, r.CopyID, r.CopyName, r.Existing, r.Cause, r.Error}
}
