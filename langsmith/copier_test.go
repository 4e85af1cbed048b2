package langsmith_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func TestCopierFindsTheCloneOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewLangSmith()
		defer server.Close()
		source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
		server.AddAgent(langsmith.Agent{Name: "EU law"}) // of the clone's name, and older
		for i := range 250 {
			server.AddAgent(langsmith.Agent{Name: fmt.Sprintf("EU law %d", i)})
		}
		client := newClient(t, server.Client().Transport)
		copier := client.Copier(langsmith.CloneAgentRequest{UserTimezone: "Europe/Berlin"})
		request := agentcopy.CopyRequest{SourceID: source.ID, Name: "EU law"}

		time.Sleep(time.Hour)
		since := time.Now()
		// LangSmith's own filter shows what lies beyond the part of the list that is read.
		vendortest.LoseCopy(t, server.Server, copier, request, agentcopy.ErrNameTaken)

		nameless := agentcopy.CopyRequest{SourceID: source.ID}
		before := len(server.Requests())
		found, err := copier.FindCopies(t.Context(), nameless, since)
		require.NoError(t, err)
		require.Equal(t, "[possible]", vendortest.Matches(found), "what a clone without a name is called is not documented")
		lists := 0
		for _, sent := range server.Requests()[before:] {
			require.Equal(t, "no-cache", sent.Header.Get("Cache-Control"))
			if strings.HasSuffix(sent.Path, "/agents") {
				lists++
			}
		}
		require.Equal(t, 1, lists, "the list is read no farther than to older agents")

		made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.ID, Name: "US law"})
		require.NoError(t, err)
		require.Equal(t, []string{"langsmith", source.ID, server.Copies()[1].ID, "US law"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
		requests := server.Requests()
		require.Equal(t, "Europe/Berlin", requests[len(requests)-1].Header.Get("X-User-Timezone"), "of the template")
	})
}

func TestIdentityTellsTemplatesAndWorkspacesApart(t *testing.T) {
	const id = "3C90C3CC-0D44-4B50-8888-8DD25736052A"
	identify := func(template langsmith.CloneAgentRequest, opts ...agentcopy.Option) agentcopy.Identity {
		return newClient(t, nil, opts...).Copier(template).Identify(agentcopy.CopyRequest{SourceID: id, Name: "a"})
	}
	base := identify(langsmith.CloneAgentRequest{Name: "b"})
	require.Equal(t, agentcopy.Identity{
		Provider: "langsmith", Origin: "https://api.smith.langchain.com/v1/deepagents", Template: "{}",
		SourceID: "3c90c3cc-0d44-4b50-8888-8dd25736052a", SearchKey: "a", Traced: true,
	}, base)
	require.Equal(t, base, identify(langsmith.CloneAgentRequest{IncludeFiles: true}), "what the answer shows is no part of what is made")
	require.NotEqual(t, base.Template, identify(langsmith.CloneAgentRequest{UserTimezone: "Europe/Berlin"}).Template)
	require.NotEqual(t, base.Template, identify(langsmith.CloneAgentRequest{Permissions: &langsmith.Permissions{}}).Template)
	require.Equal(t, "w1", identify(langsmith.CloneAgentRequest{}, langsmith.WithWorkspace("W1")).Account)
}
