package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestAcme(t *testing.T) {
	show := func(agent oncetest.Agent) acmeAgent {
		return acmeAgent{agent.ID, agent.Name, agentcopy.Time{Time: agent.CreatedAt}}
	}
	oncetest.TestCopier(t, oncetest.Wire{
		New: func(_ *testing.T, baseURL string, c *http.Client) agentcopy.Copier {
			return newAcme(baseURL, "any key", c)
		},
		Copy: func(r *http.Request) (sourceID, name string, ok bool) {
			var order struct{ Name string }
			sourceID, ok = strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/agents/"), "/copy")
			return sourceID, order.Name, ok && json.NewDecoder(r.Body).Decode(&order) == nil
		},
		Made: func(w http.ResponseWriter, agent oncetest.Agent) { _ = json.NewEncoder(w).Encode(show(agent)) },
		Read: func(w http.ResponseWriter, _ *http.Request, agents []oncetest.Agent) {
			list := []acmeAgent{}
			for _, agent := range agents {
				list = append(list, show(agent))
			}
			_ = json.NewEncoder(w).Encode(list)
		},
	})
}
