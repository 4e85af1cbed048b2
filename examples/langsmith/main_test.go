package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func TestCloneFor(t *testing.T) {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	client, err := langsmith.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, cloneFor(t.Context(), client, order{source.ID, "Researcher for Ada", "ada", "Europe/Berlin"}, &out))
	require.Equal(t, "Researcher for Ada: cloned, "+server.Copies()[0].ID+"\n    seen by: user, written to by: [\"ada\"]\n", out.String())
	require.Equal(t, "Europe/Berlin", server.Requests()[0].Header.Get("X-User-Timezone"))
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out))
	require.Contains(t, out.String(), "Researcher, EU law: cloned, 00000000-")
	require.Contains(t, out.String(), "and the time zone Europe/Berlin\n")

	t.Setenv("LANGSMITH_API_KEY", "")
	require.ErrorContains(t, run(t.Context(), []string{"-source", "x"}, &out), "LANGSMITH_API_KEY")
}
