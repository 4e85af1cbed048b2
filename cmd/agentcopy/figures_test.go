//go:build unix

package main

import (
	"fmt"
	"html"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// AGENTCOPY_FIGURES=2000 measures how many rows a run makes in a second, and
// AGENTCOPY_LARGE=100000 what a large manifest needs.
func TestFigures(t *testing.T) {
	t.Parallel()
	rows := number("AGENTCOPY_FIGURES", 50)
	for _, concurrency := range []int{8, 64} {
		b := newBench(t)
		b.tenants(rows)
		begun := time.Now()
		b.run(0, "run", "tenants.csv", "--limit", "kolena=1000/1s", "--concurrency", fmt.Sprint(concurrency))
		b.requireEachOnce(rows)
		t.Logf("concurrency %d: %.0f rows a second", concurrency, float64(rows)/time.Since(begun).Seconds())
	}
	rows = number("AGENTCOPY_LARGE", 300)
	b := newBench(t)
	b.tenants(rows)
	for _, args := range [][]string{{"plan", "tenants.csv"}, {"run", "tenants.csv", "--limit", "kolena=1000/1s", "--concurrency", "64"}, {"run", "tenants.csv"}} {
		begun := time.Now()
		p := b.command(args...)
		require.NoError(t, p.Run(), "%s", &p.errOut) // it may take long
		t.Logf("%s, %d rows: %v, %s", args[0], rows, time.Since(begun).Round(time.Second/10), memory(p))
	}
}

// memory is the most that a process had.
func memory(p *process) string {
	usage := p.ProcessState.SysUsage().(*syscall.Rusage)
	if runtime.GOOS != "linux" {
		return fmt.Sprint(usage.Maxrss)
	}
	return fmt.Sprintf("%d MB", usage.Maxrss>>10)
}

// AGENTCOPY_RECORD=recording.svg makes the picture of the README from this run.
func TestRecording(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, support := b.zudu()
	b.tenants(48)
	manifest := b.read("tenants.csv") + "kolena,9999,Tenant 49\n"
	for i := range 24 {
		manifest += fmt.Sprintf("zudu,%s,Support %02d\n", support, i+1)
	}
	b.write("tenants.csv", manifest)
	pass, lost := agentcopytest.Fault{Delay: 250 * time.Millisecond}, agentcopytest.Fault{Drop: true, AfterCopy: true}
	b.inject(14, pass)
	b.inject(1, retryAfter("2"))
	b.inject(10, pass)
	b.kolena.Inject(lost)
	b.inject(40, pass)
	for range 24 {
		other.Inject(pass)
	}
	const columns = 116
	command := []string{"run", "tenants.csv", "--concurrency", "3"}
	begun := time.Now()
	run := b.terminal(columns, command...)
	var frames []frame
	for over := false; !over; {
		select {
		case <-run.read:
			over = true
		case <-time.After(500 * time.Millisecond):
		}
		lines := append([]string{"$ agentcopy " + strings.Join(command, " ")}, screenOf(run.out.String())...)
		frames = append(frames, frame{time.Since(begun), lines})
	}
	run.ends(1)
	last := strings.Join(frames[len(frames)-1].lines, "\n")
	require.Contains(t, last, "73 rows: 72 copied (1 of them before, or found), 1 failed.")
	picture := draw(frames, columns)
	require.NotContains(t, picture, b.dir)
	require.NotContains(t, picture, "127.0.0.1")
	if path := os.Getenv("AGENTCOPY_RECORD"); path != "" {
		require.NoError(t, os.WriteFile(path, []byte(picture), 0o644))
	}
}

// frame is what a terminal showed from a time on.
type frame struct {
	at    time.Duration
	lines []string
}

var control = regexp.MustCompile(`\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+`)

// screenOf is what a terminal shows after it was sent text: the tool moves the cursor
// up and clears to the end, no more.
func screenOf(text string) []string {
	lines, row, column := []string{""}, 0, 0
	for _, m := range control.FindAllStringSubmatch(text, -1) {
		switch n, _ := strconv.Atoi(m[1]); {
		case m[0] == "\r":
			column = 0
		case m[0] == "\n":
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
		case m[2] == "A":
			row = max(0, row-max(1, n))
		case m[2] == "J":
			lines = lines[:row+1]
			lines[row] = lines[row][:min(column, len(lines[row]))]
		case m[2] != "":
		default:
			line := lines[row] + strings.Repeat(" ", max(0, column-len(lines[row])))
			end := min(len(line), column+len(m[0]))
			lines[row], column = line[:column]+m[0]+line[end:], column+len(m[0])
		}
	}
	return lines
}

// draw makes an SVG that shows the frames one after another, and the last one where
// pictures do not move.
func draw(frames []frame, columns int) string {
	rows := 0
	for _, f := range frames {
		rows = max(rows, len(f.lines))
	}
	const pause = 5 * time.Second // at the end
	total := frames[len(frames)-1].at + pause
	var style, body strings.Builder
	for i, f := range frames {
		from, until := 100*f.at.Seconds()/total.Seconds(), 100.0
		if i == 0 {
			from = 0
		}
		if i+1 < len(frames) {
			until = 100 * frames[i+1].at.Seconds() / total.Seconds()
		}
		fmt.Fprintf(&style, "@keyframes f%d{0%%{opacity:0}%.2f%%{opacity:1}%.2f%%{opacity:0}}#f%d{animation:f%d %.1fs steps(1) infinite}\n", i, from, until, i, i, total.Seconds())
		opacity := 0
		if i+1 == len(frames) {
			opacity = 1
		}
		fmt.Fprintf(&body, `<g id="f%d" opacity="%d">`, i, opacity)
		for n, line := range f.lines {
			if line = strings.TrimRight(line, " "); line != "" {
				fmt.Fprintf(&body, `<text x="12" y="%d">%s</text>`, 28+18*n, html.EscapeString(line))
			}
		}
		body.WriteString("</g>\n")
	}
	width, height := 24+columns*8, 24+18*rows
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="A run on a terminal">
<style>text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}
%s@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117" stroke="#6e7681"/>
%s</svg>
`, width, height, width, height, style.String(), body.String())
}
