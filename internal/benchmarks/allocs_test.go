//go:build !race

// The race detector allocates on its own account, so these tests are not for it.

package main

import (
	"fmt"
	"testing"
)

const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
)

// What a copy call may allocate with an answer of 2 KB.
const (
	mostAllocs = 97
	mostBytes  = 10_900
)

// beyondFloor is how many allocations a copy call may make beyond those of the same
// call written by hand: clarity goes before a handful.
const beyondFloor = 8

func TestCopyAllocatesLittle(t *testing.T) {
	for _, g := range groups() {
		t.Run(g.vendor, func(t *testing.T) {
			floor, sdk := measureAllocations(t, g, 2*kilobyte)
			if sdk.count > mostAllocs || sdk.bytes > mostBytes {
				t.Errorf("%d allocations, %d bytes a call; at most %d and %d are allowed", sdk.count, sdk.bytes, mostAllocs, mostBytes)
			}
			if most := floor.count + beyondFloor; sdk.count > most {
				t.Errorf("%d allocations a call; by hand it takes %d, and at most %d are allowed", sdk.count, floor.count, most)
			}
		})
	}
}

func TestLongAnswersTakeNoMoreMemoryThanByHand(t *testing.T) {
	for _, size := range []int{20 * kilobyte, 10 * megabyte} {
		for _, g := range groups() {
			t.Run(fmt.Sprintf("%s/%d", g.vendor, size), func(t *testing.T) {
				floor, sdk := measureAllocations(t, g, size)
				if sdk.bytes > floor.bytes {
					t.Errorf("%d bytes a call; by hand it takes %d", sdk.bytes, floor.bytes)
				}
			})
		}
	}
}

// measureAllocations returns what a call allocates that is written by hand, and
// what one of the SDK does.
func measureAllocations(t *testing.T, g group, size int) (floor, sdk allocations) {
	t.Helper()
	sample := g.sample(size, false)
	var got [2]allocations
	for i := range got {
		c, err := g.contenders[i].dial(t.Context(), g.inMemory(sample.answer), sample)
		if err != nil {
			t.Fatal(err)
		}
		if got[i], err = allocationsOf(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("by hand %+v, SDK %+v", got[0], got[1])
	return got[0], got[1]
}

// refusedOfSuccess is what a refused call may allocate at most, in parts of what
// one does that succeeds.
const refusedOfSuccess = 1.2

func TestRefusalsAllocateLittle(t *testing.T) {
	for _, g := range groups() {
		t.Run(g.vendor, func(t *testing.T) {
			_, succeeded := measureAllocations(t, g, 2*kilobyte)
			c, err := g.refused(&g.contenders[1], false)
			if err != nil {
				t.Fatal(err)
			}
			refused, err := allocationsOf(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("refused %+v", refused)
			if most := refusedOfSuccess * float64(succeeded.bytes); float64(refused.bytes) > most {
				t.Errorf("%d bytes when refused, %d otherwise; at most %.0f are allowed", refused.bytes, succeeded.bytes, most)
			}
			if most := refusedOfSuccess * float64(succeeded.count); float64(refused.count) > most {
				t.Errorf("%d allocations when refused, %d otherwise; at most %.0f are allowed", refused.count, succeeded.count, most)
			}
		})
	}
}
