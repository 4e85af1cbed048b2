package toyvendor

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/wiretest"
	"github.com/agentcopy/agentcopy-go/once"
)

// key is a credential. Each server has a pacing of its own.
const key = "not-a-real-key"

func newClient(t *testing.T, s *server, opts ...agentcopy.Option) *Client {
	t.Helper()
	c, err := New(key, append(opts, agentcopy.WithHTTPClient(&http.Client{Transport: s}))...)
	require.NoError(t, err)
	return c
}

func TestCopyAgent(t *testing.T) {
	s := newServer()
	agent, err := newClient(t, s).CopyAgent(t.Context(), "1", CopyAgentRequest{Name: "Support, Berlin"})
	require.NoError(t, err)
	require.Equal(t, "2", agent.ID)
	require.Len(t, agent.Response.Attempts, 1)
	sent := s.requests[0]
	require.Equal(t, "https://api.acme.example/v1/agents/1/copy", sent.URL.String())
	require.Equal(t, "Bearer "+key, sent.Header.Get("Authorization"))
}

// A refusal made no copy: the request is sent again, after the wait asked for.
func TestRefusalIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.faults = []fault{{refuse: http.StatusTooManyRequests}}
		start := time.Now()
		_, err := newClient(t, s).CopyAgent(t.Context(), "1", CopyAgentRequest{Name: "Support, Berlin"})
		require.NoError(t, err)
		require.Len(t, s.requests, 2)
		require.GreaterOrEqual(t, time.Since(start), time.Second)
	})
}

// A lost answer may be that of a copy: the request is not sent again.
func TestUnknownIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.faults = []fault{{lose: true}}
		_, err := newClient(t, s).CopyAgent(t.Context(), "1", CopyAgentRequest{Name: "Support, Berlin"})
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.Equal(t, agentcopy.OutcomeUnknown, wiretest.RequireError(t, err).Outcome)
		require.Len(t, s.requests, 1)
		require.Len(t, s.agents, 2)
	})
}

// Once finds the copy whose answer was lost, and makes no other.
func TestOnceSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.faults = []fault{{lose: true}}
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		request := agentcopy.CopyRequest{SourceID: "1", Name: "Support, Berlin"}
		for range 2 {
			made, err := runner.Copy(t.Context(), "berlin", newClient(t, s).Copier(), request)
			require.NoError(t, err)
			require.Equal(t, "2", made.ID)
		}
		require.Len(t, s.agents, 2)
	})
}

func TestReads(t *testing.T) {
	s := newServer()
	c := newClient(t, s)
	agent, err := c.GetAgent(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, "Support", agent.Name)
	_, err = c.GetAgent(t.Context(), "7")
	require.ErrorIs(t, err, agentcopy.ErrNotFound)
	agents, err := wiretest.Collect(t, c.ListAgents(t.Context()))
	require.NoError(t, err)
	require.Len(t, agents, 1)
}

func TestFaultsFoundBeforeSending(t *testing.T) {
	s := newServer()
	c := newClient(t, s)
	_, err := c.CopyAgent(t.Context(), "..", CopyAgentRequest{Name: "x"})
	wiretest.RequireInvalid(t, err, "agentID")
	_, err = c.CopyAgent(t.Context(), "1", CopyAgentRequest{})
	wiretest.RequireInvalid(t, err, "Name")
	_, err = c.GetAgent(t.Context(), "")
	wiretest.RequireInvalid(t, err, "agentID")
	require.Empty(t, s.requests)
}

func TestCredentials(t *testing.T) {
	t.Setenv("ACME_API_KEY", "")
	_, err := NewFromEnv()
	wiretest.RequireInvalid(t, err, "ACME_API_KEY")
	t.Setenv("ACME_API_KEY", key)
	t.Setenv("ACME_BASE_URL", "https://acme.example/eu")
	s := newServer()
	c, err := NewFromEnv(agentcopy.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	c, err = c.With(agentcopy.WithUserAgent("migrator/1.4"))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v %#v", c, c), key)
	_, err = c.GetAgent(t.Context(), "1")
	require.Error(t, err)
	require.Equal(t, "https://acme.example/eu/v1/agents/1", s.requests[0].URL.String())
}
