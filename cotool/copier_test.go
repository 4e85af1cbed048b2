package cotool_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

func TestCopier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewCotool()
		defer server.Close()
		source := server.AddAgent(cotool.Agent{Name: "Triage"})
		other := server.AddAgent(cotool.Agent{Name: "Enrichment"})
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser}) // manual, of its name, and older
		client, err := cotool.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		copier := client.Copier()
		request := agentcopy.CopyRequest{SourceID: source.ID, Name: "ignored"}

		time.Sleep(time.Minute)
		since := time.Now()
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser})
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Empty(t, found, "while the source is not parked, there is no copy")

		time.Sleep(time.Minute)
		since = time.Now()
		server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
		_, err = copier.Copy(t.Context(), request)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		found, err = copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, server.Copies()[0].ID, found[0].ID)

		made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: other.ID})
		require.NoError(t, err)
		require.Equal(t, []string{"cotool", other.ID, server.Copies()[1].ID, "Enrichment"}, []string{made.Provider, made.SourceID, made.ID, made.Name})

		unknown := agentcopy.CopyRequest{SourceID: "3c90c3cc-0d44-4b50-8888-8dd25736052a"}
		found, err = copier.FindCopies(t.Context(), unknown, since)
		require.ErrorIs(t, err, agentcopy.ErrAmbiguous, "the name of a source that is not shown is not known")
		require.Len(t, found, 2)
	})
}
