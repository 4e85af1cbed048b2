package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// budget is how long a comparison may take.
type budget struct {
	rounds   int
	duration time.Duration // of one contender in one round, for the first contender
	limit    time.Duration // after which no round begins, once there are enough
}

// fewestRounds are made whatever the limit of the budget.
const fewestRounds = 3

// timing is how long a call takes.
type timing struct {
	perCall time.Duration // median over the rounds
	ratio   float64       // to the first contender in the same round; median over the rounds
	spread  float64       // half the distance between the quartiles of the ratio
}

// compare times the calls against the first of them. Each round makes as many
// of each, in an order drawn anew, and the ratio is taken within the round: what
// slows a machine down for seconds, slows both down.
func compare(ctx context.Context, calls []call, goroutines int, b budget) ([]timing, error) {
	n, err := calibrate(ctx, calls[0], goroutines, b.duration)
	if err != nil {
		return nil, err
	}
	perCall := make([][]float64, len(calls))
	ratios := make([][]float64, len(calls))
	begin := time.Now()
	for round := 0; round < b.rounds && (round < fewestRounds || time.Since(begin) < b.limit); round++ {
		if ctx.Err() != nil { // calls from memory do not look
			return nil, context.Cause(ctx)
		}
		took := make([]float64, len(calls))
		for _, i := range rand.Perm(len(calls)) {
			runtime.GC() // nobody pays for another one's garbage
			d, err := repeat(ctx, calls[i], n, goroutines)
			if err != nil {
				return nil, err
			}
			took[i] = float64(d) / float64(n)
		}
		for i, t := range took {
			perCall[i] = append(perCall[i], t)
			ratios[i] = append(ratios[i], t/took[0])
		}
	}
	timings := make([]timing, len(calls))
	for i := range timings {
		timings[i] = timing{
			perCall: time.Duration(quantile(perCall[i], 0.5)),
			ratio:   quantile(ratios[i], 0.5),
			spread:  (quantile(ratios[i], 0.75) - quantile(ratios[i], 0.25)) / 2,
		}
	}
	return timings, nil
}

// calibrate returns how many calls take about as long as duration.
func calibrate(ctx context.Context, c call, goroutines int, duration time.Duration) (int, error) {
	for n := goroutines; ; n *= 2 {
		took, err := repeat(ctx, c, n, goroutines)
		if err != nil {
			return 0, err
		}
		if took >= duration/2 {
			return max(goroutines, int(float64(n)*float64(duration)/float64(took))), nil
		}
	}
}

// repeat makes n calls from so many goroutines and returns how long all of them
// took.
func repeat(ctx context.Context, c call, n, goroutines int) (time.Duration, error) {
	var (
		workers sync.WaitGroup
		left    atomic.Int64
		failed  atomic.Pointer[error]
	)
	left.Store(int64(n))
	work := func() {
		for left.Add(-1) >= 0 {
			if _, err := c(ctx); err != nil {
				failed.Store(&err)
				return
			}
		}
	}
	start := time.Now()
	for range goroutines - 1 {
		workers.Go(work)
	}
	work()
	workers.Wait()
	took := time.Since(start)
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return took, nil
}

// quantile returns the value below which the share q of values lies.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
