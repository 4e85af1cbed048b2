package redislimiter_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// roundTrips counts the commands of a client.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmd)
	}
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmds)
	}
}

// BenchmarkDecision compares decisions with those of redis_rate, a token bucket
// in Redis, on one server in one run: attempts that are admitted, and attempts
// that are told to come later. Redis_rate keeps one number where the Limiter
// keeps a place for each attempt, so it has less to do; it may admit twice the
// number in one window.
func BenchmarkDecision(b *testing.B) {
	server := startRedis(b, durable...)
	soon, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	type decision func(b *testing.B, rdb *redis.Client) func() error
	for _, bm := range []struct {
		name string
		decision
	}{
		{"admitted/ours", func(_ *testing.B, rdb *redis.Client) func() error {
			l := redislimiter.New(rdb, "open", 1<<30, 10*time.Millisecond)
			return func() error { return l.Wait(soon) }
		}},
		{"admitted/redis_rate", func(_ *testing.B, rdb *redis.Client) func() error {
			l := redis_rate.NewLimiter(rdb)
			return func() error { _, err := l.Allow(soon, "open", redis_rate.PerSecond(1<<30)); return err }
		}},
		{"refused/ours", func(b *testing.B, rdb *redis.Client) func() error {
			l := redislimiter.New(rdb, "full", 60, 24*time.Hour)
			for l.Wait(soon) == nil { // until it is full
			}
			return func() error { require.Error(b, l.Wait(soon)); return nil }
		}},
		{"refused/redis_rate", func(_ *testing.B, rdb *redis.Client) func() error {
			l := redis_rate.NewLimiter(rdb)
			limit := redis_rate.Limit{Rate: 60, Burst: 1, Period: 24 * time.Hour}
			return func() error { _, err := l.Allow(soon, "full", limit); return err }
		}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			rdb := server.client()
			decide := bm.decision(b, rdb)
			require.NoError(b, decide()) // loads the script
			var trips roundTrips
			rdb.AddHook(&trips)
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := decide(); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
			b.ReportMetric(float64(trips.n.Load())/float64(b.N), "roundtrips/op")
		})
	}
}
