package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"
)

// writeLoad shows how the contenders bear many calls at a time to a server that
// takes its time: each caller with one call, and with ten, one after another.
func (p *plan) writeLoad(ctx context.Context, out *strings.Builder, groups []group) error {
	once := pressure{callers: p.callers, each: 1, latency: p.latency}
	sustained := pressure{callers: p.callers, each: 10, latency: p.latency}
	fmt.Fprintf(out, "### %s callers at a time, a server that takes %v\n\n"+
		"| contender | one call each, ideal %v | of ideal | heap | stacks | ten calls each, ideal %v | of ideal | heap | stacks |\n"+
		"| --- |%s\n", thousands(uint64(p.callers)), p.latency, once.ideal(), sustained.ideal(), strings.Repeat(" ---: |", 8))
	for i := range groups {
		g := &groups[i]
		log.Printf("load: %s", g.vendor)
		sample := g.sample(2<<10, p.chunked)
		calls, err := g.dialAll(ctx, sample, func() site { return g.slow(sample.answer, p.latency) })
		if err != nil {
			return err
		}
		columns := make([]string, len(calls))
		for _, pressure := range []pressure{once, sustained} {
			results, err := p.endureAll(ctx, calls, pressure)
			if err != nil {
				return err
			}
			for j, e := range results {
				columns[j] += fmt.Sprintf(" %d ms | %.2f | %d MB | %d MB |", e.took.Milliseconds(),
					float64(e.took)/float64(pressure.ideal()), e.heap>>20, e.stacks>>20)
			}
		}
		for j, c := range g.contenders {
			fmt.Fprintf(out, "| %s |%s\n", c.name, columns[j])
		}
	}
	out.WriteString("\n")
	return nil
}

// slow is a site of g that takes its time to answer.
func (g *group) slow(a answer, latency time.Duration) site {
	wire := newMemory(a)
	wire.latency = latency
	return site{g.origin, &http.Client{Transport: wire}}
}
