package langsmith_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

// The bare refusals that users of LangSmith ask about most come with a hint.
func TestHints(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		hint   string
	}{
		"no key arrived":      {401, `{"error":"Unauthorized"}`, "another region"},
		"a bare 403":          {403, `{"error":"Forbidden"}`, "langsmith.WithWorkspace"},
		"an organization":     {403, `{"error":"org_scoped_key_requires_workspace"}`, "the key belongs to an organization"},
		"an agent not shown":  {404, `{"code":"agent_not_found","detail":"agent not found","status":404}`, "no access to the agent"},
		"another API's 404":   {404, `404 page not found`, "/v1/deepagents"},
		"an empty 403":        {403, ``, "another region"},
		"a right is missing":  {403, `missing permission agents:create`, ""},
		"another code's text": {403, `{"code":"plan_limit","detail":"no"}`, ""},
		"nothing to hint at":  {400, ``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(t, vendortest.Always(tt.status, tt.body)).GetAgent(t.Context(), sourceID, langsmith.GetAgentRequest{})
			e := vendortest.RequireError(t, err)
			if tt.hint == "" {
				require.NoError(t, e.Err)
				return
			}
			require.ErrorContains(t, err, tt.hint)
		})
	}
}
