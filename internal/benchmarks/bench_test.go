//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The names of the benchmarks are for benchstat: -col /client compares the clients.

// BenchmarkCopy answers from memory: what is measured is the client.
func BenchmarkCopy(b *testing.B) {
	for _, v := range vendors() {
		for _, size := range sizes {
			answer := inMemory(http.StatusCreated, v.document.ofSize(b, size.bytes), 0)
			for _, c := range v.clients {
				do := v.dial(b, c, v.origin, answer)
				b.Run(fmt.Sprintf("vendor=%s/size=%s/client=%s", v.name, size.name, c.name), func(b *testing.B) { loop(b, do) })
			}
		}
	}
}

// BenchmarkParallel is BenchmarkCopy with 2 KB and 64 goroutines.
func BenchmarkParallel(b *testing.B) {
	for _, v := range vendors() {
		answer := inMemory(http.StatusCreated, v.document.ofSize(b, 2<<10), 0)
		for _, c := range v.clients {
			do := v.dial(b, c, v.origin, answer)
			b.Run(fmt.Sprintf("vendor=%s/client=%s", v.name, c.name), func(b *testing.B) {
				b.SetParallelism(32)
				defer reportCPU(b)()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := do(context.Background()); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// BenchmarkLoopback goes over HTTP/1.1 to a server in the same process.
func BenchmarkLoopback(b *testing.B) {
	for _, v := range vendors() {
		body := v.document.ofSize(b, 2<<10)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(body)
		}))
		defer server.Close()
		for _, c := range v.clients {
			do := v.dial(b, c, server.URL, server.Client())
			b.Run(fmt.Sprintf("vendor=%s/client=%s", v.name, c.name), func(b *testing.B) { loop(b, do) })
		}
	}
}

// BenchmarkRefused has the vendor answer 404. Peers look for another error body.
func BenchmarkRefused(b *testing.B) {
	for _, v := range vendors() {
		for _, c := range v.clients[:2] {
			do := v.refused(b, c)
			b.Run(fmt.Sprintf("vendor=%s/client=%s", v.name, c.name), func(b *testing.B) { loop(b, do) })
		}
	}
}

// BenchmarkBurst is 10,000 calls at the same moment to a server that takes 50 ms.
func BenchmarkBurst(b *testing.B) {
	v := vendors()[0]
	answer := inMemory(http.StatusCreated, v.document.ofSize(b, 2<<10), 50*time.Millisecond)
	for _, c := range v.clients {
		do := v.dial(b, c, v.origin, answer)
		b.Run("client="+c.name, func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				var calls sync.WaitGroup
				var failed atomic.Int64
				for range 10_000 {
					calls.Go(func() {
						if _, err := do(context.Background()); err != nil {
							failed.Add(1)
						}
					})
				}
				calls.Wait()
				if n := failed.Load(); n > 0 {
					b.Fatal(n, "calls failed")
				}
			}
		})
	}
}

// reportCPU adds the processor time of an operation, which other programs on the machine
// change less than the time that passes.
func reportCPU(b *testing.B) (report func()) {
	cpu := func() time.Duration {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			b.Fatal(err)
		}
		return time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	runtime.GC() // nobody pays for another one's garbage
	start := cpu()
	return func() { b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op") }
}

func loop(b *testing.B, do call) {
	ctx := context.Background()
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		if _, err := do(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
