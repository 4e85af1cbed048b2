package zudu_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func TestCopierFindsTheCopyOfALostAnswer(t *testing.T) {
	generations := map[string][]agentcopytest.ServerOption{
		"first generation":  {agentcopytest.WithZuduFirstGeneration()},
		"second generation": nil,
	}
	for name, opts := range generations {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewZudu(opts...)
				defer server.Close()
				source := server.AddAgent(zudu.Agent{AgentName: "Support"})
				server.AddAgent(zudu.Agent{AgentName: "Berlin, old"})
				client := newClient(t, server.Client().Transport)
				copier := client.Copier()
				request := agentcopy.CopyRequest{SourceID: source.AgentID, Name: " Berlin "}

				time.Sleep(time.Hour + 7*time.Minute + 700*time.Millisecond) // the stamps have whole seconds
				since := time.Now()
				server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
				_, err := copier.Copy(t.Context(), request)
				require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				found, err := copier.FindCopies(t.Context(), request, since)
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, agentcopy.MatchCertain, found[0].Match)
				require.Equal(t, server.Copies()[0].ID, found[0].Copy.ID)
				require.Equal(t, "Berlin", found[0].Copy.Name)

				made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Wien"})
				require.NoError(t, err)
				require.Equal(t, []string{"zudu", source.AgentID, server.Copies()[1].ID, "Wien"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
			})
		})
	}
}

func TestCopierDoesNotTakeAnOlderAgentForTheCopy(t *testing.T) {
	cases := []struct {
		name string
		opts []agentcopytest.ServerOption
		age  time.Duration
		want string
	}{
		{"zoned", []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}, 6 * time.Minute, "taken"},
		{"zoned, within the margin for clocks", []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}, time.Minute, "possible"},
		{"without a zone, of today", nil, time.Hour, "possible"},
		{"without a zone, of today, but of no time in any zone", nil, time.Hour + 7*time.Minute, "taken"},
		{"without a zone, of yesterday", nil, 24 * time.Hour, "taken"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewZudu(tc.opts...)
				defer server.Close()
				source := server.AddAgent(zudu.Agent{AgentName: "Support"})
				server.AddAgent(zudu.Agent{AgentName: "Berlin"})
				client := newClient(t, server.Client().Transport)
				time.Sleep(tc.age)
				found, err := client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Berlin"}, time.Now())
				if tc.want == "taken" {
					require.ErrorIs(t, err, agentcopy.ErrNameTaken)
					require.Empty(t, found)
					return
				}
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, tc.want, found[0].Match.String())
			})
		})
	}
}

func TestCopierRefusesABlankName(t *testing.T) {
	client := newClient(t, nil)
	_, err := client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_1", Name: " "}, time.Now())
	require.ErrorIs(t, err, agentcopy.ErrInvalid, "every agent would be a copy")
}

func TestCopierAsksForAStampThatTheListDoesNotShow(t *testing.T) {
	for name, tc := range map[string]struct {
		hide string // the path whose answers show no time
		want agentcopy.Match
	}{
		"the list shows none":      {"/api/agents", agentcopy.MatchCertain},
		"no answer shows one":      {"/", agentcopy.MatchPossible},
		"the agent shows none too": {"/api/agents/", agentcopy.MatchCertain}, // it was not asked
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewZudu()
				defer server.Close()
				source := server.AddAgent(zudu.Agent{AgentName: "Support"})
				client := newClient(t, server.Client().Transport, agentcopy.WithMiddleware(hideStamps(tc.hide)))
				since := time.Now()
				request := agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Berlin"}
				_, err := client.Copier().Copy(t.Context(), request)
				require.NoError(t, err)
				found, err := client.Copier().FindCopies(t.Context(), request, since)
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, tc.want, found[0].Match)
			})
		})
	}
}

// hideStamps takes the times of creation out of the answers for a path, which is
// that of all below it if it ends in a slash.
func hideStamps(path string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return vendortest.RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err != nil || req.URL.Path != path && !(strings.HasSuffix(path, "/") && strings.HasPrefix(req.URL.Path, path)) {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			body = bytes.ReplaceAll(body, []byte(`"created_at"`), []byte(`"made_at"`))
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return resp, err
		})
	}
}

func TestCopierSeesARenamedCopyWhereTheListShowsNoStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewZudu(agentcopytest.WithZuduFirstGeneration())
		defer server.Close()
		source := server.AddAgent(zudu.Agent{AgentName: "Support"})
		for i := range 20 {
			server.AddAgent(zudu.Agent{AgentName: fmt.Sprintf("Old %d", i)})
		}
		client := newClient(t, server.Client().Transport, agentcopy.WithMiddleware(hideStamps("/api/agents")))
		time.Sleep(time.Hour)
		since := time.Now()
		_, err := client.Copier().Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Quite another"})
		require.NoError(t, err)
		before := len(server.Requests())
		found, err := client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Berlin"}, since)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "Quite another", found[0].Copy.Name)
		require.Less(t, len(server.Requests())-before, 6, "the first older agent ends it")
	})
}

func TestIdentityHasTheNameAsSearchKey(t *testing.T) {
	client := newClient(t, nil)
	require.Equal(t, agentcopy.Identity{
		Provider: "zudu", Origin: "https://api.zudu.ai", SourceID: "Agent_1", SearchKey: "Berlin", Traced: true,
	}, client.Copier().Identify(agentcopy.CopyRequest{SourceID: "Agent_1", Name: " Berlin\n"}))
}

// A stamp without a zone may be of any: what looks hours old may be new.
func TestCopierReadsAListWithoutZonesFarBack(t *testing.T) {
	since := time.Now()
	agents := func(ages ...time.Duration) (list []string) {
		for _, age := range ages {
			list = append(list, fmt.Sprintf(`{"agent_id":"agent_%d","agent_name":"B","created_at":%q}`,
				age/time.Hour, since.Add(-age).UTC().Format("2006-01-02T15:04:05")))
		}
		return list
	}
	pages := [][]string{agents(time.Hour, 11*time.Hour), agents(13 * time.Hour), agents(14 * time.Hour)}
	read := 0
	wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
		if r.Method == http.MethodPost {
			return http.StatusOK, page(`{}`, 0, 0)
		}
		list := pages[read]
		read++
		return http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"agents":[%s],"pagination":{"has_next_page":%v}}}`,
			strings.Join(list, ","), read < len(pages))
	})
	_, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_s", Name: "Berlin"}, since)
	require.NoError(t, err)
	require.Equal(t, 2, read)
}

// A page shorter than asked for does not end a look where nothing says how many follow:
// the server may hold fewer agents on a page.
func TestCopierReadsOnBehindAShortPage(t *testing.T) {
	since := time.Now()
	agent := func(id, name string) string {
		return fmt.Sprintf(`{"agent_id":%q,"agent_name":%q,"created_at":%q}`, id, name, since.Add(time.Second).UTC().Format(time.RFC3339))
	}
	list := func(agents string) string {
		return `{"status":"success","data":{"agents":[` + agents + `],"pagination":{}}}`
	}
	wire := vendortest.InTurn(list(agent("a", "Wien")), list(agent("b", "Berlin")), list(""))
	found, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "s", Name: "Berlin"}, since)
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, c := range found {
		ids[c.Copy.ID] = true
	}
	require.True(t, ids["b"], "%v", found)
}
