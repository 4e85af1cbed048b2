package transport_test

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// paced is a vendor that allows two copies and three reads a minute.
var paced = &transport.Vendor{
	Name:    "paced",
	BaseURL: "https://api.acme.example",
	Limits: func() pacing.Limits {
		reads := agentcopy.NewWindowLimiter(3, time.Minute)
		return pacing.Limits{Copy: agentcopy.NewWindowLimiter(2, time.Minute), List: reads, Get: reads}
	},
}

func newPacedClient(t testing.TB, key string, rt http.RoundTripper, opts ...agentcopy.Option) *transport.Client {
	t.Helper()
	return newClientOf(t, paced, key, rt, opts...)
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
	synctest.Test(t, func(t *testing.T) {
		server := refuseFirst(answer(429, "", "Retry-After", "3600"))
		_, _, err := doCopy(t, newPacedClient(t, key, server, patient))
		require.ErrorIs(t, err, agentcopy.ErrRateLimited)
		for range 5 {
			time.Sleep(10 * time.Minute)
			runtime.GC()
		}
		_, _, err = doCopy(t, newPacedClient(t, key, server, patient))
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, time.Hour}, server.arrivals)
	})
}
