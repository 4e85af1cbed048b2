package kolena_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const agent = `{"id":456,"workspace_id":7,"name":"Leases","objective":"","created_by":"","n_runs":0,"prompts":[]}`

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *kolena.Client {
	t.Helper()
	return vendortest.NewClient[*kolena.Client](t, wire, opts...)
}

// Each endpoint keeps its own documented number, whichever client it is called
// through: the first request beyond it waits for the window to pass.
func TestEachEndpointKeepsItsLimit(t *testing.T) {
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
func TestACopyUnderWayHoldsItsPlace(t *testing.T) {
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
				assert.NoError(t, err)
			})
		}
		copies.Wait()
		require.Equal(t, 20*time.Second+61*time.Second+20*time.Second, time.Since(start))
	})
}
