package kolena_test

import (
	"fmt"
	"iter"
	"math"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const agent = `{"id":456,"workspace_id":7,"name":"Leases","objective":"","created_by":"","n_runs":0,"prompts":[]}`

var newClient = vendortest.NewClient[*kolena.Client]

// Each endpoint keeps its own documented number, whichever client it is called
// through: the first request beyond it waits for the window to pass.
func TestEachEndpointKeepsItsLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		allowed int
		call    func(*testing.T, *kolena.Client) error
	}{
		"copy": {60, func(t *testing.T, c *kolena.Client) error {
			_, err := c.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "a"})
			return err
		}},
		"list": {600, func(t *testing.T, c *kolena.Client) error {
			_, err := vendortest.Collect(t, c.ListAgents(t.Context(), kolena.ListAgentsRequest{}))
			return err
		}},
		"get": {1200, func(t *testing.T, c *kolena.Client) error {
			_, err := c.GetAgent(t.Context(), 123)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
					if r.Path() == "/api/v1/client/agents" {
						return http.StatusOK, `{"agents":[],"total_pages":0}`
					}
					return http.StatusOK, agent
				})
				client := newClient(t, wire)
				other, err := client.With()
				require.NoError(t, err)
				start := time.Now()
				for range tt.allowed {
					require.NoError(t, tt.call(t, client))
				}
				require.Zero(t, time.Since(start), "what is allowed is sent at once")
				require.NoError(t, tt.call(t, other))
				require.Equal(t, 61*time.Second, time.Since(start))
			})
		})
	}
}

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[kolena.Agent](t, "copy.json", "copy_oldest.json")
	vendortest.RequireRoundTrip[kolena.Agent](t, `{"id":1,"name":"a","objective":"","created":"2025-01-01T00:00:00",
		"updated":"2025-10-08T20:14:29.472247+00:00","created_by":"","n_runs":0,"prompts":[{"created":"2025-01-01T00:00:00.5","updated":1735689600}]}`)
}

func TestCopyAgent(t *testing.T) {
	for name, tt := range map[string]struct {
		req  kolena.CopyAgentRequest
		body string
	}{
		"large IDs":         {kolena.CopyAgentRequest{Name: "a", TargetWorkspaceID: math.MaxInt64, TargetFolderID: 1}, `{"name":"a","target_workspace_id":9223372036854775807,"target_folder_id":1}`},
		"the name as given": {kolena.CopyAgentRequest{Name: " Leases\n"}, `{"name":" Leases\n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "copy.json"))
			agent, err := newClient(t, wire).CopyAgent(t.Context(), 123, tt.req)
			require.NoError(t, err)
			require.Equal(t, int64(456), agent.ID)
			require.True(t, agent.Created.Equal(time.Date(2025, 10, 8, 20, 14, 29, 472247000, time.UTC)))
			require.True(t, agent.Prompts[0].Created.Equal(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)), "no zone: UTC")
			require.NoError(t, agent.Response.Warning)
			require.JSONEq(t, tt.body, wire.Requests()[0].Body)
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, agent)
	client := newClient(t, wire)
	for field, requests := range map[string][]kolena.CopyAgentRequest{
		"Name":              {{}, {Name: " \t\n\u00a0"}, {Name: "caf\xe9"}},
		"TargetWorkspaceID": {{Name: "a", TargetWorkspaceID: -7}},
		"TargetFolderID":    {{Name: "a", TargetFolderID: -8}},
	} {
		for _, req := range requests {
			_, err := client.CopyAgent(t.Context(), 123, req)
			vendortest.RequireInvalid(t, err, field)
		}
	}
	for _, id := range []int64{0, -1} {
		_, err := client.CopyAgent(t.Context(), id, kolena.CopyAgentRequest{Name: "a"})
		vendortest.RequireInvalid(t, err, "agentID")
		_, err = client.GetAgent(t.Context(), id)
		vendortest.RequireInvalid(t, err, "agentID")
	}
	copier := client.Copier(kolena.CopyAgentRequest{})
	_, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: "one", Name: "x"})
	vendortest.RequireInvalid(t, err, "SourceID")
	for _, id := range []string{"one", "0"} {
		_, err = copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: id, Name: "x"}, time.Now())
		vendortest.RequireInvalid(t, err, "SourceID")
	}
	_, err = copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "1", Name: " "}, time.Now())
	vendortest.RequireInvalid(t, err, "Name") // every agent would be a copy
	require.Empty(t, wire.Requests())
}

func TestCopyAgentReadsWhatItCan(t *testing.T) {
	const body = `{"name":[],"created":null,"metadata":null,"prompts":[{"id":"x","name":"p","options":null},7],"n_runs":null,"id":456}`
	agent, err := newClient(t, vendortest.Always(http.StatusOK, body)).CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "a"})
	require.NoError(t, err)
	require.Equal(t, int64(456), agent.ID)
	require.ErrorContains(t, agent.Response.Warning, "name")
	require.Nil(t, agent.Metadata, "null equals absent")
	require.Nil(t, agent.Prompts[0].Options)
	require.Equal(t, "p", agent.Prompts[0].Name)
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "kolena") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "kolena", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_oldest.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "kolena",
		`{"agents":[{"id":1,"name":"A"},{"id":2},{"name":"B"}],"total_pages":3,"page_number":0,"page_size":3}`,
		`{"agents":[],"total_pages":0,"page_number":0,"page_size":0}`,
	)
}

// page is an answer with count agents, from number first on.
// Its page_size is how many they are, and its page_number may be wrong.
func page(number, total, first, count int) string {
	agents := vendortest.Agents(`{"id":%[1]d,"name":"agent %[1]d"}`, first, count)
	return fmt.Sprintf(`{"agents":%s,"total_pages":%d,"page_number":%d,"page_size":%d}`, agents, total, number, count)
}

func TestListAgents(t *testing.T) {
	for name, tt := range map[string]struct {
		pages            []string
		agents, requests int
	}{
		"three pages":      {[]string{page(0, 3, 1, 2), page(1, 3, 3, 2), page(2, 3, 5, 1)}, 5, 3},
		"one short page":   {[]string{page(0, 1, 1, 2)}, 2, 1},
		"none":             {[]string{page(0, 0, 1, 0)}, 0, 1},
		"one empty page":   {[]string{page(0, 1, 1, 0)}, 0, 1},
		"no page number":   {[]string{page(0, 2, 1, 2), page(0, 2, 3, 2)}, 4, 2},
		"the list shrinks": {[]string{page(0, 3, 1, 2), page(1, 2, 3, 2)}, 4, 2},
		"the list grows":   {[]string{page(0, 1+1, 1, 2), page(1, 3, 2, 2), page(2, 3, 4, 1)}, 4, 3},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.InTurn(tt.pages...)
			agents, err := vendortest.Collect(t, listAgents(t, wire))
			require.NoError(t, err)
			require.Len(t, agents, tt.agents)
			for i, agent := range agents {
				require.Equal(t, int64(i+1), agent.ID)
				require.NotNil(t, agent.Response)
			}
			require.Len(t, wire.Requests(), tt.requests)
			for number, sent := range wire.Requests() {
				require.Equal(t, http.MethodGet, sent.Method)
				require.Equal(t, "/api/v1/client/agents", sent.Path())
				require.Equal(t, strconv.Itoa(number), sent.Query().Get("page_number"))
				require.Equal(t, "200", sent.Query().Get("page_size"))
			}
		})
	}
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "kolena", listAgents, map[string]vendortest.ListFailure{
		"total_pages is never reached": vendortest.ListFails(2, 2, "not on an earlier one", page(0, 1<<30, 1, 2), page(1, 1<<30, 1, 2)),
		"the list has gone":            vendortest.ListFails(2, 2, "page 2 of the list", page(0, 3, 1, 2), page(0, 0, 3, 0)),
		"no total":                     vendortest.ListFails(0, 1, "how many pages", `{"agents":[{"id":1}]}`),
		"a total that is not a number": vendortest.ListFails(0, 1, "how many pages", `{"agents":[{"id":1}],"total_pages":"two"}`),
		"no list":                      vendortest.ListFails(0, 1, "lacks the list", `{"total_pages":1}`),
		"another document":             vendortest.ListFails(0, 1, "lacks the list", agent),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*kolena.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), kolena.ListAgentsRequest{})
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
