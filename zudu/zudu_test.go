package zudu_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// newClient returns a client that sends through wire, with credentials of its
// own.
func newClient(t *testing.T, wire *vendortest.Wire, opts ...agentcopy.Option) *zudu.Client {
	t.Helper()
	opts = append([]agentcopy.Option{agentcopy.WithHTTPClient(wire.Client())}, opts...)
	client, err := zudu.New(vendortest.Key(), "s3cr3t_test", opts...)
	require.NoError(t, err)
	return client
}

func TestNewRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		key, secret string
		opt         agentcopy.Option
		field       string
	}{
		"no key":                  {"", "secret", agentcopy.WithInsecureHTTP(), "apiKey"},
		"no secret":               {"key", " ", agentcopy.WithInsecureHTTP(), "apiSecret"},
		"a key with a line break": {"key\n", "secret", agentcopy.WithInsecureHTTP(), "apiKey"},
		"a secret not of ASCII":   {"key", "sécret", agentcopy.WithInsecureHTTP(), "apiSecret"},
		"plain http":              {"key", "secret", agentcopy.WithBaseURL("http://zudu.example"), "WithBaseURL"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := zudu.New(tt.key, tt.secret, tt.opt)
			require.Nil(t, client)
			vendortest.RequireInvalid(t, err, tt.field)
		})
	}
}

func TestRequestsCarryBothCredentials(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
	key := vendortest.Key()
	client, err := zudu.New(key, "s3cr3t_test", agentcopy.WithHTTPClient(wire.Client()))
	require.NoError(t, err)
	_, err = client.GetAgent(t.Context(), "agent_123")
	require.NoError(t, err)

	sent := wire.Requests()[0]
	require.Equal(t, "api.zudu.ai", sent.Host)
	require.Equal(t, key, sent.Header.Get("X-API-KEY"))
	require.Equal(t, "s3cr3t_test", sent.Header.Get("X-API-SECRET"))
	require.Equal(t, "application/json", sent.Header.Get("Accept"))
	require.Empty(t, sent.Header.Get("Authorization"))
}

func TestNewFromEnv(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
	send := func(t *testing.T, opts ...agentcopy.Option) vendortest.Request {
		t.Helper()
		client, err := zudu.NewFromEnv(append(opts, agentcopy.WithHTTPClient(wire.Client()))...)
		require.NoError(t, err)
		_, err = client.GetAgent(t.Context(), "agent_123")
		require.NoError(t, err)
		requests := wire.Requests()
		return requests[len(requests)-1]
	}
	key := vendortest.Key()
	t.Setenv("ZUDU_API_KEY", key+"\n") // as a secret read from a file may be
	t.Setenv("ZUDU_API_SECRET", "s3cr3t_env")
	t.Setenv("ZUDU_BASE_URL", "")

	sent := send(t)
	require.Equal(t, "api.zudu.ai", sent.Host)
	require.Equal(t, key, sent.Header.Get("X-API-KEY"))
	require.Equal(t, "s3cr3t_env", sent.Header.Get("X-API-SECRET"))

	t.Setenv("ZUDU_BASE_URL", "https://gateway.example/zudu/")
	sent = send(t)
	require.Equal(t, "gateway.example", sent.Host)
	require.Equal(t, "/zudu/api/agents/agent_123/full", sent.Target)

	sent = send(t, agentcopy.WithBaseURL("https://other.example"))
	require.Equal(t, "other.example", sent.Host, "an option overrides the environment")
}

func TestNewFromEnvRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ key, secret, baseURL, field string }{
		"no key":         {"", "secret", "", "ZUDU_API_KEY"},
		"a blank secret": {"key", " \n", "", "ZUDU_API_SECRET"},
		"a bad base URL": {"key", "secret", "ftp://zudu.example", "ZUDU_BASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ZUDU_API_KEY", tt.key)
			t.Setenv("ZUDU_API_SECRET", tt.secret)
			t.Setenv("ZUDU_BASE_URL", tt.baseURL)
			_, err := zudu.NewFromEnv()
			vendortest.RequireInvalid(t, err, tt.field)
		})
	}
}

func TestWith(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
	original := newClient(t, wire, agentcopy.WithUserAgent("original/1"))
	changed, err := original.With(agentcopy.WithUserAgent("changed/2"), agentcopy.WithHeader("X-Team", "a"))
	require.NoError(t, err)
	for _, client := range []*zudu.Client{original, changed} {
		_, err := client.GetAgent(t.Context(), "agent_123")
		require.NoError(t, err)
	}

	first, second := wire.Requests()[0].Header, wire.Requests()[1].Header
	require.Contains(t, first.Get("User-Agent"), "original/1")
	require.Empty(t, first.Get("X-Team"))
	require.Contains(t, second.Get("User-Agent"), "changed/2")
	require.Equal(t, "a", second.Get("X-Team"))
	require.Equal(t, first.Get("X-API-KEY"), second.Get("X-API-KEY"))
	require.Equal(t, first.Get("X-API-SECRET"), second.Get("X-API-SECRET"))

	_, err = original.With(agentcopy.WithAttemptTimeout(0))
	vendortest.RequireInvalid(t, err, "WithAttemptTimeout")
}

// All calls of a pair of credentials share the courtesy limit: 10 at once, then
// 10 a second.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json")))
		start := time.Now()
		for range 15 {
			_, err := client.GetAgent(t.Context(), "agent_1")
			require.NoError(t, err)
			_, err = client.DuplicateAgent(t.Context(), "agent_1", zudu.DuplicateAgentRequest{AgentName: "a"})
			require.NoError(t, err)
		}
		require.Equal(t, 2*time.Second, time.Since(start).Round(time.Millisecond))
	})
}
