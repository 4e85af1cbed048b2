package langsmith_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestCopier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewLangSmith()
		defer server.Close()
		source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
		server.AddAgent(langsmith.Agent{Name: "EU law"}) // of the clone's name, and older
		for i := range 250 {
			server.AddAgent(langsmith.Agent{Name: fmt.Sprintf("EU law %d", i)})
		}
		client, err := langsmith.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)
		copier := client.Copier(langsmith.CloneAgentRequest{UserTimezone: "Europe/Berlin"})
		request := agentcopy.CopyRequest{SourceID: source.ID, Name: "EU law"}

		time.Sleep(time.Minute)
		since := time.Now()
		server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
		_, err = copier.Copy(t.Context(), request)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, server.Copies()[0].ID, found[0].ID)

		nameless := agentcopy.CopyRequest{SourceID: source.ID}
		before := len(server.Requests())
		found, err = copier.FindCopies(t.Context(), nameless, since)
		require.ErrorIs(t, err, once.ErrAmbiguous, "what a clone without a name is called is not documented")
		require.Len(t, found, 1)
		require.Len(t, server.Requests(), before+1, "the list is read no farther than to the first older agent")

		made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.ID, Name: "US law"})
		require.NoError(t, err)
		require.Equal(t, []string{"langsmith", source.ID, server.Copies()[1].ID, "US law"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
		requests := server.Requests()
		require.Equal(t, "Europe/Berlin", requests[len(requests)-1].Header.Get("X-User-Timezone"), "of the template")
	})
}
