package report

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// bars draws a bar for each lane, and above them a line for each row that did
// not go well.
type bars struct {
	w        io.Writer
	lanes    []*engine.Lane
	progress *mpb.Progress
	byVendor map[string]*mpb.Bar
}

// Bars returns a Reporter for a terminal.
func Bars(w io.Writer, lanes []*engine.Lane) Reporter {
	return &bars{w: w, lanes: lanes, byVendor: make(map[string]*mpb.Bar)}
}

const (
	refreshTime = 120 * time.Millisecond
	widestBar   = 100 // columns, with what stands beside it
)

func (b *bars) Begin() {
	b.progress = mpb.New(mpb.WithOutput(b.w), mpb.WithWidth(widestBar), mpb.WithRefreshRate(refreshTime), mpb.WithAutoRefresh())
	style := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
	for _, lane := range b.lanes {
		b.byVendor[lane.Vendor.Name] = b.progress.New(int64(len(lane.Rows)), style,
			mpb.PrependDecorators(decor.Name(lane.Vendor.Name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return beside(lane.Progress()) }, decor.WCSyncSpaceR)),
		)
	}
}

// beside is what stands beside a bar.
func beside(p engine.Progress) string {
	text := fmt.Sprintf("%d/%d", p.Finished(), p.Total)
	if p.Failed > 0 {
		text += fmt.Sprintf("  %d failed", p.Failed)
	}
	if p.Unknown > 0 {
		text += fmt.Sprintf("  %d unknown", p.Unknown)
	}
	if p.Finished() == p.Total {
		return text
	}
	if p.Rate > 0 {
		text += "  " + pace(p.Rate)
	}
	return text + "  left " + Span(p.Left)
}

// pace is a rate per second as people read it.
func pace(rate float64) string {
	if rate >= 2 {
		return fmt.Sprintf("%.0f/s", rate)
	}
	return fmt.Sprintf("%.0f/min", 60*rate)
}

func (b *bars) Result(r engine.Result) {
	if r.Status == engine.NotStarted {
		return
	}
	if r.Status != engine.Copied {
		b.Say(describe(r))
	}
	b.byVendor[r.Row.Vendor.Name].Increment()
}

// Say writes a line above the bars.
func (b *bars) Say(text string) {
	// The terminal's own "^C" may have moved the cursor, and the bars are redrawn
	// from where it stands: back to the left margin with it, at once.
	fmt.Fprint(b.w, "\r")
	if _, err := fmt.Fprintln(b.progress, text); err != nil {
		fmt.Fprintln(b.w, text) // the bars are complete, and no longer in the way
	}
}

func (b *bars) End(s Summary) {
	for _, bar := range b.byVendor {
		bar.Abort(false) // keeps what is drawn of those that are not complete
	}
	b.progress.Wait()
	s.write(b.w)
}
