package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// preamble says what the figures were measured on.
func (p *plan) preamble() string {
	lengths := "declare their length"
	if p.chunked {
		lengths = "come in chunks"
	}
	return fmt.Sprintf("Measured on %s with %s on %d cores of %s (%s/%s): %d rounds, in each of them as many calls as take the floor %v. "+
		"Answers %s.\n\n", time.Now().Format(time.DateOnly), runtime.Version(), runtime.GOMAXPROCS(0), processor(),
		runtime.GOOS, runtime.GOARCH, p.budget.rounds, p.budget.duration, lengths)
}

// processor is the model of the processor, as far as Linux tells.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}

// version is the version of the contender's module that this program was built
// with.
func (c *contender) version() string {
	if c.path == "" {
		return runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path == c.path && module.Version != "(devel)" && module.Replace == nil {
			return module.Version
		}
	}
	return "this tree"
}

func (t timing) String() string { return fmt.Sprintf("%.2f ±%.2f", t.ratio, t.spread) }

// microseconds writes a time so that those of 10 µs and of 1 s can be read.
func microseconds(d time.Duration) string {
	if d >= 10*time.Millisecond {
		return thousands(uint64(d.Milliseconds())) + " ms"
	}
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}

// thousands writes n with a comma between every three digits.
func thousands(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// What lies between the markers of a file, the program writes.
const (
	beginMarker = "<!-- figures: begin -->\n"
	endMarker   = "<!-- figures: end -->"
)

// replaceFigures puts tables between the markers of the file.
func replaceFigures(name, tables string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, begun := bytes.Cut(old, []byte(beginMarker))
	_, after, ended := bytes.Cut(rest, []byte(endMarker))
	if !begun || !ended {
		return fmt.Errorf("%s lacks the markers %s and %s", name, strings.TrimSpace(beginMarker), endMarker)
	}
	return os.WriteFile(name, fmt.Appendf(nil, "%s%s\n%s%s%s", before, beginMarker, tables, endMarker, after), 0o644)
}
