package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

func (f *figures) tables() string {
	var out strings.Builder
	out.WriteString("### This SDK beside other clients\n\nAll get LangSmith's answer. Times are processor time, in ratios to the call by hand.\n\n" +
		"| client | 2 KB | 20 KB | 10 MB | 64 goroutines | loopback | 10,000 at once | allocs | bytes |\n| --- |" + strings.Repeat(" ---: |", 8) + "\n")
	for _, client := range f.clients() {
		cells := []string{strings.ReplaceAll(client, "_", " ") + version(client)}
		for _, name := range []string{"Copy/vendor=langsmith/size=2KB", "Copy/vendor=langsmith/size=20KB", "Copy/vendor=langsmith/size=10MB",
			"Parallel/vendor=langsmith", "Loopback/vendor=langsmith", "Burst"} {
			cells = append(cells, f.time("Benchmark"+name+"/client="+client))
		}
		row(&out, append(cells, f.count(shortCopy+client, "allocs/op"), f.count(shortCopy+client, "B/op")))
	}
	out.WriteString("\n### The four vendors\n\nEach by hand, and with this SDK. The last three columns are of a call that is refused with 404.\n\n" +
		"| client | 2 KB | 20 KB | 10 MB | allocs | bytes | 404 | allocs | bytes |\n| --- |" + strings.Repeat(" ---: |", 8) + "\n")
	for _, vendor := range []string{"kolena", "zudu", "cotool", "langsmith"} {
		for _, client := range []string{"by_hand", "agentcopy"} {
			cells := []string{vendor + ", " + strings.ReplaceAll(client, "_", " ")}
			for _, size := range []string{"2KB", "20KB", "10MB"} {
				cells = append(cells, f.time("BenchmarkCopy/vendor="+vendor+"/size="+size+"/client="+client))
			}
			name := "BenchmarkCopy/vendor=" + vendor + "/size=2KB/client=" + client
			refused := "BenchmarkRefused/vendor=" + vendor + "/client=" + client
			row(&out, append(cells, f.count(name, "allocs/op"), f.count(name, "B/op"),
				duration(f.median(refused, "cpu-ns/op")), f.count(refused, "allocs/op"), f.count(refused, "B/op")))
		}
	}
	return out.String()
}

func row(out *strings.Builder, cells []string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

// time is that of the call by hand, and of others the ratio to it.
func (f *figures) time(name string) string {
	if strings.HasSuffix(name, "by_hand") {
		return duration(f.median(name, "cpu-ns/op"))
	}
	return fmt.Sprintf("%.2f", f.ratio(name))
}

func duration(ns float64) string {
	if ns >= 1e6 {
		return fmt.Sprintf("%.0f ms", ns/1e6)
	}
	return fmt.Sprintf("%.0f µs", ns/1e3)
}

// count groups the digits of a number by thousands.
func (f *figures) count(name, unit string) string {
	digits := strconv.FormatFloat(f.median(name, unit), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

//go:embed go.mod
var modules string

// version is the version of a peer in go.mod.
func version(client string) string {
	if m := regexp.MustCompile(`(?m)/` + regexp.QuoteMeta(client) + `(?:/v\d+)? (v\S+)$`).FindStringSubmatch(modules); m != nil {
		return " " + m[1]
	}
	return ""
}
