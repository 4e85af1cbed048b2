// Package simulation_test attacks package once, the Copiers and the transport with a
// world that is not as they assume.
//
// Each seed draws one or two accounts at the fakes of agentcopytest, elsewhere or at one
// origin, with quirks: names that are trimmed, cut, normalised, given a suffix,
// escaped, lowered or replaced; lists that show a copy late, come from a cache that says
// so or does not, or leave copies out; stamps in every form, of clocks that differ from
// the Date header and from server to server; limits; names that may be taken; what
// Cotool makes of a second copy. Up to three processes share one ledger and up to five
// keys; some stand for the same request or have near names. A copy request
// meets the faults of package faults, which internal/conformance shares; reads fail, are
// slow or cut off. The ledger fails before or after its work is done, takes longer
// than a lease, and has a clock of its own. So has each process, which may be an hour off
// and be set while calls are at work. Processes crash and are suspended beyond their
// lease at any call of the ledger. Colleagues make agents, also of the same name.
// Some calls only Find. At any moment, between two lives and in the calm at the end, a
// person who knows what was made assigns and dismisses.
//
// # What must hold
//
//   - No more copies of a request than keys that stand for it.
//   - A record is taken back, which makes the outcome NotCopied, only if no request of
//     the key has made a copy or still will; and NotCopied is only said then.
//   - Nothing is sent again after a look of the same call has shown the copy, or an
//     answer has said that there is one.
//   - No agent belongs to two keys, and none to a key of another request.
//   - A copy that is returned is that of the ledger.
//   - A vendor that limits copies, as it counts them, refuses none of processes that
//     share a limiter.
//   - A copy that nothing hides is found without a person.
//   - After calm every key ends within twelve calls.
//
// The first two are not asked of a vendor beyond the limits that package once names:
// one that shows copies later than SettleTime (less what a look takes), that leaves
// them out of lists at any time, or that renames them beyond recognition and shows no
// time either. Agents that a colleague made of the very name may be taken for the
// copy. A process is not suspended between the last write to the ledger and the wire.
// A request does not arrive after its caller has given it up where a limit is drawn. A
// key behind a cache that no request gets past may end with a person.
//
// Times in a bubble of testing/synctest have no monotonic reading, so the clock of a
// process cannot be set for the code itself. The ledger translates every time that a
// process writes or reads, by what its clock showed then. What a step does to times that
// a call keeps in memory is tested in package once, with a clock of its own
// (TestAttackClocksWithinACall).
//
// # It can fail
//
// Each of these breaks was made by hand. Seeds that noticed it, and the invariant:
//
//	the lease check at AttemptStart is skipped         61, 68    more copies than keys
//	SentAt is not written before the sending           19, 32    taken back though there is a copy; more copies than keys
//	looks that did not see everything count            50, 184   more copies than keys
//	hidden agents are ignored                          397, 832  sent again after a look had shown the copy
//	newcomers of other names are ignored               50, 102   sent again after a look had shown the copy
//	near names are ignored                             1, 9      sent again after a look had shown the copy
//	SettleTime runs from the first sending             78, 102   more copies than keys
//	looks before the end of SettleTime permit to send  40, 54    more copies than keys; taken back though there is a copy
//	a 409 is believed                                  19, 48    taken back though there is a copy
//	Copied is not recorded                             93        sent again after an answer said that there is a copy
//	rivals are ignored                                 126, 180  an agent of another key's request
//	owners are ignored                                 18, 31    no end
//	what a person dismissed still forbids to send      35, 37    no end
//	an Abandon that failed is ignored                  1, 22     said not to be copied, and the record stays
//	Find takes back a record that was sent             31, 50    taken back though there is a copy
//	GetBody is set whatever the protocol               0, 4      GetBody is set on a copy request
//	503 with Retry-After is taken for proof            7, 146    more copies than keys; a copy that nothing hides is not found
//	stamps have no margin                              32, 70    more copies than keys; taken back though there is a copy
//	a parked source is ignored                         37, 94    no end
//	a page that is not JSON is taken for a refusal     13, 36    taken back though there is a copy
//	a place in the limiter is free before the answer   52        the limit is exceeded
//
// Not among them: Pending is asked before the list. It takes two keys of one name that
// meet within half a second; a test of package once pins the order.
package simulation_test

import (
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A busy machine runs as many of the default seeds as it can within mostTime.
// AGENTCOPY_SEEDS=100000 runs so many, however long it takes; AGENTCOPY_SEED=7 runs
// the one and tells its story.
const (
	defaultSeeds = 1000
	mostTime     = 12 * time.Second
)

func TestHostileWorld(t *testing.T) {
	if seed, err := strconv.ParseUint(os.Getenv("AGENTCOPY_SEED"), 10, 64); err == nil {
		for range 20 { // goroutines that wake at the same moment may run in another order
			if w := simulate(t, seed); len(w.violated) > 0 {
				t.Fatal(w.tell())
			}
		}
		return
	}
	begun := time.Now()
	seeds, inTime := uint64(defaultSeeds), func() bool { return time.Since(begun) < mostTime }
	if more, err := strconv.ParseUint(os.Getenv("AGENTCOPY_SEEDS"), 10, 64); err == nil {
		seeds, inTime = more, func() bool { return true }
	}
	var next, failed, done atomic.Uint64
	var keys, made, persons atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for range 2 {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed < seeds && failed.Load() < 3 && inTime(); seed = next.Add(1) - 1 {
					w := simulate(t, seed)
					if len(w.violated) > 0 {
						failed.Add(1)
						t.Errorf("%s\n  AGENTCOPY_SEED=%d runs it alone", w.tell(), seed)
					}
					done.Add(1)
					keys.Add(int64(len(w.jobs)))
					persons.Add(int64(w.persons))
					for _, copies := range w.copies {
						made.Add(int64(len(copies)))
					}
				}
			})
		}
	})
	t.Logf("%d of %d seeds, %d keys, %d copies, %d decisions of a person, in %v",
		done.Load(), seeds, keys.Load(), made.Load(), persons.Load(), time.Since(begun).Round(time.Second))
}

func simulate(t *testing.T, seed uint64) (w *world) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed)
		w.run()
	})
	return w
}
