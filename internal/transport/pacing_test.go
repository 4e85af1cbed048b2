package transport_test

import (
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// paced is a vendor that allows two copies and three reads a minute.
var paced = &transport.Vendor{
	Name:    "paced",
	BaseURL: "https://api.acme.example",
	Limits: func() transport.Limits {
		reads := agentcopy.NewWindowLimiter(3, time.Minute)
		return transport.Limits{
			transport.CopyEndpoint: agentcopy.NewWindowLimiter(2, time.Minute),
			transport.ListEndpoint: reads,
			transport.GetEndpoint:  reads,
		}
	},
}

func newPacedClient(t testing.TB, key string, rt http.RoundTripper, opts ...agentcopy.Option) *transport.Client {
	t.Helper()
	opts = append([]agentcopy.Option{agentcopy.WithHTTPClient(&http.Client{Transport: rt})}, opts...)
	c, err := transport.New(paced, secretsOf(key), opts)
	require.NoError(t, err)
	return c
}

func TestClientsOfOneCredentialShareTheirPace(t *testing.T) {
	t.Run("built apart", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, start, key := play(answer(200, made)), time.Now(), newKey()
			for range 5 { // one client for each
				_, _, err := doCopy(t, newPacedClient(t, key, s))
				require.NoError(t, err)
			}
			require.Equal(t, 2*time.Minute, time.Since(start), "time for 5 copies at 2 a minute")
		})
	})
	t.Run("With", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start, c := time.Now(), newPacedClient(t, newKey(), play(answer(200, made)))
			for range 5 {
				with, err := c.With([]agentcopy.Option{agentcopy.WithUserAgent("another/1")})
				require.NoError(t, err)
				_, _, err = doCopy(t, with)
				require.NoError(t, err)
			}
			require.Equal(t, 2*time.Minute, time.Since(start), "time for 5 copies at 2 a minute")
		})
	})
	t.Run("other credentials", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, start := play(answer(200, made)), time.Now()
			for range 5 {
				_, _, err := doCopy(t, newPacedClient(t, newKey(), s))
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start), "they do not wait for each other")
		})
	})
	t.Run("WithLimiter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start, c := time.Now(), newPacedClient(t, newKey(), play(answer(200, made)), agentcopy.WithLimiter(agentcopy.Unlimited))
			for range 5 {
				_, _, err := doCopy(t, c)
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start), "the limiter replaces the default")
		})
	})
}

func TestEndpointsHaveTheirOwnPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, c := time.Now(), newPacedClient(t, newKey(), play(answer(200, made)))
		for range 2 {
			_, _, err := doCopy(t, c)
			require.NoError(t, err)
		}
		for range 3 {
			_, _, err := doGet(t, c)
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start), "2 copies and 3 reads")
		_, _, err := doGet(t, c)
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(start), "the fourth read")
	})
}

// inMemory answers for any origin, as agentcopytest's transports do, and says
// what its own is.
type inMemory struct {
	http.RoundTripper
	scope string
}

func (m inMemory) PacingScope() string { return m.scope }

func TestServersInMemoryShareNoPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, key, s := time.Now(), newKey(), play(answer(200, made))
		for i := range 5 {
			_, _, err := doCopy(t, newPacedClient(t, key, inMemory{s, fmt.Sprint("server ", i)}))
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start), "they do not wait for each other")
	})
}

// A program that builds a client for each copy and drops it must not begin with
// a fresh limit after each garbage collection: the server remembers.
func TestTheLimitOutlivesTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start, key := play(answer(200, made)), time.Now(), newKey()
		for i := range 6 {
			_, _, err := doCopy(t, newPacedClient(t, key, s))
			require.NoError(t, err)
			require.Equal(t, time.Duration(i/2)*time.Minute, time.Since(start), "when copy %d was made, at 2 a minute", i)
			runtime.GC()
		}
	})
}

func TestAPauseOutlivesTheClients(t *testing.T) {
	key := newKey()
	patient := agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever, MaxWait: time.Hour})
	// What kept the pause in an earlier bubble does not keep it in the next.
	kept := newPacedClient(t, key, play(answer(200, made)))
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Minute)
		_, _, err := doCopy(t, kept)
		require.NoError(t, err)
	})
	synctest.Test(t, func(t *testing.T) {
		server := refuseFirst(answer(429, "", "Retry-After", "3600"))
		_, _, err := doCopy(t, newPacedClient(t, key, server, patient))
		require.ErrorIs(t, err, agentcopy.ErrRateLimited)
		kept = nil
		for range 5 {
			time.Sleep(10 * time.Minute)
			runtime.GC()
		}
		_, _, err = doCopy(t, newPacedClient(t, key, server, patient))
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, time.Hour}, server.arrivals)
	})
}

// awaitPacings collects garbage until the process remembers no more credentials
// than want, and returns how many it remembers in the end.
func awaitPacings(want int) int {
	for range 1000 {
		if transport.Pacings() <= want {
			break
		}
		runtime.GC()
		time.Sleep(time.Millisecond) // lets the runtime's clean-ups run
	}
	return transport.Pacings()
}

func TestPacingsAreFreed(t *testing.T) {
	const keys = 2000
	s := play(answer(200, made))
	before := transport.Pacings()
	for range keys { // that send nothing
		newPacedClient(t, newKey(), s)
	}
	require.LessOrEqual(t, awaitPacings(before), before, "credentials remembered after %d that were never used", keys)

	synctest.Test(t, func(t *testing.T) {
		for range keys {
			_, _, err := doCopy(t, newPacedClient(t, newKey(), s))
			require.NoError(t, err)
		}
		runtime.GC()
		require.GreaterOrEqual(t, transport.Pacings(), keys, "credentials remembered just after their use")
		time.Sleep(10 * time.Minute)
	})
	require.LessOrEqual(t, awaitPacings(before), before, "credentials remembered long after the use of %d", keys)
}

// The clean-up of a pacing that is gone comes late, when there may be another.
func TestALateCleanUpForgetsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, server := newKey(), refuseFirst(answer(429, "", "Retry-After", "10"))
		c := newPacedClient(t, key, server)
		refused(t, c)
		transport.ForgetPacing(c, paced.BaseURL+":443")
		_, _, err := doCopy(t, newPacedClient(t, key, server))
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, 10 * time.Second}, server.arrivals)
		runtime.KeepAlive(c)
	})
}

// Clients are built and dropped while the garbage collector works, each of which
// must find the pace of its credential, or make one, and never lose it.
func TestPacingsUnderConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				key := fmt.Sprint("credential-", i%3)
				s := inMemory{play(answer(200, made)), t.Name()}
				_, _, err := doCopy(t, newPacedClient(t, key, s, agentcopy.WithLimiter(agentcopy.Unlimited)))
				assert.NoError(t, err)
				if i%50 == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkDistinctKeys makes a client for a new key each time. Run it with
// -benchtime 1000000x: what is remembered does not grow with the number.
func BenchmarkDistinctKeys(b *testing.B) {
	rt := play(answer(200, made))
	remembered, heap, most := transport.Pacings(), heapInUse(), 0
	b.ReportAllocs()
	for b.Loop() {
		newPacedClient(b, newKey(), rt)
		most = max(most, transport.Pacings())
	}
	b.ReportMetric(float64(most), "most-remembered")
	b.ReportMetric(float64(awaitPacings(remembered)), "remembered-in-the-end")
	b.ReportMetric(float64(heapInUse()-heap), "heap-growth-B")
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
