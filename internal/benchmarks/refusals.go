package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// writeRefusals compares a call that the vendor refuses with one that succeeds,
// for each contender by itself: a client may not need much more to say no. Peers
// are left out, since they look for an error body of their own vendor's, and one
// of them retries when it finds another.
func (p *plan) writeRefusals(ctx context.Context, out *strings.Builder, groups []group) error {
	out.WriteString("### A call that is refused with 404, beside one that succeeds with 2 KB\n\n" +
		"| contender | time | allocs | of a success | bytes | of a success |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for i := range groups {
		g := &groups[i]
		for j := range g.contenders {
			c := &g.contenders[j]
			if c.isPeer() {
				continue
			}
			r, err := p.compareRefusal(ctx, g, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", c.name, r.timing,
				thousands(r.refused.count), thousands(r.succeeded.count), thousands(r.refused.bytes), thousands(r.succeeded.bytes))
		}
	}
	out.WriteString("\n")
	return nil
}

type refusal struct {
	timing             timing // of the refused call, in terms of the succeeding one
	refused, succeeded allocations
}

func (p *plan) compareRefusal(ctx context.Context, g *group, c *contender) (r refusal, err error) {
	const small = 2 << 10
	sample := g.sample(small, p.chunked)
	good, err := c.dial(ctx, g.inMemory(sample.answer), sample)
	if err != nil {
		return r, err
	}
	bad, err := g.refused(c, p.chunked)
	if err != nil {
		return r, err
	}
	if r.succeeded, err = allocationsOf(ctx, good); err != nil {
		return r, err
	}
	if r.refused, err = allocationsOf(ctx, bad); err != nil {
		return r, err
	}
	timings, err := compare(ctx, []call{good, bad}, 1, p.budget)
	if err != nil {
		return r, err
	}
	r.timing = timings[1]
	return r, nil
}

// refused is the call of c for an agent that is not there. It succeeds if it is
// refused.
func (g *group) refused(c *contender, chunked bool) (call, error) {
	do, err := c.build(g.inMemory(answer{http.StatusNotFound, []byte(g.refusal), chunked}))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return func(ctx context.Context) (any, error) {
		if _, err := do(ctx); err == nil {
			return nil, errors.New(c.name + ": no error although the call was refused")
		}
		return nil, nil
	}, nil
}
