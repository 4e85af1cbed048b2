package zudu_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
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

// fakeZudu is a fake of Zudu with an agent, and a client that calls it.
func fakeZudu(t *testing.T, fake []agentcopytest.ServerOption, opts ...agentcopy.Option) (server *agentcopytest.Zudu, client *zudu.Client, sourceID string) {
	t.Helper()
	server = agentcopytest.NewZudu(fake...)
	t.Cleanup(server.Close)
	client = newClient(t, server.Client().Transport, opts...)
	return server, client, server.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
}

var firstGeneration = []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}

func TestCopierFindsTheCopyOfALostAnswer(t *testing.T) {
	for name, opts := range map[string][]agentcopytest.ServerOption{"first generation": firstGeneration, "second generation": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client, sourceID := fakeZudu(t, opts)
				server.AddAgent(zudu.Agent{AgentName: "Berlin, old"})
				copier := client.Copier()

				time.Sleep(time.Hour + 7*time.Minute + 700*time.Millisecond) // the stamps have whole seconds
				lost := vendortest.LoseCopy(t, server.Server, copier, agentcopy.CopyRequest{SourceID: sourceID, Name: " Berlin "})
				require.Equal(t, "Berlin", lost.Name)

				made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: sourceID, Name: "Wien"})
				require.NoError(t, err)
				require.Equal(t, []string{"zudu", sourceID, server.Copies()[1].ID, "Wien"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
			})
		})
	}
}

func TestCopierDoesNotTakeAnOlderAgentForTheCopy(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []agentcopytest.ServerOption
		age  time.Duration
		want string
	}{
		"zoned":                               {firstGeneration, 6 * time.Minute, "[]"},
		"zoned, within the margin for clocks": {firstGeneration, time.Minute, "[possible]"},
		"without a zone, of today":            {nil, time.Hour, "[possible]"},
		"without a zone, of today, but of no time in any zone": {nil, time.Hour + 7*time.Minute, "[]"},
		"without a zone, of yesterday":                         {nil, 24 * time.Hour, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client, sourceID := fakeZudu(t, tt.opts)
				server.AddAgent(zudu.Agent{AgentName: "Berlin"})
				time.Sleep(tt.age)
				found, err := client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: sourceID, Name: "Berlin"}, time.Now())
				require.Equal(t, tt.want, vendortest.Matches(found))
				if tt.want == "[]" {
					require.ErrorIs(t, err, agentcopy.ErrNameTaken)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestCopierRefusesABlankName(t *testing.T) {
	_, err := newClient(t, nil).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_1", Name: " "}, time.Now())
	require.ErrorIs(t, err, agentcopy.ErrInvalid, "every agent would be a copy")
}

func TestCopierAsksForAStampThatTheListDoesNotShow(t *testing.T) {
	for name, tt := range map[string]struct {
		hide string // the path whose answers show no time
		want string
	}{
		"the list shows none":      {"/api/agents", "[certain]"},
		"no answer shows one":      {"/", "[possible]"},
		"the agent shows none too": {"/api/agents/", "[certain]"}, // it was not asked
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client, sourceID := fakeZudu(t, nil, agentcopy.WithMiddleware(hideStamps(tt.hide)))
				since := time.Now()
				request := agentcopy.CopyRequest{SourceID: sourceID, Name: "Berlin"}
				_, err := client.Copier().Copy(t.Context(), request)
				require.NoError(t, err)
				found, err := client.Copier().FindCopies(t.Context(), request, since)
				require.NoError(t, err)
				require.Equal(t, tt.want, vendortest.Matches(found))
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
		server, client, sourceID := fakeZudu(t, firstGeneration, agentcopy.WithMiddleware(hideStamps("/api/agents")))
		for i := range 20 {
			server.AddAgent(zudu.Agent{AgentName: fmt.Sprintf("Old %d", i)})
		}
		time.Sleep(time.Hour)
		since := time.Now()
		_, err := client.Copier().Copy(t.Context(), agentcopy.CopyRequest{SourceID: sourceID, Name: "Quite another"})
		require.NoError(t, err)
		before := len(server.Requests())
		found, err := client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: sourceID, Name: "Berlin"}, since)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "Quite another", found[0].Copy.Name)
		require.Less(t, len(server.Requests())-before, 6, "the first older agent ends it")
	})
}

func TestIdentityHasTheNameAsSearchKey(t *testing.T) {
	require.Equal(t, agentcopy.Identity{
		Provider: "zudu", Origin: "https://api.zudu.ai", SourceID: "Agent_1", SearchKey: "Berlin", Traced: true,
	}, newClient(t, nil).Copier().Identify(agentcopy.CopyRequest{SourceID: "Agent_1", Name: " Berlin\n"}))
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
	stamp := time.Now().Add(time.Second).UTC().Format(time.RFC3339)
	list := func(id string) string {
		agent := fmt.Sprintf(`{"agent_id":%q,"agent_name":"Berlin","created_at":%q}`, id, stamp)
		return `{"status":"success","data":{"agents":[` + agent + `],"pagination":{}}}`
	}
	wire := vendortest.InTurn(list("agent_1"), list("agent_2"), page(`{}`, 0, 0))
	found, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "s", Name: "Berlin"}, time.Now())
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(found, func(c agentcopy.Candidate) bool { return c.Copy.ID == "agent_2" }), "%v", found)
}
