package once_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestKolenasCopierKeepsTheContract(t *testing.T) {
	const agents = "/api/v1/client/agents"
	show := func(a oncetest.Agent) map[string]any {
		id, _ := strconv.ParseInt(a.ID, 10, 64)
		shown := map[string]any{"id": id, "name": a.Name, "objective": "", "created_by": "a@example.com", "n_runs": 0}
		if !a.CreatedAt.IsZero() {
			shown["created"] = a.CreatedAt
		}
		return shown
	}
	oncetest.TestCopier(t, oncetest.Wire{
		New: func(t *testing.T, baseURL string, c *http.Client) agentcopy.Copier {
			client, err := kolena.New("not-a-real-key", agentcopy.WithBaseURL(baseURL), agentcopy.WithHTTPClient(c))
			require.NoError(t, err)
			return client.Copier(kolena.CopyAgentRequest{})
		},
		Copy: func(r *http.Request) (sourceID, name string, ok bool) {
			path, isCopy := strings.CutSuffix(r.URL.Path, "/copy")
			var order struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&order)
			return strings.TrimPrefix(path, agents+"/"), order.Name, isCopy
		},
		Made: func(w http.ResponseWriter, a oncetest.Agent) { _ = json.NewEncoder(w).Encode(show(a)) },
		Read: func(w http.ResponseWriter, r *http.Request, all []oncetest.Agent) {
			if id, one := strings.CutPrefix(r.URL.Path, agents+"/"); one {
				for _, a := range all {
					if a.ID == id {
						_ = json.NewEncoder(w).Encode(show(a))
						return
					}
				}
				w.WriteHeader(http.StatusNotFound)
				return
			}
			shown := make([]map[string]any, len(all))
			for i, a := range all {
				shown[i] = show(a)
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"agents": shown, "total_pages": 1, "page_size": len(shown)})
		},
	})
}
