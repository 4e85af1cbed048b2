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

// newClient returns a client that sends through wire, with a key of its own.
func newClient(t *testing.T, wire *vendortest.Wire, opts ...agentcopy.Option) *cotool.Client {
	t.Helper()
	opts = append([]agentcopy.Option{agentcopy.WithHTTPClient(wire.Client())}, opts...)
	client, err := cotool.New(vendortest.Key(), opts...)
	require.NoError(t, err)
	return client
}

func TestNewRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		key   string
		opts  []agentcopy.Option
		field string
	}{
		"no key":                  {"", nil, "apiKey"},
		"a blank key":             {" \t", nil, "apiKey"},
		"a key with a line break": {"key\r\nX: y", nil, "apiKey"},
		"a base URL with a query": {"key", []agentcopy.Option{agentcopy.WithBaseURL("https://a.example?x=y")}, "WithBaseURL"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := cotool.New(tt.key, tt.opts...)
			require.Nil(t, client)
			vendortest.RequireInvalid(t, err, tt.field)
		})
	}
}

func TestNewFromEnv(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	send := func(t *testing.T, opts ...agentcopy.Option) vendortest.Request {
		t.Helper()
		client, err := cotool.NewFromEnv(append(opts, agentcopy.WithHTTPClient(wire.Client()))...)
		require.NoError(t, err)
		_, err = client.GetAgent(t.Context(), sourceID)
		require.NoError(t, err)
		requests := wire.Requests()
		return requests[len(requests)-1]
	}
	key := vendortest.Key()
	t.Setenv("COTOOL_API_KEY", key)
	t.Setenv("COTOOL_BASE_URL", "")
	sent := send(t)
	require.Equal(t, "app.cotool.ai", sent.Host)
	require.Equal(t, "Bearer "+key, sent.Header.Get("Authorization"))

	t.Setenv("COTOOL_BASE_URL", "https://gateway.example/cotool")
	sent = send(t)
	require.Equal(t, "gateway.example", sent.Host)
	require.Equal(t, "/cotool/api/agents/"+sourceID, sent.Target)
	require.Equal(t, "other.example", send(t, agentcopy.WithBaseURL("https://other.example")).Host)

	t.Setenv("COTOOL_BASE_URL", "gateway.example")
	_, err := cotool.NewFromEnv()
	vendortest.RequireInvalid(t, err, "COTOOL_BASE_URL")

	t.Setenv("COTOOL_API_KEY", "")
	_, err = cotool.NewFromEnv()
	vendortest.RequireInvalid(t, err, "COTOOL_API_KEY")
}

func TestWith(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	original := newClient(t, wire)
	changed, err := original.With(agentcopy.WithBaseURL("https://other.example"))
	require.NoError(t, err)
	for _, client := range []*cotool.Client{changed, original} {
		_, err := client.GetAgent(t.Context(), sourceID)
		require.NoError(t, err)
	}
	requests := wire.Requests()
	require.Equal(t, "other.example", requests[0].Host)
	require.Equal(t, "app.cotool.ai", requests[1].Host)
	require.Equal(t, requests[0].Header.Get("Authorization"), requests[1].Header.Get("Authorization"))

	_, err = original.With(agentcopy.WithLimiter(nil))
	vendortest.RequireInvalid(t, err, "WithLimiter")
}

// All calls of a key share the courtesy limit: 10 at once, then 10 a second.
func TestPace(t *testing.T) {
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
