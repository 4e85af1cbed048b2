//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
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
			v.measure(b, fmt.Sprintf("vendor=%s/size=%s/", v.name, size.name), v.origin, answer, oneByOne)
		}
	}
}

// BenchmarkParallel is BenchmarkCopy with 2 KB and 64 goroutines.
func BenchmarkParallel(b *testing.B) {
	for _, v := range vendors() {
		answer := inMemory(http.StatusCreated, v.document.ofSize(b, 2<<10), 0)
		v.measure(b, "vendor="+v.name+"/", v.origin, answer, func(b *testing.B, do call) {
			b.SetParallelism(32)
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
		v.measure(b, "vendor="+v.name+"/", server.URL, server.Client(), oneByOne)
	}
}

// BenchmarkRefused has the vendor answer 404. Peers look for another error body.
func BenchmarkRefused(b *testing.B) {
	for _, v := range vendors() {
		for _, c := range v.clients[:2] {
			do := v.refused(b, c)
			b.Run(fmt.Sprintf("vendor=%s/client=%s", v.name, c.name), func(b *testing.B) { timed(b, do, oneByOne) })
		}
	}
}

// BenchmarkBurst is 10,000 calls at the same moment to a server that takes 50 ms.
func BenchmarkBurst(b *testing.B) {
	v := vendors()[0]
	answer := inMemory(http.StatusCreated, v.document.ofSize(b, 2<<10), 50*time.Millisecond)
	v.measure(b, "", v.origin, answer, func(b *testing.B, do call) {
		for b.Loop() {
			var calls sync.WaitGroup
			for range 10_000 {
				calls.Go(func() {
					if _, err := do(context.Background()); err != nil {
						b.Error(err)
					}
				})
			}
			calls.Wait()
		}
	})
}

func oneByOne(b *testing.B, do call) {
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := do(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// measure has all clients of a vendor make the call, in a loop.
func (v *vendor) measure(b *testing.B, name, origin string, http *http.Client, loop func(*testing.B, call)) {
	for _, c := range v.clients {
		do := v.dial(b, c, origin, http)
		b.Run(name+"client="+c.name, func(b *testing.B) { timed(b, do, loop) })
	}
}

// timed adds the processor time of an operation, which other programs on the machine
// change less than the time that passes.
func timed(b *testing.B, do call, loop func(*testing.B, call)) {
	cpu := func() time.Duration {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			b.Fatal(err)
		}
		return time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	runtime.GC() // nobody pays for another one's garbage
	start := cpu()
	loop(b, do)
	b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op")
}
