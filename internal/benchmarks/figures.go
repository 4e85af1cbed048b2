package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// figures are what was measured.
type figures struct {
	// runs are the benchmarks, by name and unit, one value for each run.
	runs   map[string]map[string][]float64
	pacing []request
	lost   []lostAnswer
}

// request is one of the pacing simulation.
type request struct {
	client  string
	at      float64 // in seconds
	refused bool
}

// lostAnswer is one of the simulation of lost answers.
type lostAnswer struct{ client, fault, copies, says string }

func readFigures(path string) (*figures, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &figures{runs: map[string]map[string][]float64{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if err := f.add(line); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", path, line, err)
		}
	}
	return f, nil
}

func (f *figures) add(line string) error {
	columns := strings.Split(line, "\t")
	switch {
	case strings.HasPrefix(line, "Benchmark"):
		fields := strings.Fields(line)
		name := fields[0][:strings.LastIndexByte(fields[0], '-')] // without GOMAXPROCS
		if f.runs[name] == nil {
			f.runs[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return err
			}
			f.runs[name][fields[i+1]] = append(f.runs[name][fields[i+1]], value)
		}
	case columns[0] == "pacing" && len(columns) == 4:
		at, err := strconv.ParseFloat(columns[2], 64)
		f.pacing = append(f.pacing, request{columns[1], at, columns[3] == "429"})
		return err
	case columns[0] == "lost" && len(columns) == 5:
		f.lost = append(f.lost, lostAnswer{columns[1], columns[2], columns[3], columns[4]})
	}
	return nil
}

// median of the runs; 0 if there are none.
func (f *figures) median(name, unit string) float64 { return median(f.runs[name][unit]) }

// ratio is how much processor time the benchmark takes beside the one of the call by hand in the same
// run, so that what slows the machine down for a while slows both down.
func (f *figures) ratio(name string) float64 {
	before, _, _ := strings.Cut(name, "client=")
	hand := f.runs[before+"client=by_hand"]["cpu-ns/op"]
	var ratios []float64
	for i, cpu := range f.runs[name]["cpu-ns/op"] {
		if i < len(hand) {
			ratios = append(ratios, cpu/hand[i])
		}
	}
	return median(ratios)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// shortCopy is a benchmark that all clients were measured with.
const shortCopy = "BenchmarkCopy/vendor=langsmith/size=2KB/client="

// clients are those that were measured with LangSmith's answer: the call by hand, this
// SDK, and the peers by their allocations.
func (f *figures) clients() []string {
	var names []string
	for name := range f.runs {
		if client, ok := strings.CutPrefix(name, shortCopy); ok {
			names = append(names, client)
		}
	}
	first := map[string]float64{"by_hand": -2, "agentcopy": -1}
	rank := func(client string) float64 { return cmp.Or(first[client], f.median(shortCopy+client, "allocs/op")) }
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return names
}
