package transport_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// newLimitedClient is a client that may make n copies a minute, and one every two
func newLimitedClient(t *testing.T, n int) (*transport.Client, *observer) {
	t.Helper()
	limited := &transport.Vendor{Name: "limited", BaseURL: vendor.BaseURL, Limits: func() pacing.Limits {
		return pacing.Limits{Copy: pacing.NewAdaptiveWindow(n, time.Minute, 2*time.Second)}
	}}
	server := refuseFirst(func(req *http.Request) (*http.Response, error) {
		time.Sleep(time.Second) // meanwhile others wait for a place
		return answer(429, "", "Retry-After", "90")(req)
	})
	c, err := transport.New(limited, secretsOf(newKey()), []agentcopy.Option{
		agentcopy.WithHTTPClient(&http.Client{Transport: server}),
	})
	require.NoError(t, err)
	return c, server
}

func TestAttemptsThatWaitedOutThePauseAreSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newLimitedClient(t, 4)
		var wg sync.WaitGroup
		for range 6 { // four are admitted, two at the end of the minute
			wg.Go(func() {
				_, _, err := doCopy(t, c)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, []time.Duration{0, 0, 0, 0, 91 * time.Second, 93 * time.Second, 95 * time.Second}, server.arrivals, "arrivals at the server")
	})
}

func TestACallThatEndsInAPauseCostsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newLimitedClient(t, 2)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _, _, _ = doCopy(t, c) })
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			wg.Go(func() {
				_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		time.Sleep(70 * time.Second) // two of them have got the places
		cancel()
		synctest.Wait()
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		wg.Wait()
		require.Equal(t, []time.Duration{0, 0, 91 * time.Second, 93 * time.Second}, server.arrivals, "arrivals at the server")
	})
}
