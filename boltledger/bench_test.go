package boltledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/boltledger"
)

// What a job costs the ledger: its intent and its result, each durable before
// the call returns. commits/s counts the two; with many jobs at a time, they
// share their way to the disk.
func BenchmarkJob(b *testing.B) {
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			l := open(b, newPath(b))
			var next atomic.Int64
			b.SetParallelism(goroutines) // times GOMAXPROCS
			work := make(chan struct{}, goroutines)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					work <- struct{}{}
					r, _, err := l.Begin(b.Context(), intent(int(next.Add(1))), time.Hour)
					if err == nil {
						err = l.Finish(b.Context(), done(r))
					}
					<-work
					if err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkOpen is what it takes to open a ledger of 100,000 records, all of
// which are checked.
func BenchmarkOpen(b *testing.B) {
	path := newPath(b)
	l := open(b, path)
	fill(b, l, 100_000)
	require.NoError(b, l.Close())
	for b.Loop() {
		l, err := boltledger.Open(path)
		require.NoError(b, err)
		require.NoError(b, l.Close())
	}
}

// fill makes n records, many at a time.
func fill(t testing.TB, l *boltledger.Ledger, n int) {
	t.Helper()
	var failed atomic.Int64
	work := make(chan int)
	ended := make(chan struct{})
	for range 256 {
		go func() {
			for i := range work {
				r, _, err := l.Begin(t.Context(), intent(i), time.Hour)
				if err == nil {
					err = l.Finish(t.Context(), done(r))
				}
				if err != nil {
					failed.Add(1)
				}
			}
			ended <- struct{}{}
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	for range 256 {
		<-ended
	}
	require.Zero(t, failed.Load())
}

func TestManyJobsShareTheirWayToTheDisk(t *testing.T) {
	l := open(t, newPath(t))
	const jobs = 640
	fill(t, l, jobs)
	require.Equal(t, jobs, count(t, l))
	require.Less(t, l.Commits(), jobs, "%d jobs are %d writes", jobs, 2*jobs)
}
