package once_test

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// jobs yields n of them, and counts those that were taken.
func jobs(vendor *acme, n int, taken *atomic.Int64) iter.Seq[once.Job] {
	return func(yield func(once.Job) bool) {
		for i := range n {
			taken.Add(1)
			if !yield(jobOf(vendor, i)) {
				return
			}
		}
	}
}

func jobOf(vendor *acme, i int) once.Job {
	return once.Job{Key: keyOf(i), Copier: vendor, Request: agentcopy.CopyRequest{SourceID: "source-1", Name: keyOf(i)}}
}

func TestAllYieldsWhatBecameOfEachJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(never(failed(agentcopy.OutcomeNotCopied, 404, nil)), lost(time.Second), answered)
		var taken atomic.Int64
		results := map[string]once.Result{}
		for r := range runner.All(t.Context(), jobs(vendor, 20, &taken)) {
			require.NotContains(t, results, r.Job.Key)
			results[r.Job.Key] = r
		}
		require.Len(t, results, 20)
		var refused, found int
		for key, r := range results {
			switch {
			case r.Err != nil:
				require.ErrorIs(t, r.Err, agentcopy.ErrNotFound)
				refused++
			case r.Existing:
				found++
				fallthrough
			default:
				require.Equal(t, key, r.Copy.Name)
			}
		}
		require.Equal(t, 1, refused)
		require.Equal(t, 1, found)
		requireSettled(t, runner.Ledger, vendor, 19)

		for r := range runner.All(t.Context(), jobs(vendor, 20, &taken)) {
			require.NoError(t, r.Err)
			require.Equal(t, results[r.Job.Key].Err == nil, r.Existing)
		}
		requireSettled(t, runner.Ledger, vendor, 20)
	})
}

func TestAllWorksOnNoMoreAtATimeAndTakesNoMore(t *testing.T) {
	for concurrency, want := range map[int]int{0: 8, 1: 1, 3: 3, 100: 100} {
		synctest.Test(t, func(t *testing.T) {
			var working, most, taken atomic.Int64
			runner, vendor := newOnce()
			runner.Concurrency = concurrency
			for range 200 {
				vendor.steps = append(vendor.steps, func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
					if n := working.Add(1); n > most.Load() {
						most.Store(n)
					}
					defer working.Add(-1)
					return slow(time.Second, answered)(a, ctx, req)
				})
			}
			yielded := 0
			start := time.Now()
			for r := range runner.All(t.Context(), jobs(vendor, 200, &taken)) {
				require.NoError(t, r.Err)
				yielded++
				require.LessOrEqual(t, int(taken.Load()), yielded+want)
			}
			require.EqualValues(t, want, most.Load())
			require.Equal(t, time.Duration((200+want-1)/want)*time.Second, time.Since(start))
		})
	}
}

func TestAllYieldsResultsAsTheyFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Hour, answered))
		var taken atomic.Int64
		// The sequence waits for the result of its own first job, and the slow one
		// holds back nobody.
		first := make(chan struct{})
		seq := func(yield func(once.Job) bool) {
			if !yield(jobOf(vendor, 0)) {
				return
			}
			synctest.Wait() // until the slow one is on its way
			if !yield(jobOf(vendor, 1)) {
				return
			}
			<-first
			jobs(vendor, 10, &taken)(yield)
		}
		start := time.Now()
		var times []time.Duration
		for r := range runner.All(t.Context(), seq) {
			if r.Job.Key == keyOf(1) && len(times) == 0 {
				close(first)
			}
			times = append(times, time.Since(start))
		}
		require.Len(t, times, 12)
		require.Zero(t, times[8])
		requireSettled(t, runner.Ledger, vendor, 10)
	})
}

func TestAllMakesOneCopyOfTwoJobsWithOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runner, vendor := newOnce(slow(time.Second, answered))
		created := 0
		same := slices.Repeat([]once.Job{jobOf(vendor, 1)}, 50)
		for r := range runner.All(t.Context(), slices.Values(same)) {
			require.NoError(t, r.Err)
			if !r.Existing {
				created++
			}
		}
		require.Equal(t, 1, created)
		requireSettled(t, runner.Ledger, vendor, 1)
	})
}

func TestAllSeesThroughWhatItHasStarted(t *testing.T) {
	// In each case the loop ends after the third result, once the jobs that take a
	// minute are under way. synctest.Test fails if a goroutine is left.
	loop := func(results iter.Seq[once.Result], end func()) {
		n := 0
		for range results {
			if n++; n == 3 {
				synctest.Wait()
				end()
				break
			}
		}
	}
	for _, tt := range []struct {
		name   string
		end    func(t *testing.T, results iter.Seq[once.Result], cancel context.CancelFunc)
		intact bool // what is under way is not disturbed
	}{
		{"the loop is broken off", func(_ *testing.T, results iter.Seq[once.Result], _ context.CancelFunc) {
			loop(results, func() {})
		}, true},
		{"the loop panics", func(t *testing.T, results iter.Seq[once.Result], _ context.CancelFunc) {
			require.PanicsWithValue(t, "in the loop", func() { loop(results, func() { panic("in the loop") }) })
		}, true},
		{"the goroutine of the loop exits", func(_ *testing.T, results iter.Seq[once.Result], _ context.CancelFunc) {
			var exiting sync.WaitGroup
			exiting.Go(func() { loop(results, runtime.Goexit) })
			exiting.Wait()
		}, true},
		{"the context ends", func(t *testing.T, results iter.Seq[once.Result], cancel context.CancelFunc) {
			n, ended := 0, 0
			for r := range results {
				if n++; n == 3 {
					synctest.Wait()
					cancel()
				}
				if r.Err != nil {
					require.ErrorIs(t, r.Err, context.Canceled)
					ended++
				}
			}
			require.Equal(t, 8, ended, "the results of what was under way are yielded")
		}, false},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			runner, vendor := newOnce(answered, answered, answered)
			for range 100 {
				vendor.steps = append(vendor.steps, slow(time.Minute, answered))
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var taken atomic.Int64
			start := time.Now()
			tt.end(t, runner.All(ctx, jobs(vendor, 100, &taken)), cancel)
			_, sent := vendor.counts()
			require.LessOrEqual(t, sent, 3+8)
			if tt.intact {
				require.Equal(t, time.Minute, time.Since(start))
				requireSettled(t, runner.Ledger, vendor, sent)
			} else {
				require.Zero(t, time.Since(start))
				agents, _ := vendor.counts()
				require.Equal(t, 3, agents)
			}
		})
	}
}

func TestAllPassesOnPanicsAndExits(t *testing.T) {
	for name, tt := range map[string]struct {
		sequence func() // after three jobs; nil: it goes on
		copier   step   // with the second job
		want     any    // the panic; nil: an exit
	}{
		"the sequence panics": {sequence: func() { panic("in the sequence") }, want: "in the sequence"},
		"the sequence exits":  {sequence: runtime.Goexit},
		"a Copier panics": {want: "in the copier", copier: func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
			panic("in the copier")
		}},
		"a Copier exits": {copier: func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
			runtime.Goexit()
			return agentcopy.Copy{}, nil
		}},
	} {
		inBubble(t, name, func(t *testing.T) {
			runner, vendor := newOnce()
			for range 100 {
				vendor.steps = append(vendor.steps, slow(time.Minute, answered))
			}
			if tt.copier != nil {
				vendor.steps[1] = tt.copier
			}
			taken, yielded, returned := 0, 0, false
			seq := func(yield func(once.Job) bool) {
				for taken < 100 {
					if taken == 3 && tt.sequence != nil {
						tt.sequence()
					}
					taken++
					if !yield(jobOf(vendor, taken)) {
						return
					}
				}
			}
			var panicked any
			var loop sync.WaitGroup
			loop.Go(func() {
				defer func() { panicked = recover() }()
				for range runner.All(t.Context(), seq) {
					yielded++
				}
				returned = true
			})
			loop.Wait()
			require.False(t, returned)
			require.Equal(t, tt.want, panicked)
			require.Less(t, taken, 20, "jobs that were begun")
			require.Zero(t, once.KeysAtWork())
			if tt.sequence != nil {
				require.Equal(t, 3, yielded)
				requireSettled(t, runner.Ledger, vendor, 3)
			}
		})
	}
}

func TestAllTakesNothingWhenTheContextHasEnded(t *testing.T) {
	runner, vendor := newOnce()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var taken atomic.Int64
	for range runner.All(ctx, jobs(vendor, 5, &taken)) {
		t.Error("a result")
	}
	require.Zero(t, taken.Load())
}

func TestAllRefusesANilContext(t *testing.T) {
	runner, vendor := newOnce()
	//lint:ignore SA1012 a nil context is the fault under test
	require.Panics(t, func() { runner.All(nil, jobs(vendor, 1, new(atomic.Int64))) })
}
