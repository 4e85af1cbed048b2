package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
)

// allocations is what one call allocates.
type allocations struct{ count, bytes uint64 }

// allocationsOf makes c many times on one processor and with the garbage
// collector off, and returns what a call allocated in the leanest batch: what
// the runtime or a timer allocates now and then is no part of it, nor is the
// filling of pools.
func allocationsOf(ctx context.Context, c call) (allocations, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	first, err := batch(ctx, c, 1)
	if err != nil {
		return allocations{}, err
	}
	const room = 64 << 20 // that a batch may fill before it is collected
	n := int(min(100, max(1, room/first.bytes)))
	batches := 5
	if n == 1 {
		batches = 1 // among the many allocations of a long answer, those few do not show
	}
	least := allocations{math.MaxUint64, math.MaxUint64}
	for range batches {
		runtime.GC()
		if _, err := batch(ctx, c, max(1, n/10)); err != nil { // fills the pools again
			return allocations{}, err
		}
		a, err := batch(ctx, c, n)
		if err != nil {
			return allocations{}, err
		}
		least.count, least.bytes = min(least.count, a.count), min(least.bytes, a.bytes)
	}
	return least, nil
}

// batch makes c n times and returns what each of them allocated.
func batch(ctx context.Context, c call, n int) (allocations, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		if _, err := c(ctx); err != nil {
			return allocations{}, err
		}
	}
	runtime.ReadMemStats(&after)
	return allocations{
		count: (after.Mallocs - before.Mallocs) / uint64(n),
		bytes: (after.TotalAlloc - before.TotalAlloc) / uint64(n),
	}, nil
}
