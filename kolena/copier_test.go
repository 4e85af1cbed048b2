package kolena_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestCopierFindsTheCopyOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewKolena()
		defer server.Close()
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		server.AddAgent(kolena.Agent{Name: "Hamburg"}) // of the copy's name, and older
		server.AddAgent(kolena.Agent{Name: "Hamburg 2"})
		client := newClient(t, server.Client().Transport)
		copier := client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: source.WorkspaceID})
		request := agentcopy.CopyRequest{SourceID: "1", Name: "Hamburg"}

		time.Sleep(time.Hour)
		since := time.Now()
		found, err := copier.FindCopies(t.Context(), request, since)
		require.ErrorIs(t, err, agentcopy.ErrNameTaken)
		require.Empty(t, found, "before the copy is made")

		lost := vendortest.LoseCopy(t, server.Server, copier, request, agentcopy.ErrNameTaken)
		require.True(t, lost.CreatedAt.Equal(since))

		made, err := copier.Copy(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, []string{"kolena", "1", server.Copies()[1].ID, "Hamburg"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
		require.Contains(t, string(made.Body), `"Hamburg"`)
		require.Len(t, made.Attempts, 1)
		found, err = copier.FindCopies(t.Context(), request, since)
		require.ErrorIs(t, err, agentcopy.ErrNameTaken)
		require.Len(t, found, 2)

		elsewhere := client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: source.WorkspaceID + 1})
		found, err = elsewhere.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Empty(t, found, "in another workspace")
	})
}

func TestCopierRefusesWhatCannotBeFound(t *testing.T) {
	copier := newClient(t, nil).Copier(kolena.CopyAgentRequest{})
	_, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: "one", Name: "x"})
	vendortest.RequireInvalid(t, err, "SourceID")
	for _, id := range []string{"one", "0"} {
		_, err = copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: id, Name: "x"}, time.Now())
		vendortest.RequireInvalid(t, err, "SourceID")
	}
	_, err = copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "1", Name: " "}, time.Now())
	vendortest.RequireInvalid(t, err, "Name") // every agent would be a copy
}

func TestCopierWritesIDsInOneWay(t *testing.T) {
	for _, id := range []string{"1", "01", "+1", "+001"} {
		server := agentcopytest.NewKolena()
		server.AddAgent(kolena.Agent{Name: "Lease reader"})
		copier := newClient(t, server.Client().Transport).Copier(kolena.CopyAgentRequest{})
		request := agentcopy.CopyRequest{SourceID: id, Name: "Lease reader"}
		require.Equal(t, "1", copier.Identify(request).SourceID)
		since := time.Now()
		made, err := copier.Copy(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, "1", made.SourceID)
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Len(t, found, 1, "the source is no candidate, whatever its ID looks like")
		require.Equal(t, "1", found[0].Copy.SourceID)
		server.Close()
	}
}

// An agent of a server that does not say which workspace it is in may be the copy.
func TestCopierKnowsACopyByItsWorkspace(t *testing.T) {
	for workspace, want := range map[string]string{
		`"workspace_id":5,`:      "[certain]",
		`"workspace_id":6,`:      "[]",
		`"workspace_id":"five",`: "[possible]",
		``:                       "[possible]",
	} {
		made := time.Now().UTC().Format(time.RFC3339)
		wire := vendortest.Always(http.StatusOK, `{"total_pages":1,"agents":[{"id":2,`+workspace+`"name":"A copy","created":"`+made+`"}]}`)
		client := newClient(t, wire)
		found, err := client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: 5}).
			FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "1", Name: "A copy"}, time.Now())
		require.NoError(t, err)
		require.Equal(t, want, vendortest.Matches(found), workspace)
	}
}

func TestIdentityTellsTemplatesApart(t *testing.T) {
	client := newClient(t, nil)
	identify := func(template kolena.CopyAgentRequest, name string) agentcopy.Identity {
		return client.Copier(template).Identify(agentcopy.CopyRequest{SourceID: "1", Name: name})
	}
	base := identify(kolena.CopyAgentRequest{Name: "a"}, "")
	require.Equal(t, agentcopy.Identity{
		Provider: "kolena", Origin: "https://agents-api.kolena.com", Template: "{}", SourceID: "1", SearchKey: "a", Traced: true,
	}, base)
	require.Equal(t, base, identify(kolena.CopyAgentRequest{Name: "b"}, "a"), "the name of the request replaces the template's")
	require.NotEqual(t, base.Template, identify(kolena.CopyAgentRequest{TargetFolderID: 3}, "a").Template)
	require.NotEqual(t, base.Template, identify(kolena.CopyAgentRequest{TargetWorkspaceID: 3}, "a").Template)
}
