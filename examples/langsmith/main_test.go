package main

import (
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
	agent, err := cloneFor(t.Context(), client, source.ID, "Researcher for Ada", "ada", "Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "Researcher for Ada", agent.Name)
	require.Equal(t, []string{"ada"}, agent.Permissions.SharedUsers.Update)
	require.Equal(t, "Europe/Berlin", server.Requests()[0].Header.Get("X-User-Timezone"))
}
