package zudu_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *zudu.Client {
	t.Helper()
	return vendortest.NewClient[*zudu.Client](t, wire, opts...)
}

func TestNewRefusesASecret(t *testing.T) {
	for _, secret := range []string{"", " ", "sécret", "secret\n"} {
		client, err := zudu.New("key", secret)
		require.Nil(t, client)
		vendortest.RequireInvalid(t, err, "apiSecret")
	}
}

func TestEachCredentialHasItsHeader(t *testing.T) {
	key := vendortest.Key()
	t.Setenv("ZUDU_API_KEY", key)
	t.Setenv("ZUDU_API_SECRET", "s3cr3t_test")
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "full_first.json"))
	through := agentcopy.WithHTTPClient(wire.Client())
	given, err := zudu.New(key, "s3cr3t_test", through)
	require.NoError(t, err)
	read, err := zudu.NewFromEnv(through)
	require.NoError(t, err)
	for _, client := range []*zudu.Client{given, read} {
		_, err = client.GetAgent(t.Context(), "agent_123")
		require.NoError(t, err)
	}
	for _, sent := range wire.Requests() {
		require.Equal(t, key, sent.Header.Get("X-Api-Key"))
		require.Equal(t, "s3cr3t_test", sent.Header.Get("X-Api-Secret"))
	}
}

func TestAReadRefusedWithTheStatusOfSuccess(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, `{"message":"m","status":"error","error":"e"}`)
	_, err := newClient(t, wire).GetAgent(t.Context(), "agent_123")
	require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
	require.ErrorContains(t, err, "m: e")
	require.Len(t, wire.Requests(), 1)
}

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
