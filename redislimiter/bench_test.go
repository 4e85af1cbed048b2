package redislimiter_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// BenchmarkDecision counts decisions: attempts that are admitted, and attempts that are
// told that their turn comes too late.
func BenchmarkDecision(b *testing.B) {
	server := startRedis(b, durable...)
	soon, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	open := redislimiter.New(server.client(), "open", 1<<30, 10*time.Millisecond)
	full := redislimiter.New(server.client(), "full", 60, 24*time.Hour)
	for full.Wait(soon) == nil { // until it is full
	}
	for name, decide := range map[string]func(b *testing.B){
		"admitted": func(b *testing.B) { require.NoError(b, open.Wait(soon)) },
		"refused":  func(b *testing.B) { require.Error(b, full.Wait(soon)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					decide(b)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}
