package cotool_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/once"
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
		require.ErrorIs(t, err, once.ErrAmbiguous, "the name of a source that is not shown is not known")
		require.Len(t, found, 2)
	})
}

func TestCopierLearnsTheNameOfTheSourceWhereItIsShown(t *testing.T) {
	// Cotool does not document whether it shows a parked agent, by its ID or in
	// the list. The fake does the former.
	for name, tc := range map[string]struct {
		hidden, listed bool
		want           int
		unclear        bool
	}{
		"by its ID":              {want: 1},
		"by its ID and listed":   {listed: true, want: 1},
		"listed":                 {hidden: true, listed: true, want: 1},
		"neither, so any may be": {hidden: true, want: 2, unclear: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewCotool()
				defer server.Close()
				source := server.AddAgent(cotool.Agent{Name: "Triage"})
				client, err := cotool.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()),
					agentcopy.WithMiddleware(parked(source, tc.hidden, tc.listed)))
				require.NoError(t, err)
				since := time.Now()
				request := agentcopy.CopyRequest{SourceID: source.ID}
				_, err = client.Copier().Copy(t.Context(), request)
				require.NoError(t, err)
				server.AddAgent(cotool.Agent{Name: "Enrichment", Origin: cotool.OriginUser})
				found, err := client.Copier().FindCopies(t.Context(), request, since)
				require.Len(t, found, tc.want)
				if tc.unclear {
					require.ErrorIs(t, err, once.ErrAmbiguous)
				} else {
					require.NoError(t, err)
					require.Equal(t, server.Copies()[0].ID, found[0].ID)
				}
			})
		})
	}
}

// parked hides a parked agent from those who ask for its ID, or shows it in the
// list.
func parked(source cotool.Agent, hidden, listed bool) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err != nil || req.Method != http.MethodGet {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			switch inList := strings.HasSuffix(req.URL.Path, "/agents"); {
			case !inList && hidden:
				resp.StatusCode = http.StatusNotFound
			case inList && listed:
				source.DeletedAt = source.CreatedAt
				document, _ := json.Marshal(source)
				body = append(append([]byte("["), append(document, ',')...), bytes.TrimPrefix(body, []byte("["))...)
			}
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return resp, err
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
