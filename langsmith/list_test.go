package langsmith_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

// page is an answer with the agents from first on. cursor is JSON.
func page(cursor string, first, count int) string {
	return fmt.Sprintf(`{"items":%s,"next_cursor":%s}`, vendortest.Agents(`{"id":"agent-%[1]d","name":"name %[1]d"}`, first, count), cursor)
}

func TestListAgents(t *testing.T) {
	for name, tt := range map[string]struct {
		pages   []string
		agents  int
		cursors []string
	}{
		"three pages": {
			[]string{page(`"a&b=/+"`, 0, 2), page(`"é"`, 2, 2), page(`null`, 4, 1)}, 5, []string{"", "a&b=/+", "é"},
		},
		"no cursor":                      {[]string{`{"items":[{"id":"agent-0"}]}`}, 1, []string{""}},
		"an empty cursor":                {[]string{page(`""`, 0, 2)}, 2, []string{""}},
		"none":                           {[]string{page(`null`, 0, 0)}, 0, []string{""}},
		"an empty last page":             {[]string{page(`"x"`, 0, 2), page(`null`, 2, 0)}, 2, []string{"", "x"}},
		"an agent that slides a page on": {[]string{page(`"x"`, 0, 2), page(`null`, 1, 2)}, 3, []string{"", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{}))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, got := range agents {
				require.Equal(t, fmt.Sprintf("agent-%d", i), got.ID)
				require.NotNil(t, got.Response)
			}
			require.Len(t, wire.Requests(), len(tt.cursors))
			for i, sent := range wire.Requests() {
				want := url.Values{"page_size": {"100"}, "sort_by": {"created_at"}, "sort_order": {"desc"}}
				if tt.cursors[i] != "" {
					want.Set("cursor", tt.cursors[i])
				}
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/v1/deepagents/agents", sent.Path())
				require.Equal(t, want, sent.Query())
			}
		})
	}
}

func TestListAgentsByName(t *testing.T) {
	for _, tt := range []struct{ name, sent, ids string }{
		{"R&D", "R&D", "[a e]"},
		{" R&D", "R&D", "[d]"},
		{"  ", "", "[]"},
	} {
		wire := vendortest.InTurn(
			`{"items":[{"id":"a","name":"R&D"},{"id":"b","name":"R&D, Berlin"},{"id":"c","name":"r&d"}],"next_cursor":"x"}`,
			`{"items":[{"id":"d","name":" R&D"}],"next_cursor":"y"}`,
			`{"items":[{"id":"e","name":"R&D"},{"id":"f"}],"next_cursor":null}`,
		)
		agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: tt.name}))
		require.NoError(t, err)
		ids := []string{}
		for _, agent := range agents {
			ids = append(ids, agent.ID)
		}
		require.Equal(t, tt.ids, fmt.Sprint(ids))
		require.Len(t, wire.Requests(), 3)
		for _, sent := range wire.Requests() {
			require.Equal(t, tt.sent, sent.Query().Get("name"), "LangSmith may compare it with trimmed names")
		}
	}
}

func TestListAgentsRefusesANameThatCannotBeSent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, page(`null`, 0, 1))
	_, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: "caf\xe9"}))
	vendortest.RequireInvalid(t, err, "Name")
	require.Empty(t, wire.Requests())
}

func TestListAgentsStopsWithTheLoop(t *testing.T) {
	wire := vendortest.InTurn(page(`"x"`, 0, 2), page(`null`, 2, 2))
	for range newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{}) {
		break
	}
	require.Len(t, wire.Requests(), 1)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	for name, tt := range map[string]struct {
		pages            []string
		agents, requests int
		message          string
	}{
		"a cursor that repeats":      {[]string{page(`"x"`, 0, 2), page(`"x"`, 2, 2)}, 4, 2, "leads back"},
		"cursors that go round":      {[]string{page(`"x"`, 0, 1), page(`"y"`, 1, 1), page(`"x"`, 2, 1)}, 3, 3, "leads back"},
		"new cursors, old agents":    {[]string{page(`"x"`, 0, 2), page(`"y"`, 0, 2)}, 2, 2, "not on an earlier one"},
		"an empty page in between":   {[]string{page(`"x"`, 0, 2), page(`"y"`, 0, 0)}, 2, 2, "page 2 of the list"},
		"a cursor that is not text":  {[]string{page(`7`, 0, 2)}, 0, 1, "next_cursor"},
		"null for none":              {[]string{`{"items":null,"next_cursor":null}`}, 0, 1, "lacks the list"},
		"no items":                   {[]string{`{"next_cursor":null}`}, 0, 1, "lacks the list"},
		"another document":           {[]string{`{"error":"Unauthorized"}`}, 0, 1, "lacks the list"},
		"items of another type":      {[]string{`{"items":"none","next_cursor":null}`}, 0, 1, "lacks the list"},
		"the second page is no JSON": {[]string{page(`"x"`, 0, 2), `sorry`}, 2, 2, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{}))
			e := vendortest.RequireError(t, err)
			require.ErrorContains(t, err, tt.message)
			require.Equal(t, "ListAgents", e.Operation)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Len(t, agents, tt.agents)
			require.Len(t, wire.Requests(), tt.requests)
		})
	}
}
