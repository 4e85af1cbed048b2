package report

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// bars draws a bar for each lane, and above them a line for each row that did not
// go well.
type bars struct {
	w        io.Writer
	verbose  bool
	progress *mpb.Progress
	bars     map[string]*mpb.Bar
	total    *mpb.Bar
}

// Bars returns a Reporter for a terminal.
func Bars(w io.Writer, run *engine.Run, verbose bool) Reporter {
	b := &bars{w: w, verbose: verbose, bars: make(map[string]*mpb.Bar)}
	b.progress = mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(200*time.Millisecond), mpb.WithAutoRefresh())
	style := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
	all := 0
	for _, lane := range run.Lanes {
		todo := 0
		for _, row := range lane.Rows {
			if run.ToDo(row) {
				todo++
			}
		}
		if todo == 0 {
			continue
		}
		all += todo
		eta := decor.AverageETA(decor.ET_STYLE_GO)
		b.bars[lane.Vendor.Name] = b.progress.New(int64(todo), style, mpb.BarFillerTrim(),
			mpb.PrependDecorators(decor.Name(lane.Vendor.Name+" ", decor.WCSyncSpaceR), decor.CountersNoUnit("%d/%d ", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return beside(lane, s, eta) })),
		)
	}
	b.total = b.progress.New(int64(all), mpb.NopStyle(), mpb.BarPriority(1000), mpb.PrependDecorators(
		decor.Name("total "), decor.CountersNoUnit("%d/%d, "), decor.Elapsed(decor.ET_STYLE_GO)))
	return b
}

// beside is what stands beside a bar.
func beside(lane *engine.Lane, s decor.Statistics, eta decor.Decorator) string {
	switch {
	case s.Completed:
		return " done"
	case lane.Halted() != "":
		return " halted"
	case lane.Paused() > 0:
		return " waits " + Span(lane.Paused())
	case s.Current == 0:
		return ""
	}
	text, _ := eta.Decor(s)
	return " left " + text
}

func (b *bars) Row(r *engine.Row) {
	if b.verbose || r.Status != engine.Copied {
		b.line(Describe(r))
	}
	if bar := b.bars[r.Vendor.Name]; bar != nil {
		bar.Increment()
		b.total.Increment()
	}
}

func (b *bars) Say(lane *engine.Lane, text string) { b.line(said(lane, text)) }

// line writes a line above the bars.
func (b *bars) line(text string) {
	// The terminal's own "^C" may have moved the cursor, and the bars are redrawn
	// from where it stands: back to the left margin with it, at once.
	fmt.Fprint(b.w, "\r")
	if _, err := fmt.Fprintln(b.progress, text); err != nil {
		fmt.Fprintln(b.w, text) // the bars are complete, and no longer in the way
	}
}

func (b *bars) End() {
	for _, bar := range b.bars {
		bar.Abort(false) // keeps what is drawn of those that are not complete
	}
	b.total.Abort(false)
	b.progress.Wait()
}
