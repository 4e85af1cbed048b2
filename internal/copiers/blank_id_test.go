package copiers_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/wiretest"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// TestABlankIDIsNone: no later call could use it.
func TestABlankIDIsNone(t *testing.T) {
	const source = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	for answer, call := range map[string]func(t *testing.T, key string, wire agentcopy.Option) error{
		`{"status":"success","data":{"agent_id":" \t"}}`: func(t *testing.T, key string, wire agentcopy.Option) error {
			client, err := zudu.New(key, "not-a-real-secret", wire)
			require.NoError(t, err)
			_, err = client.DuplicateAgent(t.Context(), "agent_1", zudu.DuplicateAgentRequest{AgentName: "A copy"})
			return err
		},
		`{"agent":{"id":" \t"}}`: func(t *testing.T, key string, wire agentcopy.Option) error {
			client, err := cotool.New(key, wire)
			require.NoError(t, err)
			_, err = client.CopyAgent(t.Context(), source)
			return err
		},
		`{"id":" \t"}`: func(t *testing.T, key string, wire agentcopy.Option) error {
			client, err := langsmith.New(key, wire)
			require.NoError(t, err)
			_, err = client.CloneAgent(t.Context(), source, langsmith.CloneAgentRequest{})
			return err
		},
	} {
		wire := agentcopy.WithHTTPClient(wiretest.Always(http.StatusOK, answer).Client())
		require.ErrorIs(t, call(t, wiretest.Key(), wire), agentcopy.ErrCopied, answer)
	}
}
