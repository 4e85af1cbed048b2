package kolena_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const (
	copies  = 1000
	window  = 61 * time.Second // of the client's limiter, which allows as many in it as the server in a minute
	caution = 2 * window       // how long the client spaces its copies after a refusal
)

// load says when the copies are asked for: in equal bursts, a period apart.
type load struct {
	name   string
	bursts int
	period time.Duration
}

var (
	greedy = &load{"greedy", 1, 0}
	onOff  = &load{"on-off", 8, 10 * time.Minute}
)

// scenario is one run of the simulation.
type scenario struct {
	server     *serverModel
	network    *network
	load       *load
	goroutines int
	clients    int // all with the same key
	number     int
}

func (s scenario) String() string {
	return fmt.Sprintf("%s/%s/%s/%d goroutines/%d clients", s.server.name, s.network.name, s.load.name, s.goroutines, s.clients)
}

func scenarios() (all []scenario) {
	for _, server := range serverModels {
		for _, network := range networks {
			for _, load := range []*load{greedy, onOff} {
				for _, goroutines := range []int{1, 64} {
					for _, clients := range []int{1, 5} {
						if server.mum && clients > 1 { // the other servers have shown that it makes no difference
							continue
						}
						all = append(all, scenario{server, network, load, goroutines, clients, len(all)})
					}
				}
			}
		}
	}
	return all
}

// TestPacingSimulation lets 1,000 copies loose on servers that count in various
// ways, and looks on from the server's side. With -v it prints a table.
func TestPacingSimulation(t *testing.T) {
	all := scenarios()
	outcomes := make([]outcome, len(all))
	t.Run("scenario", func(t *testing.T) {
		for i, s := range all {
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					outcomes[i] = s.run(t)
					s.judge(t, outcomes[i])
				})
			})
		}
	})
	t.Log("\n" + table(all, outcomes))
}

// outcome is what was seen in a scenario.
type outcome struct {
	refusals int
	episodes []time.Duration // of refusals, and how long each was
	made     map[string]int  // how many agents of each name
	err      error
	took     time.Duration // from when copies were asked for until they were there, pauses between bursts left out
}

// run makes the copies. Each goroutine takes the next one that nobody has taken,
// and waits until it is asked for.
func (s scenario) run(t *testing.T) outcome {
	sim := newSimulation(s.server, s.network, s.number)
	clients := make([]*kolena.Client, s.clients)
	for i := range clients {
		clients[i] = newSimulationClient(t, fmt.Sprint("simulated-key-", s.number), sim)
	}
	errs, ends := make([]error, copies), make([]time.Duration, copies)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range s.goroutines {
		wg.Go(func() {
			for i := int(taken.Add(1)) - 1; i < copies; i = int(taken.Add(1)) - 1 {
				time.Sleep(s.askedAt(i) - sim.now())
				_, errs[i] = clients[i%s.clients].CopyAgent(t.Context(), 1, kolena.CopyAgentRequest{Name: fmt.Sprint("copy ", i)})
				ends[i] = sim.now()
			}
		})
	}
	wg.Wait()
	o := outcome{refusals: len(sim.refusals), episodes: sim.episodes(caution), made: sim.made, err: errors.Join(errs...)}
	for burst := range s.load.bursts {
		first := burst * s.perBurst()
		o.took += latest(ends[first:first+s.perBurst()]) - s.askedAt(first)
	}
	return o
}

func newSimulationClient(t *testing.T, key string, sim *simulation) *kolena.Client {
	client, err := kolena.New(key, agentcopy.WithHTTPClient(&http.Client{Transport: sim}))
	require.NoError(t, err)
	return client
}

func (s scenario) perBurst() int               { return copies / s.load.bursts }
func (s scenario) askedAt(i int) time.Duration { return time.Duration(i/s.perBurst()) * s.load.period }

func latest(times []time.Duration) (last time.Duration) {
	for _, t := range times {
		last = max(last, t)
	}
	return last
}

// share is how fast it went, compared to as many in any window as allowed and
// no delay at all.
func (s scenario) share(o outcome, window time.Duration) float64 {
	ideal := time.Duration(s.load.bursts*((s.perBurst()-1)/limit)) * window
	return ideal.Seconds() / o.took.Seconds()
}

// judge holds an outcome against what is promised.
func (s scenario) judge(t *testing.T, o outcome) {
	require.NoError(t, o.err, "every copy must succeed within its attempts, under the default policy")
	require.Len(t, o.made, copies, "agents made")
	for name, n := range o.made {
		require.Equal(t, 1, n, "how often %q was made", name)
	}
	if s.server.tolerant {
		require.Zero(t, o.refusals, "refusals by a server that allows %d in any %v", limit, interval)
		require.Greater(t, s.share(o, window), 0.98, "share of the speed that %d in %v allow", limit, window)
		return
	}
	// A server that allows less is found out by a refusal, and if it was found
	// out already some time before, by one more; in between it refuses nothing.
	require.LessOrEqual(t, len(o.episodes), 2, "times that the server refused after a while in which it did not: %v", o.episodes)
	for _, length := range o.episodes {
		require.Less(t, length, caution, "from the first refusal to the last one, the fallback being at work")
	}
}

// table has a line for each server, network and load, with the worst that any
// number of goroutines and clients met.
func table(all []scenario, outcomes []outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d copies, worst of 1 and 64 goroutines x 1 and 5 clients; shares of what %d per %v and %d per %v allow\n\n",
		copies, limit, window, limit, interval)
	fmt.Fprintf(&b, "%-30s %-12s %-7s %9s %9s %8s %8s\n", "server", "network", "load", "refused", "time", "of 61s", "of 60s")
	for i := 0; i < len(all); {
		first, refusals, took := all[i], 0, time.Duration(0)
		for ; i < len(all) && all[i].server == first.server && all[i].network == first.network && all[i].load == first.load; i++ {
			refusals = max(refusals, outcomes[i].refusals)
			took = max(took, outcomes[i].took)
		}
		worst := outcome{took: took}
		fmt.Fprintf(&b, "%-30s %-12s %-7s %9d %9v %7.1f%% %7.1f%%\n", first.server.name, first.network.name, first.load.name,
			refusals, took.Round(time.Second), 100*first.share(worst, window), 100*first.share(worst, interval))
	}
	return b.String()
}

// TestTwoProcessesOnOneKey is two programs that know nothing of each other, on
// a server that counts as documented: together they ask for twice the limit.
func TestTwoProcessesOnOneKey(t *testing.T) {
	for _, network := range networks {
		for _, goroutines := range []int{1, 64} {
			t.Run(fmt.Sprintf("%s/%d goroutines", network.name, goroutines), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sim := newSimulation(serverModels[0], network, goroutines)
					var wg sync.WaitGroup
					for process := range 2 {
						// Pacing goes by the key, so another key is another process.
						client := newSimulationClient(t, fmt.Sprint(t.Name(), process), sim)
						var taken atomic.Int64
						for range goroutines {
							wg.Go(func() {
								for i := taken.Add(1); i <= copies/2; i = taken.Add(1) {
									_, err := client.CopyAgent(t.Context(), 1, kolena.CopyAgentRequest{Name: fmt.Sprint(process, i)})
									if err != nil {
										t.Errorf("copy %d of process %d: got %v, want success", i, process, err)
									}
								}
							})
						}
					}
					wg.Wait()
					require.Len(t, sim.made, copies, "agents made")
					t.Logf("%d copies took %v, with %d refusals", copies, sim.now().Round(time.Second), len(sim.refusals))
				})
			})
		}
	}
}
