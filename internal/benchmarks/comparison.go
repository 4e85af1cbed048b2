package main

import (
	"context"
	"fmt"
	"strings"
)

// row is what was measured of one contender with one answer.
type row struct {
	contender   *contender
	floor       bool
	timings     []timing // in the order of cells
	allocations allocations
}

// cells are the ways in which the calls of a comparison are made.
var cells = []struct {
	title      string
	loopback   bool
	goroutines int
}{
	{"memory, 1", false, 1},
	{fmt.Sprintf("memory, %d", manyGoroutines), false, manyGoroutines},
	{"loopback, 1", true, 1},
	{fmt.Sprintf("loopback, %d", manyGoroutines), true, manyGoroutines},
}

// compareGroup measures all contenders of g with answers of one size.
func (p *plan) compareGroup(ctx context.Context, g *group, s size) ([]row, error) {
	sample := g.sample(s.bytes, p.chunked)
	server, err := startServer(sample.answer)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	inMemory, err := g.dialAll(ctx, sample, func() site { return g.inMemory(sample.answer) })
	if err != nil {
		return nil, err
	}
	loopback, err := g.dialAll(ctx, sample, func() site { return overLoopback(server) })
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(g.contenders))
	for i, c := range inMemory {
		rows[i] = row{contender: &g.contenders[i], floor: i == 0}
		if rows[i].allocations, err = allocationsOf(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, cell := range cells {
		calls := inMemory
		if cell.loopback {
			calls = loopback
		}
		timings, err := compare(ctx, calls, cell.goroutines, p.budget)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			rows[i].timings = append(rows[i].timings, timings[i])
		}
	}
	return rows, nil
}

// dialAll gets all contenders of g ready, each with a site of its own.
func (g *group) dialAll(ctx context.Context, s sample, newSite func() site) ([]call, error) {
	var calls []call
	for i := range g.contenders {
		c, err := g.contenders[i].dial(ctx, newSite(), s)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

func writeComparison(out *strings.Builder, s size, rows []row) {
	fmt.Fprintf(out, "### Answers of %s\n\n| contender | version |", s.name)
	for _, cell := range cells {
		fmt.Fprintf(out, " %s |", cell.title)
	}
	out.WriteString(" allocs | bytes |\n| --- | --- |" + strings.Repeat(" ---: |", len(cells)+2) + "\n")
	for _, r := range rows {
		fmt.Fprintf(out, "| %s | %s |", r.contender.name, r.contender.version())
		for _, t := range r.timings {
			if r.floor {
				fmt.Fprintf(out, " %s |", microseconds(t.perCall))
			} else {
				fmt.Fprintf(out, " %s |", t)
			}
		}
		fmt.Fprintf(out, " %s | %s |\n", thousands(r.allocations.count), thousands(r.allocations.bytes))
	}
	out.WriteString("\n")
}
