package kolena_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestCopier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewKolena()
		defer server.Close()
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		server.AddAgent(kolena.Agent{Name: "Hamburg"}) // of the copy's name, and older
		server.AddAgent(kolena.Agent{Name: "Hamburg 2"})
		client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		copier := client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: source.WorkspaceID})
		request := agentcopy.CopyRequest{SourceID: "1", Name: "Hamburg"}

		time.Sleep(time.Minute)
		since := time.Now()
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Empty(t, found, "before the copy is made")

		server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
		_, err = copier.Copy(t.Context(), request)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		found, err = copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, server.Copies()[0].ID, found[0].ID)
		require.True(t, found[0].CreatedAt.Equal(since))

		made, err := copier.Copy(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, []string{"kolena", "1", server.Copies()[1].ID, "Hamburg"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
		require.Contains(t, string(made.Body), `"Hamburg"`)
		found, err = copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Len(t, found, 2)

		elsewhere := client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: source.WorkspaceID + 1})
		found, err = elsewhere.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Empty(t, found, "in another workspace")
	})
}

func TestCopierRefusesASourceThatIsNoNumber(t *testing.T) {
	client, err := kolena.New("not-a-real-key")
	require.NoError(t, err)
	copier := client.Copier(kolena.CopyAgentRequest{})
	_, err = copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: "one", Name: "x"})
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.ErrorContains(t, err, "SourceID")
	_, err = copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "one", Name: "x"}, time.Now())
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
}

func TestIdentity(t *testing.T) {
	client, err := kolena.New("not-a-real-key")
	require.NoError(t, err)
	identify := func(template kolena.CopyAgentRequest, name string) agentcopy.Identity {
		return client.Copier(template).(agentcopy.Identifier).Identify(agentcopy.CopyRequest{SourceID: "1", Name: name})
	}
	base := identify(kolena.CopyAgentRequest{Name: "a"}, "")
	require.Equal(t, "kolena", base.Provider)
	require.Equal(t, "https://agents-api.kolena.com", base.Origin)
	require.Equal(t, base, identify(kolena.CopyAgentRequest{Name: "b"}, "a"), "the name of the request replaces the template's")
	require.NotEqual(t, base, identify(kolena.CopyAgentRequest{TargetFolderID: 3}, "a"))
	require.NotContains(t, base.Template+base.Origin, "not-a-real-key")
}
