package report

import (
	"fmt"
	"io"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// lines writes a line for each result: for logs, and where there is no terminal.
type lines struct {
	w     io.Writer
	total int
	seen  int
}

// Lines returns a Reporter that writes a line for each of total results.
func Lines(w io.Writer, total int) Reporter { return &lines{w: w, total: total} }

func (l *lines) Begin() {}

func (l *lines) Result(r engine.Result) {
	if r.Status == engine.NotStarted {
		return
	}
	l.seen++
	width := len(fmt.Sprint(l.total))
	fmt.Fprintf(l.w, "[%*d/%d] %s\n", width, l.seen, l.total, describe(r))
}

func (l *lines) Say(text string) { fmt.Fprintln(l.w, text) }

func (l *lines) End(s Summary) { s.write(l.w) }
