package zudu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// TestSwappedCredentials: the prefixes of Zudu's page tell which is which.
func TestSwappedCredentials(t *testing.T) {
	const key, secret = "sk_not-a-real-key", "s3cr3t_not-a-real-secret"
	for name, tt := range map[string]struct {
		key, secret string
		status      int
		hint        bool
	}{
		"swapped":             {secret, key, 401, true},
		"swapped, forbidden":  {secret, key, 403, true},
		"the secret twice":    {secret, secret, 401, true},
		"the key twice":       {key, key, 401, true},
		"in order":            {key, secret, 401, false},
		"of no form":          {"a-key", "a-secret", 401, false},
		"swapped, but no 401": {secret, key, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(tt.status, `{"message":"Unauthorized","status":"error"}`)
			client, err := zudu.New(tt.key, tt.secret, agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			_, err = client.GetAgent(t.Context(), "agent_1")
			require.Equal(t, tt.hint, vendortest.RequireError(t, err).Err != nil)
			if tt.hint {
				require.ErrorContains(t, err, "swapped")
			}
			require.NotContains(t, err.Error(), "not-a-real")
		})
	}
}
