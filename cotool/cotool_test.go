package cotool_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

const (
	sourceID = "3c90c3cc-0d44-4b50-8888-8dd25736052d"
	agent    = `{"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11","name":"Triage"}`
)

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *cotool.Client {
	t.Helper()
	return vendortest.NewClient[*cotool.Client](t, wire, opts...)
}

// All calls of a key share the courtesy limit: 10 at once, then 10 a second.
func TestAllCallsShareTenASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, vendortest.Always(http.StatusOK, agent))
		start := time.Now()
		for range 30 {
			_, err := client.GetAgent(t.Context(), sourceID)
			require.NoError(t, err)
		}
		require.Equal(t, 2*time.Second, time.Since(start).Round(time.Millisecond))
	})
}
