package kolena_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const agent = `{"id":456,"workspace_id":7,"name":"Leases","objective":"","created_by":"","n_runs":0,"prompts":[]}`

// newClient returns a client that sends through wire, with a key of its own.
func newClient(t *testing.T, wire *vendortest.Wire, opts ...agentcopy.Option) *kolena.Client {
	t.Helper()
	opts = append([]agentcopy.Option{agentcopy.WithHTTPClient(wire.Client())}, opts...)
	client, err := kolena.New(vendortest.Key(), opts...)
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
		"a key with a line break": {"key\n", nil, "apiKey"},
		"a nil client":            {"key", []agentcopy.Option{agentcopy.WithHTTPClient(nil)}, "WithHTTPClient"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := kolena.New(tt.key, tt.opts...)
			require.Nil(t, client)
			vendortest.RequireInvalid(t, err, tt.field)
		})
	}
}

func TestNewFromEnv(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	send := func(t *testing.T, opts ...agentcopy.Option) vendortest.Request {
		t.Helper()
		client, err := kolena.NewFromEnv(append(opts, agentcopy.WithHTTPClient(wire.Client()))...)
		require.NoError(t, err)
		_, err = client.GetAgent(t.Context(), 123)
		require.NoError(t, err)
		requests := wire.Requests()
		return requests[len(requests)-1]
	}
	key := vendortest.Key()
	t.Setenv("KOLENA_API_KEY", key)
	t.Setenv("KOLENA_API_URL", "")
	sent := send(t)
	require.Equal(t, "agents-api.kolena.com", sent.Host)
	require.Equal(t, "Bearer "+key, sent.Header.Get("Authorization"))

	t.Setenv("KOLENA_API_URL", "https://gateway.example/kolena/")
	sent = send(t)
	require.Equal(t, "gateway.example", sent.Host)
	require.Equal(t, "/kolena/api/v1/client/agents/123", sent.Target)
	require.Equal(t, "other.example", send(t, agentcopy.WithBaseURL("https://other.example")).Host)

	t.Setenv("KOLENA_API_URL", "https://user:word@gateway.example")
	_, err := kolena.NewFromEnv()
	vendortest.RequireInvalid(t, err, "KOLENA_API_URL")

	t.Setenv("KOLENA_API_URL", "http://gateway.example")
	_, err = kolena.NewFromEnv()
	vendortest.RequireInvalid(t, err, "KOLENA_API_URL")
	require.Equal(t, "gateway.example", send(t, agentcopy.WithInsecureHTTP()).Host)

	for _, key := range []string{" ", "two\nlines"} {
		t.Setenv("KOLENA_API_KEY", key)
		_, err = kolena.NewFromEnv()
		vendortest.RequireInvalid(t, err, "KOLENA_API_KEY")
	}
}

func TestWith(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	original := newClient(t, wire)
	changed, err := original.With(agentcopy.WithHeader("X-Team", "a"))
	require.NoError(t, err)
	for _, client := range []*kolena.Client{changed, original} {
		_, err := client.GetAgent(t.Context(), 123)
		require.NoError(t, err)
	}
	requests := wire.Requests()
	require.Equal(t, "a", requests[0].Header.Get("X-Team"))
	require.Empty(t, requests[1].Header.Get("X-Team"))
	require.Equal(t, requests[0].Header.Get("Authorization"), requests[1].Header.Get("Authorization"))

	_, err = original.With(nil)
	vendortest.RequireInvalid(t, err, "opts")
}

// Each endpoint keeps its own documented number, whichever client it is called
// through: the first request beyond it waits for the window to pass.
func TestPace(t *testing.T) {
	for name, tt := range map[string]struct {
		allowed int
		call    func(*testing.T, *kolena.Client) error
	}{
		"copy": {60, func(t *testing.T, c *kolena.Client) error {
			_, err := c.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "a"})
			return err
		}},
		"list": {600, func(t *testing.T, c *kolena.Client) error {
			_, err := vendortest.Collect(t, c.ListAgents(t.Context(), kolena.ListAgentsRequest{}))
			return err
		}},
		"get": {1200, func(t *testing.T, c *kolena.Client) error {
			_, err := c.GetAgent(t.Context(), 123)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
					if r.Path() == "/api/v1/client/agents" {
						return http.StatusOK, `{"agents":[],"total_pages":0}`
					}
					return http.StatusOK, agent
				})
				client := newClient(t, wire)
				other, err := client.With()
				require.NoError(t, err)
				start := time.Now()
				for range tt.allowed {
					require.NoError(t, tt.call(t, client))
				}
				require.Zero(t, time.Since(start), "what is allowed is sent at once")
				require.NoError(t, tt.call(t, other))
				require.Equal(t, 61*time.Second, time.Since(start))
			})
		})
	}
}

// Copies that are under way hold their places until they are answered.
func TestPaceOfCopiesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := vendortest.New(func(int, vendortest.Request) (int, string) {
			time.Sleep(20 * time.Second)
			return http.StatusOK, agent
		})
		client := newClient(t, slow)
		start := time.Now()
		var copies sync.WaitGroup
		for range 61 {
			copies.Go(func() {
				_, err := client.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "a"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		copies.Wait()
		require.Equal(t, 20*time.Second+61*time.Second+20*time.Second, time.Since(start))
	})
}
