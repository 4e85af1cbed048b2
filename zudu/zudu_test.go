package zudu_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
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

var newClient = vendortest.NewClient[*zudu.Client]

// TestSwappedCredentials: the prefixes of Zudu's page tell which is which.
func TestSwappedCredentials(t *testing.T) {
	const key, secret = "sk_not-a-real-key", "s3cr3t_not-a-real-secret"
	for name, tt := range map[string]struct {
		key, secret string
		status      int
		hint        bool
	}{
		"swapped":             {secret, key, 401, true},
		"swapped, forbidden":  {secret, key, 403, true},
		"the secret twice":    {secret, secret, 401, true},
		"the key twice":       {key, key, 401, true},
		"in order":            {key, secret, 401, false},
		"of no form":          {"a-key", "a-secret", 401, false},
		"swapped, but no 401": {secret, key, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(tt.status, `{"message":"Unauthorized","status":"error"}`)
			client, err := zudu.New(tt.key, tt.secret, agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			_, err = client.GetAgent(t.Context(), "agent_1")
			require.Equal(t, tt.hint, vendortest.RequireError(t, err).Err != nil)
			if tt.hint {
				require.ErrorContains(t, err, "swapped")
			}
			require.NotContains(t, err.Error(), "not-a-real")
		})
	}
}

func TestDuplicateAgent(t *testing.T) {
	for document, id := range map[string]string{
		"duplicate_first.json":  "agent_abc123def456",
		"duplicate_second.json": "agent_f3302e6b-4ab0-4d5b-8b4c-f85c88ba4df2",
	} {
		wire := vendortest.Always(http.StatusOK, vendortest.Document(t, document))
		agent, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: "Support"})
		require.NoError(t, err)
		require.Equal(t, id, agent.AgentID)
		require.NoError(t, agent.Response.Warning)
	}
}

func TestDuplicateAgentTrimsTheName(t *testing.T) {
	long := strings.Repeat("ä", 50)
	for given, want := range map[string]string{
		"a": "a", " \t Support, Berlin\u00a0\n": "Support, Berlin", "a  b": "a  b", "<R&D>": "<R&D>",
		strings.Repeat("😀", 50): strings.Repeat("😀", 50), "  " + long + "  ": long,
	} {
		wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
		_, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: given})
		require.NoError(t, err)
		var body zudu.DuplicateAgentRequest
		vendortest.Decode(t, wire.Requests()[0].Body, &body)
		require.Equal(t, want, body.AgentName)
	}
}

func TestWhatIsNotSent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, ``)
	client := newClient(t, wire)
	for name, reason := range map[string]string{
		"": "empty", " \t\n\u00a0": "empty", "caf\xe9": "UTF-8", strings.Repeat("a", 51): "longer", strings.Repeat("ä", 51): "longer",
	} {
		_, err := client.DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: name})
		vendortest.RequireInvalid(t, err, "AgentName")
		require.ErrorContains(t, err, reason)
	}
	for _, name := range []string{" ", "\n\t", "caf\xe9"} {
		_, err := vendortest.Collect(t, client.ListAgents(t.Context(), zudu.ListAgentsRequest{Name: name}))
		vendortest.RequireInvalid(t, err, "Name")
	}
	_, err := client.DuplicateAgent(t.Context(), "..", zudu.DuplicateAgentRequest{AgentName: "a"})
	vendortest.RequireInvalid(t, err, "agentID")
	_, err = client.GetAgent(t.Context(), "..")
	vendortest.RequireInvalid(t, err, "agentID")
	_, err = client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_1", Name: " "}, time.Now())
	require.ErrorIs(t, err, agentcopy.ErrInvalid, "every agent would be a copy")
	_, err = zudu.New("key", "secret\n")
	vendortest.RequireInvalid(t, err, "apiSecret")
	require.Empty(t, wire.Requests())
}

func TestDuplicateAgentReadsWhatItCan(t *testing.T) {
	const body = `{"status":"success","data":{"agent_name":7,"timezone":null,"widget_config":null,` +
		`"llm_config":{"max_tokens":"many","system_message":"Hi"},"future":true,"agent_id":"agent_2"}}`
	agent, err := newClient(t, vendortest.Always(201, body)).DuplicateAgent(t.Context(), "agent_1", zudu.DuplicateAgentRequest{AgentName: "a"})
	require.NoError(t, err)
	require.Equal(t, "agent_2", agent.AgentID)
	require.Equal(t, "Hi", agent.LLMConfig.SystemMessage)
	require.Equal(t, "7", agent.AgentName, "a number where a string is documented")
	require.Zero(t, agent.LLMConfig.MaxTokens)
	require.Nil(t, agent.WidgetConfig, "null equals absent")
	require.ErrorContains(t, agent.Response.Warning, "agent_name")
	require.Equal(t, body, string(agent.Response.Body))
}

func TestDocumentsComeBack(t *testing.T) {
	var all zudu.Agent // each generation has fields that the other lacks
	for _, name := range []string{"duplicate_first.json", "full_first.json", "duplicate_second.json", "duplicate_empty.json"} {
		var envelope struct{ Data json.RawMessage }
		vendortest.Decode(t, vendortest.Document(t, name), &envelope)
		vendortest.RequireRoundTrip[zudu.Agent](t, string(envelope.Data))
		if name != "duplicate_empty.json" {
			vendortest.Decode(t, string(envelope.Data), &all)
		}
	}
	vendortest.RequireFilled(t, all)
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "zudu") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "zudu", vendortest.Document(f, "duplicate_first.json"), vendortest.Document(f, "duplicate_second.json"), vendortest.Document(f, "duplicate_empty.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "zudu",
		`{"status":"success","data":{"agents":[{"agent_id":"agent_1","agent_name":"A"},{"agent_id":"agent_2"}],"pagination":{"has_next_page":true,"total_pages":2}}}`,
		`{"status":"success","data":{"agents":[],"pagination":{"has_next_page":false}}}`,
	)
}

// page is an answer with count agents, from agent_<first> on.
func page(pagination string, first, count int) string {
	agents := vendortest.Agents(`{"agent_id":"agent_%[1]d","agent_name":"name %[1]d"}`, first, count)
	return `{"message":"Agents retrieved successfully","status":"success","error":null,"data":` +
		`{"organization_id":"org_1","agents":` + agents + `,"pagination":` + pagination + `}}`
}

func TestListAgentsReadsEveryPage(t *testing.T) {
	for name, tt := range map[string]struct {
		pages    []string
		agents   int
		requests int
	}{
		"second generation": {[]string{
			page(`{"page":0,"limit":2,"total_count":5,"total_pages":3,"has_next_page":true,"has_previous_page":false}`, 0, 2),
			page(`{"page":1,"limit":2,"total_count":5,"total_pages":3,"has_next_page":true,"has_previous_page":true}`, 2, 2),
			page(`{"page":2,"limit":2,"total_count":5,"total_pages":3,"has_next_page":false,"has_previous_page":true}`, 4, 1),
		}, 5, 3},
		"first generation": {[]string{
			page(`{"page":0,"limit":2,"total":4,"total_pages":2}`, 0, 2),
			page(`{"page":1,"limit":2,"total":4,"total_pages":2}`, 2, 2),
		}, 4, 2},
		"no pagination, a full page and a short one":  {[]string{page(`{}`, 0, 100), page(`{}`, 100, 3)}, 103, 2},
		"no pagination, a full page and an empty one": {[]string{page(`{}`, 0, 100), page(`{}`, 100, 0)}, 100, 2},
		"only a limit":    {[]string{page(`{"limit":20}`, 0, 20), page(`{"limit":20}`, 20, 3)}, 23, 2},
		"null pagination": {[]string{page(`null`, 0, 3)}, 3, 1},
		"has_next_page is null": {[]string{
			page(`{"has_next_page":null,"total_pages":2}`, 0, 1), page(`{"has_next_page":null,"total_pages":2}`, 1, 1),
		}, 2, 2},
		"has_next_page is not a boolean": {[]string{
			page(`{"has_next_page":"yes","total_pages":2}`, 0, 1), page(`{"has_next_page":"no","total_pages":2}`, 1, 1),
		}, 2, 2},
		"has_next_page decides": {[]string{page(`{"has_next_page":false,"total_pages":9}`, 0, 100)}, 100, 1},
		"no agents":             {[]string{page(`{"total_pages":0,"has_next_page":false}`, 0, 0)}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, listAgents(t, wire))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, agent := range agents {
				require.Equal(t, fmt.Sprintf("agent_%d", i), agent.AgentID)
				require.Equal(t, http.StatusOK, agent.Response.StatusCode)
			}
			require.Len(t, wire.Requests(), tt.requests)
			for number, sent := range wire.Requests() {
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/api/agents", sent.Path())
				require.Empty(t, sent.Body)
				query := sent.Query()
				require.Equal(t, strconv.Itoa(number), query.Get("page"))
				require.Equal(t, "100", query.Get("limit"))
				require.Equal(t, "created_at", query.Get("sort_by"))
				require.Equal(t, "descending", query.Get("sort_order"))
			}
		})
	}
}

func TestListAgentsByName(t *testing.T) {
	wire := vendortest.InTurn(
		`{"status":"success","data":{"pagination":{"has_next_page":true},"agents":[
			{"agent_id":"a","agent_name":"Support"},{"agent_id":"b","agent_name":"Support Berlin"},{"agent_id":"c","agent_name":"support"}]}}`,
		`{"status":"success","data":{"pagination":{"has_next_page":true},"agents":[{"agent_id":"d","agent_name":"Other"}]}}`,
		`{"status":"success","data":{"pagination":{},"agents":[{"agent_id":"e","agent_name":" Support "},{"agent_id":"f"}]}}`,
	)
	agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{Name: " Support\n"}))
	require.NoError(t, err)
	require.Len(t, agents, 2)
	require.Equal(t, "a", agents[0].AgentID)
	require.Equal(t, "e", agents[1].AgentID)

	require.Len(t, wire.Requests(), 3)
	for number, sent := range wire.Requests() {
		require.Equal(t, http.MethodPost, sent.Method)
		require.Equal(t, "/api/agents", sent.Target)
		require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
		require.JSONEq(t, fmt.Sprintf(`{"page":%d,"limit":100,"sort_by":"created_at","sort_order":"descending",
			"filter_criteria":{"agent_name":["Support"]}}`, number), sent.Body)
	}
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "zudu", listAgents, map[string]vendortest.ListFailure{
		"the server ignores the page number and says nothing": vendortest.ListFails(100, 2, "not on an earlier one",
			page(`{}`, 0, 100)),
		"no list":               vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{}}`),
		"no data":               vendortest.ListFails(0, 1, "lacks the list", `{"status":"success"}`),
		"the list is no list":   vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{"agents":{}}}`),
		"the data is no object": vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":[]}`),
		"refused":               vendortest.ListFails(0, 1, "no: way", `{"status":"error","message":"no","error":"way","data":{"agents":[]}}`),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*zudu.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{})
}

func TestListAgentsIsLenientAboutItems(t *testing.T) {
	const body = `{"status":"success","data":{"agents":[{"agent_name":"no ID"},null,{"agent_id":5,"agent_name":"odd ID"},
		{"agent_id":"agent_1","timezone":7},{"agent_name":"no ID"}],"pagination":{"total_pages":1}}}`
	wire := vendortest.Always(http.StatusOK, body)
	agents, err := vendortest.Collect(t, listAgents(t, wire))
	require.NoError(t, err)
	require.Len(t, agents, 5)
	require.Equal(t, "agent_1", agents[3].AgentID)
	require.Error(t, agents[0].Response.Warning)
	require.Equal(t, body, string(agents[4].Response.Body))
}

// fakeZudu is a fake of Zudu with an agent, and a client that calls it.
func fakeZudu(t *testing.T, fake []agentcopytest.ServerOption, opts ...agentcopy.Option) (server *agentcopytest.Zudu, client *zudu.Client, sourceID string) {
	t.Helper()
	server = agentcopytest.NewZudu(fake...)
	t.Cleanup(server.Close)
	client = newClient(t, server.Client().Transport, opts...)
	return server, client, server.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
}

var firstGeneration = []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}

// The second generation is in package copiers.
func TestCopierFindsTheCopyOfALostAnswerOfTheFirstGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client, sourceID := fakeZudu(t, firstGeneration)
		server.AddAgent(zudu.Agent{AgentName: "Berlin, old"})
		time.Sleep(time.Hour + 7*time.Minute + 700*time.Millisecond) // the stamps have whole seconds
		require.Equal(t, "Berlin", vendortest.LoseCopy(t, server.Server, client.Copier(), agentcopy.CopyRequest{SourceID: sourceID, Name: " Berlin "}).Name)
	})
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
				wantErr := map[string]error{"[]": agentcopy.ErrNameTaken}[tt.want]
				require.ErrorIs(t, err, wantErr)
			})
		})
	}
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

// A stamp without a zone may be of any: what looks hours old may be new.
func TestCopierReadsAListWithoutZonesFarBack(t *testing.T) {
	since := time.Now()
	agents := func(ages ...time.Duration) (list []string) {
		for _, age := range ages {
			list = append(list, fmt.Sprintf(`{"agent_id":"agent_%d","agent_name":"Nord","created_at":%q}`,
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
		read++
		return http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"agents":[%s],"pagination":{"has_next_page":%v}}}`,
			strings.Join(pages[read-1], ","), read < len(pages))
	})
	_, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_s", Name: "Berlin"}, since)
	require.NoError(t, err)
	require.Equal(t, 2, read)
}

// A page shorter than asked for does not end a look where nothing says how many follow:
// the server may hold fewer agents on a page.
func TestCopierReadsOnBehindAShortPage(t *testing.T) {
	stamp := time.Now().Add(time.Second).UTC().Format(time.RFC3339)
	list := func(id, pagination string) string {
		agent := fmt.Sprintf(`{"agent_id":%q,"agent_name":"Berlin","created_at":%q}`, id, stamp)
		return `{"status":"success","data":{"agents":[` + agent + `],"pagination":` + pagination + `}}`
	}
	wire := vendortest.InTurn(list("agent_1", `{}`), list("agent_2", `{"limit":100}`), list("agent_3", `{}`), page(`{}`, 0, 0))
	found, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "s", Name: "Berlin"}, time.Now())
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(found, func(c agentcopy.Candidate) bool { return c.Copy.ID == "agent_3" }), "%v", found)
}
