package main

import (
	"context"
	"fmt"
	"log"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// manyGoroutines is how many goroutines a client is shared by where it is shared.
const manyGoroutines = 64

// plan is what to measure.
type plan struct {
	budget  budget
	sizes   []size
	only    *regexp.Regexp
	chunked bool
	callers int           // under load
	latency time.Duration // of the server under load
	loads   int           // how often the load is repeated
}

// size of an answer.
type size struct {
	name  string
	bytes int
}

func parseSizes(list string) ([]size, error) {
	var sizes []size
	for _, name := range strings.Split(strings.ToLower(list), ",") {
		factor := 1
		digits, kilo := strings.CutSuffix(name, "k")
		digits, mega := strings.CutSuffix(digits, "m")
		switch {
		case kilo:
			factor, name = 1<<10, digits+" KB"
		case mega:
			factor, name = 1<<20, digits+" MB"
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("-sizes: %q is no size such as 2k or 10m", name)
		}
		sizes = append(sizes, size{name, n * factor})
	}
	return sizes, nil
}

// measure carries out the plan and returns its tables.
func (p *plan) measure(ctx context.Context) (string, error) {
	var out strings.Builder
	out.WriteString(p.preamble())
	groups := groups()
	for i := range groups {
		groups[i].keep(p.only)
	}
	for _, s := range p.sizes {
		var rows []row
		for i := range groups {
			log.Printf("answers of %s: %s", s.name, groups[i].vendor)
			measured, err := p.compareGroup(ctx, &groups[i], s)
			if err != nil {
				return "", err
			}
			rows = append(rows, measured...)
		}
		writeComparison(&out, s, rows)
	}
	log.Print("refused calls")
	if err := p.writeRefusals(ctx, &out, groups); err != nil {
		return "", err
	}
	if err := p.writeLoad(ctx, &out, groups); err != nil {
		return "", err
	}
	return out.String(), nil
}

// keep drops the contenders that are not asked for. The floor always stays.
func (g *group) keep(only *regexp.Regexp) {
	kept := g.contenders[:1]
	for _, c := range g.contenders[1:] {
		if only.MatchString(c.name) {
			kept = append(kept, c)
		}
	}
	g.contenders = kept
}
