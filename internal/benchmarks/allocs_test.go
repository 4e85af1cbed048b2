//go:build !race

// The race detector allocates on its own account, so these tests are not for it.

package main

import (
	"context"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"testing"
)

// beyondHand is how many allocations a copy call may make beyond those of the same call
// written by hand: clarity goes before a handful.
const beyondHand = 8

// refusedOfSuccess is what a refused call may allocate at most, in parts of what one
// does that succeeds.
const refusedOfSuccess = 1.2

func TestAllocations(t *testing.T) {
	for _, v := range vendors() {
		for i, size := range sizes {
			t.Run(v.name+"/"+size.name, func(t *testing.T) {
				answer := inMemory(http.StatusCreated, v.document.ofSize(t, size.bytes), 0)
				hand := allocationsOf(t, v.dial(t, v.clients[0], v.origin, answer))
				sdk := allocationsOf(t, v.dial(t, v.clients[1], v.origin, answer))
				t.Logf("by hand %+v, SDK %+v", hand, sdk)
				if sdk.bytes > hand.bytes { // what a call prepares early it keeps, and it reads an answer into one buffer
					t.Errorf("%v a call, and %v by hand: no more bytes are allowed", sdk, hand)
				}
				if i > 0 {
					return
				}
				if sdk.count > hand.count+beyondHand {
					t.Errorf("%v a call, and %v by hand; at most %d allocations more are allowed", sdk, hand, beyondHand)
				}
				refused := allocationsOf(t, v.refused(t, v.clients[1]))
				t.Logf("refused %+v", refused)
				most := func(n uint64) uint64 { return uint64(refusedOfSuccess * float64(n)) }
				if refused.bytes > most(sdk.bytes) || refused.count > most(sdk.count) {
					t.Errorf("%v when refused, %v otherwise; at most %v times as much is allowed", refused, sdk, refusedOfSuccess)
				}
			})
		}
	}
}

type allocations struct{ count, bytes uint64 }

// allocationsOf makes calls on one processor with the garbage collector off, and
// returns what a call allocated in the leanest batch: what the runtime or a timer
// allocates now and then is no part of it, nor is the filling of pools.
func allocationsOf(t *testing.T, do call) allocations {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	batch := func(n uint64) allocations {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			if _, err := do(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		return allocations{(after.Mallocs - before.Mallocs) / n, (after.TotalAlloc - before.TotalAlloc) / n}
	}
	const room = 64 << 20 // that a batch may fill before it is collected
	n := min(100, max(1, room/batch(1).bytes))
	batches := 5
	if n == 1 {
		batches = 1 // among the many allocations of a long answer, a few more do not show
	}
	least := allocations{math.MaxUint64, math.MaxUint64}
	for range batches {
		runtime.GC()
		batch(max(1, n/10)) // fills the pools again
		a := batch(n)
		least = allocations{min(least.count, a.count), min(least.bytes, a.bytes)}
	}
	return least
}
