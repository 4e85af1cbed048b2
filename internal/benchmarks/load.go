package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// pressure is many calls at a time to a server that takes its time.
type pressure struct {
	callers int           // at a time
	each    int           // calls of each caller, one after another
	latency time.Duration // of the server
}

// ideal is how long it takes if only the server takes time.
func (p pressure) ideal() time.Duration { return time.Duration(p.each) * p.latency }

// endured is how a contender bore a pressure.
type endured struct {
	took         time.Duration
	heap, stacks uint64 // in bytes, at the peak, beyond those from before
}

// endure makes the calls that p asks for.
func endure(ctx context.Context, c call, p pressure) (endured, error) {
	runtime.GC()
	before := memoryInUse()
	var (
		ready, done sync.WaitGroup
		failed      atomic.Pointer[error]
	)
	start := make(chan struct{})
	ready.Add(p.callers)
	for range p.callers {
		done.Go(func() {
			ready.Done()
			<-start
			for range p.each {
				if _, err := c(ctx); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	ready.Wait()
	peak := watchMemory()
	began := time.Now()
	close(start)
	done.Wait()
	took := time.Since(began)
	most := peak()
	if err := failed.Load(); err != nil {
		return endured{}, *err
	}
	return endured{took, most.heap - min(before.heap, most.heap), most.stacks - min(before.stacks, most.stacks)}, nil
}

// usage is the memory in use: objects on the heap, those included that are
// not collected yet, and stacks.
type usage struct{ heap, stacks uint64 }

func memoryInUse() usage {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return usage{samples[0].Value.Uint64(), samples[1].Value.Uint64()}
}

// watchMemory looks at the memory in use every few milliseconds until the
// function it returns is called, which tells the most of each.
func watchMemory() (peak func() usage) {
	stop, result := make(chan struct{}), make(chan usage)
	go func() {
		var most usage
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			now := memoryInUse()
			most = usage{max(most.heap, now.heap), max(most.stacks, now.stacks)}
			select {
			case <-ticker.C:
			case <-stop:
				result <- most
				return
			}
		}
	}()
	return func() usage {
		close(stop)
		return <-result
	}
}

// endureAll puts all calls under the same pressure, in turn and several times
// over, and returns the median time and the highest peaks of each.
func (p *plan) endureAll(ctx context.Context, calls []call, pressure pressure) ([]endured, error) {
	all := make([]endured, len(calls))
	took := make([][]float64, len(calls))
	for range p.loads {
		for _, i := range rand.Perm(len(calls)) {
			e, err := endure(ctx, calls[i], pressure)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], float64(e.took))
			all[i].heap, all[i].stacks = max(all[i].heap, e.heap), max(all[i].stacks, e.stacks)
		}
	}
	for i := range all {
		all[i].took = time.Duration(quantile(took[i], 0.5))
	}
	return all, nil
}
