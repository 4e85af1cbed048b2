package langsmith_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

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
			agents, err := vendortest.Collect(t, listAgents(t, wire))
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

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "langsmith", listAgents, map[string]vendortest.ListFailure{
		"a cursor that repeats":      vendortest.ListFails(4, 2, "leads back", page(`"x"`, 0, 2), page(`"x"`, 2, 2)),
		"cursors that go round":      vendortest.ListFails(3, 3, "leads back", page(`"x"`, 0, 1), page(`"y"`, 1, 1), page(`"x"`, 2, 1)),
		"new cursors, old agents":    vendortest.ListFails(2, 2, "not on an earlier one", page(`"x"`, 0, 2), page(`"y"`, 0, 2)),
		"an empty page in between":   vendortest.ListFails(2, 2, "page 2 of the list", page(`"x"`, 0, 2), page(`"y"`, 0, 0)),
		"a cursor that is not text":  vendortest.ListFails(0, 1, "next_cursor", page(`7`, 0, 2)),
		"null for none":              vendortest.ListFails(0, 1, "lacks the list", `{"items":null,"next_cursor":null}`),
		"no items":                   vendortest.ListFails(0, 1, "lacks the list", `{"next_cursor":null}`),
		"another document":           vendortest.ListFails(0, 1, "lacks the list", `{"error":"Unauthorized"}`),
		"items of another type":      vendortest.ListFails(0, 1, "lacks the list", `{"items":"none","next_cursor":null}`),
		"the second page is no JSON": vendortest.ListFails(2, 2, "not JSON", page(`"x"`, 0, 2), `sorry`),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*langsmith.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), langsmith.ListAgentsRequest{})
}
