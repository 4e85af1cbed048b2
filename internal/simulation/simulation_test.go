package simulation_test

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const defaultSeeds = 2000

func TestHostileWorld(t *testing.T) {
	if seed, err := strconv.ParseUint(os.Getenv("AGENTCOPY_SEED"), 10, 64); err == nil {
		for range 20 { // goroutines that wake at the same moment may run in another order
			if w := simulate(t, seed); len(w.violated) > 0 {
				t.Fatal(w.tell())
			}
		}
		return
	}
	seeds := uint64(defaultSeeds)
	if testing.Short() {
		seeds = 200
	}
	if more, err := strconv.ParseUint(os.Getenv("AGENTCOPY_SEEDS"), 10, 64); err == nil {
		seeds = more
	}
	begun := time.Now()
	var next, failed atomic.Uint64
	var mu sync.Mutex
	var total struct{ keys, copies, persons int }
	t.Run("seeds", func(t *testing.T) {
		for range 2 {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed < seeds && failed.Load() < 3; seed = next.Add(1) - 1 {
					w := simulate(t, seed)
					if len(w.violated) > 0 {
						failed.Add(1)
						t.Errorf("%s\n  AGENTCOPY_SEED=%d runs it alone", w.tell(), seed)
					}
					mu.Lock()
					total.keys += len(w.jobs)
					total.persons += w.persons
					for _, copies := range w.copies {
						total.copies += len(copies)
					}
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d seeds, %d keys, %d copies, %d decisions of a person, in %v", seeds, total.keys, total.copies, total.persons, time.Since(begun).Round(time.Second))
}

func simulate(t *testing.T, seed uint64) (w *world) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed)
		w.run()
	})
	return w
}
