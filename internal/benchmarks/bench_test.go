package main

import (
	"context"
	"testing"
)

// BenchmarkCopy is for quick work on the SDK, with benchstat: the four copy calls
// and their floors, answered from memory with 2 KB.
func BenchmarkCopy(b *testing.B) {
	for _, g := range groups() {
		sample := g.sample(2<<10, false)
		for _, c := range g.contenders {
			do, err := c.dial(b.Context(), g.inMemory(sample.answer), sample)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(g.vendor+"/"+c.name, loop(do))
		}
	}
}

// BenchmarkRefusal is the same with an answer of 404.
func BenchmarkRefusal(b *testing.B) {
	for _, g := range groups() {
		for i := range g.contenders {
			do, err := g.refused(&g.contenders[i], false)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(g.vendor+"/"+g.contenders[i].name, loop(do))
		}
	}
}

func loop(do call) func(*testing.B) {
	return func(b *testing.B) {
		ctx := context.Background() // as cheap for one contender as for the other
		b.ReportAllocs()
		for b.Loop() {
			if _, err := do(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
}
