package zudu_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func newClient(t *testing.T, wire http.RoundTripper, opts ...agentcopy.Option) *zudu.Client {
	t.Helper()
	return vendortest.NewClient[*zudu.Client](t, wire, opts...)
}

func TestNewRefusesASecret(t *testing.T) {
	for _, secret := range []string{"", " ", "sécret", "secret\n"} {
		client, err := zudu.New("key", secret)
		require.Nil(t, client)
		vendortest.RequireInvalid(t, err, "apiSecret")
	}
}

func TestEachCredentialHasItsHeader(t *testing.T) {
	key := vendortest.Key()
	t.Setenv("ZUDU_API_KEY", key)
	t.Setenv("ZUDU_API_SECRET", "s3cr3t_test")
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "full_first.json"))
	through := agentcopy.WithHTTPClient(wire.Client())
	given, err := zudu.New(key, "s3cr3t_test", through)
	require.NoError(t, err)
	read, err := zudu.NewFromEnv(through)
	require.NoError(t, err)
	for _, client := range []*zudu.Client{given, read} {
		_, err = client.GetAgent(t.Context(), "agent_123")
		require.NoError(t, err)
	}
	for _, sent := range wire.Requests() {
		require.Equal(t, key, sent.Header.Get("X-Api-Key"))
		require.Equal(t, "s3cr3t_test", sent.Header.Get("X-Api-Secret"))
	}
}

func TestAReadRefusedWithTheStatusOfSuccess(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, `{"message":"m","status":"error","error":"e"}`)
	_, err := newClient(t, wire).GetAgent(t.Context(), "agent_123")
	require.Equal(t, agentcopy.OutcomeNotCopied, vendortest.RequireError(t, err).Outcome)
	require.ErrorContains(t, err, "m: e")
	require.Len(t, wire.Requests(), 1)
}

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
	for generation, id := range map[string]string{
		"first":  "agent_abc123def456",
		"second": "agent_f3302e6b-4ab0-4d5b-8b4c-f85c88ba4df2",
	} {
		t.Run(generation, func(t *testing.T) {
			document := vendortest.Document(t, "duplicate_"+generation+".json")
			wire := vendortest.Always(http.StatusOK, document)
			agent, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: "Support"})
			require.NoError(t, err)
			require.Equal(t, id, agent.AgentID)
			require.Equal(t, http.StatusOK, agent.Response.StatusCode)
			require.Equal(t, "req-0", agent.Response.RequestID)
			require.Equal(t, document, string(agent.Response.Body))
			require.Len(t, agent.Response.Attempts, 1)
			require.NoError(t, agent.Response.Warning)

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, "/api/agents/agent_123/duplicate", sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.JSONEq(t, `{"agent_name":"Support"}`, sent.Body)
		})
	}
}

func TestDuplicateAgentTrimsAndChecksTheName(t *testing.T) {
	for name, tt := range map[string]struct{ given, sent, reason string }{
		"one character":            {given: "a", sent: "a"},
		"trimmed":                  {given: " \t Support, Berlin\u00a0\n", sent: "Support, Berlin"},
		"inner space is kept":      {given: "a  b", sent: "a  b"},
		"50 characters":            {given: strings.Repeat("a", 50), sent: strings.Repeat("a", 50)},
		"50 characters of 4 bytes": {given: strings.Repeat("😀", 50), sent: strings.Repeat("😀", 50)},
		"50 characters, padded":    {given: "  " + strings.Repeat("ä", 50) + "  ", sent: strings.Repeat("ä", 50)},
		"no need to escape":        {given: "<R&D>", sent: "<R&D>"},
		"51 characters":            {given: strings.Repeat("a", 51), reason: "longer"},
		"51 characters of 2 bytes": {given: strings.Repeat("ä", 51), reason: "longer"},
		"empty":                    {given: "", reason: "empty"},
		"blank":                    {given: " \t\n\u00a0", reason: "empty"},
		"not UTF-8":                {given: "caf\xe9", reason: "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
			_, err := newClient(t, wire).DuplicateAgent(t.Context(), "agent_123", zudu.DuplicateAgentRequest{AgentName: tt.given})
			if tt.reason != "" {
				vendortest.RequireInvalid(t, err, "AgentName")
				require.ErrorContains(t, err, tt.reason)
				require.Empty(t, wire.Requests())
				return
			}
			require.NoError(t, err)
			var body zudu.DuplicateAgentRequest
			vendortest.Decode(t, wire.Requests()[0].Body, &body)
			require.Equal(t, tt.sent, body.AgentName)
		})
	}
}

func TestAgentIDIsRefused(t *testing.T) {
	for _, id := range []string{"", " ", "\t\n", ".", ".."} {
		t.Run(id, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "duplicate_first.json"))
			client := newClient(t, wire)
			_, err := client.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "a"})
			vendortest.RequireInvalid(t, err, "agentID")
			_, err = client.GetAgent(t.Context(), id)
			vendortest.RequireInvalid(t, err, "agentID")
			require.Empty(t, wire.Requests())
		})
	}
}

func TestDuplicateAgentTellsFailuresApart(t *testing.T) {
	vendortest.TestCopyFails(t, "zudu", map[string]vendortest.Failure{
		"the name is taken": vendortest.Fails(
			400, `{"message":"Validation error","status":"error","error":"Agent name cannot be empty"}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrInvalid, "Validation error: Agent name cannot be empty"),
		"no such agent": vendortest.Fails(
			404, `{"message":"Agent not found","status":"error","error":"Agent with ID 'agent_123' does not exist"}`,
			agentcopy.OutcomeNotCopied, agentcopy.ErrNotFound, "Agent not found"),
		"refused with the status of success": vendortest.Fails(
			200, `{"message":"Validation error","status":"error","error":"Name is taken"}`,
			agentcopy.OutcomeUnknown, nil, "Name is taken"),
		"refused, whatever the data": vendortest.Fails(
			200, `{"message":"m","status":"ERROR","error":"e","data":{"agent_id":"agent_2"}}`,
			agentcopy.OutcomeUnknown, nil, "m: e"),
		"no data": vendortest.Fails(
			200, `{"status":"success","error":null,"data":null}`,
			agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID"),
	})
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

// documents are the answers that show an agent, of both generations.
var documents = []string{"duplicate_first.json", "full_first.json", "duplicate_second.json", "duplicate_empty.json"}

// dataOf is the agent in an answer.
func dataOf(t *testing.T, document string) string {
	t.Helper()
	var envelope struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(document), &envelope))
	return string(envelope.Data)
}

func TestAgentGivesTheDocumentBack(t *testing.T) {
	for _, name := range documents {
		t.Run(name, func(t *testing.T) {
			vendortest.RequireRoundTrip[zudu.Agent](t, dataOf(t, vendortest.Document(t, name)))
		})
	}
}

func TestAgentReadsEveryField(t *testing.T) {
	var agent zudu.Agent
	for _, name := range documents[:3] { // each generation has fields that the other lacks
		require.NoError(t, json.Unmarshal([]byte(dataOf(t, vendortest.Document(t, name))), &agent))
	}
	vendortest.RequireFilled(t, agent)
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

// FuzzAgentID: an ID is one segment of the path, whatever it holds, or nothing
// is sent.
func FuzzAgentID(f *testing.F) {
	for _, id := range []string{"agent_123", "", " ", ".", "..", "a/b", "../../delete", "...", "%2e%2e", "a?b#c;d=1", "a\r\nb", "a?b=c", "a#b", "a%2Fb", "%", "é", "a b", "\x00", "\xff", ";x", "http://evil.example/", "@evil.example"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		wire := vendortest.Always(http.StatusOK, `{"status":"success","data":{"agent_id":"agent_2"}}`)
		c, err := zudu.New(vendortest.FuzzedKey, vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		require.NoError(t, err)
		_, err = c.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "Support"})
		if errors.Is(err, agentcopy.ErrInvalid) {
			require.Empty(t, wire.Requests(), "the ID is refused, but was sent")
			return
		}
		require.NoError(t, err)
		require.Len(t, wire.Requests(), 1)
		sent := wire.Requests()[0]
		segment, begins := strings.CutPrefix(sent.Target, "/api/agents/")
		segment, ends := strings.CutSuffix(segment, "/duplicate")
		got, err := url.PathUnescape(segment)
		require.NoError(t, err)
		require.True(t, begins && ends && got == id, "the ID went out in %q", sent.Target)
		require.NotContains(t, []string{".", ".."}, segment)
		require.False(t, strings.ContainsAny(segment, "/?#"), "not one segment: %q", segment)
		require.Equal(t, "api.zudu.ai", sent.Host)
	})
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
		"agents that slide to the next page are yielded once": {[]string{
			page(`{"has_next_page":true}`, 0, 3), page(`{"has_next_page":false}`, 1, 3),
		}, 4, 2},
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

// A list by filter is a POST, but a read: it is retried like any other.
func TestListAgentsByNameIsRetried(t *testing.T) {
	wire := vendortest.New(func(number int, _ vendortest.Request) (int, string) {
		if number == 0 {
			return http.StatusInternalServerError, ``
		}
		return http.StatusOK, page(`{}`, 1, 1)
	})
	client := newClient(t, wire, agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}))
	agents, err := vendortest.Collect(t, client.ListAgents(t.Context(), zudu.ListAgentsRequest{Name: "name 1"}))
	require.NoError(t, err)
	require.Len(t, agents, 1)
	require.Len(t, wire.Requests(), 2)
	require.Equal(t, wire.Requests()[0].Body, wire.Requests()[1].Body)
	require.NotEmpty(t, wire.Requests()[1].Body)
}

func TestListAgentsRefusesANameNoAgentHas(t *testing.T) {
	for _, name := range []string{" ", "\n\t", "caf\xe9"} {
		wire := vendortest.Always(http.StatusOK, page(`{}`, 0, 1))
		agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), zudu.ListAgentsRequest{Name: name}))
		require.Empty(t, agents)
		vendortest.RequireInvalid(t, err, "Name")
		require.Empty(t, wire.Requests())
	}
}

func TestListAgentsFetchesAPageWhenTheLoopReachesIt(t *testing.T) {
	wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
		if r.Query().Get("page") == "0" {
			return http.StatusOK, page(`{"has_next_page":true}`, 0, 2)
		}
		return http.StatusOK, page(`{"has_next_page":false}`, 2, 1)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	list := newClient(t, wire).ListAgents(ctx, zudu.ListAgentsRequest{})
	require.Empty(t, wire.Requests(), "nothing is sent before the loop begins")
	for range list {
		break
	}
	require.Len(t, wire.Requests(), 1)

	agents, err := vendortest.Collect(t, list)
	require.NoError(t, err, "the list can be ranged over again")
	var responses []string
	for _, agent := range agents {
		responses = append(responses, agent.Response.RequestID)
	}
	require.Equal(t, []string{"req-1", "req-1", "req-2"}, responses)

	yielded := 0
	for agent, err := range list {
		cancel()
		if agent == nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		yielded++
	}
	require.Equal(t, 2, yielded, "what has come is still yielded")
	require.Len(t, wire.Requests(), 4)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "zudu", listAgents, map[string]vendortest.ListFailure{
		"a page is empty, but not the last": vendortest.ListFails(2, 2, "page 2 of the list",
			page(`{"has_next_page":true}`, 0, 2), page(`{"has_next_page":true}`, 0, 0)),
		"the server ignores the page number": vendortest.ListFails(2, 2, "not on an earlier one",
			page(`{"has_next_page":true}`, 0, 2)),
		"the server ignores the page number and says nothing": vendortest.ListFails(100, 2, "not on an earlier one",
			page(`{}`, 0, 100)),
		"no list":                 vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{}}`),
		"no data":                 vendortest.ListFails(0, 1, "lacks the list", `{"status":"success"}`),
		"the list is no list":     vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":{"agents":{}}}`),
		"the data is no object":   vendortest.ListFails(0, 1, "lacks the list", `{"status":"success","data":[]}`),
		"refused":                 vendortest.ListFails(0, 1, "no: way", `{"status":"error","message":"no","error":"way","data":{"agents":[]}}`),
		"the second page is none": vendortest.ListFails(2, 2, "Hello", page(`{"has_next_page":true}`, 0, 2), `<html><title>Hello</title>`),
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
