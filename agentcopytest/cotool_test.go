package agentcopytest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

const someUUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"

func TestCotoolMovesAnAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := agentcopytest.NewCotool()
		source := filled[cotool.Agent]()
		source.ID, source.Name, source.DeletedAt = someUUID, "Triage", agentcopy.Time{}
		source.TriggerSummary = []cotool.TriggerSummary{{ID: "t1", Name: "On Slack"}, {ID: "t2", Name: "Hourly", Enabled: true}}
		stored := srv.AddAgent(source)
		client := sdk[*cotool.Client](t, srv)
		time.Sleep(1500 * time.Microsecond)
		now := agentcopy.Time{Time: time.Now().UTC().Truncate(time.Millisecond)}

		made, err := client.CopyAgent(t.Context(), someUUID)
		require.NoError(t, err)
		require.NoError(t, made.Response.Warning)
		require.Equal(t, 200, made.Response.StatusCode)
		require.Equal(t, someUUID, made.ParkedAgentID)
		require.Equal(t, "Triage", made.ParkedAgentName)
		require.Equal(t, []string{"On Slack", "Hourly"}, made.TransferredTriggerNames)
		want := stored
		want.ID, want.CreatedAt, want.UpdatedAt = made.Agent.ID, now, now
		want.SyncKey, want.SyncSource, want.SyncFilePath = "", "", ""
		requireSame(t, want, made.Agent)
		got, err := client.GetAgent(t.Context(), made.Agent.ID)
		require.NoError(t, err)
		requireSame(t, want, got)

		parked, err := client.GetAgent(t.Context(), someUUID)
		require.NoError(t, err)
		want = stored
		want.DeletedAt, want.UpdatedAt, want.TriggerSummary = now, now, []cotool.TriggerSummary{}
		requireSame(t, want, parked)

		var listed []string
		for a, err := range client.ListAgents(t.Context(), cotool.ListAgentsRequest{}) {
			require.NoError(t, err)
			listed = append(listed, a.ID)
		}
		require.Equal(t, []string{made.Agent.ID}, listed, "a parked agent is not in the list")

		_, err = client.CopyAgent(t.Context(), someUUID)
		require.ErrorIs(t, err, agentcopy.ErrConflict)
		require.ErrorContains(t, err, "parked")
		_, err = client.CopyAgent(t.Context(), made.Agent.ID)
		require.ErrorIs(t, err, agentcopy.ErrConflict, "the copy is a manual agent")
		require.Len(t, srv.Copies(), 1)
	})
}

func TestCotoolDocuments(t *testing.T) {
	srv := agentcopytest.NewCotool()
	created := agentcopy.Time{Time: time.Date(2025, 6, 17, 14, 34, 56, 789e6, time.FixedZone("", 7200))}
	a := srv.AddAgent(cotool.Agent{SyncKey: "k", CreatedAt: created})
	out := memory(srv.Server).must(t, request{http.MethodPost, "/api/agents/" + a.ID + "/copy", vendortest.Bearer("k"), ""})
	require.Equal(t, 200, out.StatusCode)
	doc := decoded[map[string]json.RawMessage](t, out)
	require.Len(t, doc, 4)
	require.Equal(t, "[]", string(doc["transferredTriggerNames"]))
	var agent map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(doc["agent"], &agent))
	for _, name := range []string{"deletedAt", "syncKey", "syncSource", "syncFilePath", "lastDetectionRunAt"} {
		require.Equal(t, "null", string(agent[name]), name)
	}
	require.Equal(t, "[]", string(agent["triggerSummary"]))

	out = memory(srv.Server).must(t, request{http.MethodGet, "/api/agents/" + a.ID, vendortest.Bearer("k"), ""})
	parked := decoded[map[string]any](t, out)
	require.Equal(t, "2025-06-17T12:34:56.789Z", parked["createdAt"])
	require.Equal(t, "k", parked["syncKey"])
	require.NotNil(t, parked["deletedAt"])
}

func TestCotoolLists(t *testing.T) {
	srv := agentcopytest.NewCotool()
	list := request{http.MethodGet, "/api/agents", vendortest.Bearer("k"), ""}
	require.Equal(t, "[]\n", memory(srv.Server).must(t, list).body)
	srv.AddAgent(cotool.Agent{Name: "one"})
	srv.AddAgent(cotool.Agent{Name: "parked", DeletedAt: agentcopy.Time{Time: time.Now()}})
	srv.AddAgent(cotool.Agent{Name: "two"})
	agents := decoded[[]cotool.Agent](t, memory(srv.Server).must(t, list))
	require.Len(t, agents, 2)
	require.Equal(t, "one", agents[0].Name)
	require.Equal(t, "two", agents[1].Name)
}

func TestCotoolRefusals(t *testing.T) {
	srv := agentcopytest.NewCotool()
	manual := srv.AddAgent(cotool.Agent{Name: "manual", Origin: cotool.OriginUser})
	require.Empty(t, manual.SyncKey)
	require.NotEmpty(t, srv.AddAgent(cotool.Agent{Name: "managed"}).SyncKey, "an agent that does not say where it comes from can be copied")
	parked := srv.AddAgent(cotool.Agent{SyncKey: "k", DeletedAt: agentcopy.Time{Time: time.Now()}})
	for name, tc := range map[string]struct {
		method, path string
		status       int
		body         string
	}{
		"unknown":          {http.MethodPost, "/api/agents/" + someUUID + "/copy", 404, `{"error":"Agent not found"}`},
		"no UUID":          {http.MethodPost, "/api/agents/agent_1/copy", 400, `{"error":"agentId must be a UUID"}`},
		"manual":           {http.MethodPost, "/api/agents/" + manual.ID + "/copy", 409, `{"error":"Agent is not managed"}`},
		"parked":           {http.MethodPost, "/api/agents/" + parked.ID + "/copy", 409, `{"error":"Agent is parked"}`},
		"unknown, read":    {http.MethodGet, "/api/agents/" + someUUID, 404, `{"error":"Agent not found"}`},
		"no UUID, read":    {http.MethodGet, "/api/agents/agent_1", 400, `{"error":"agentId must be a UUID"}`},
		"no list of chats": {http.MethodGet, "/api/chats", 404, `{"error":"Not Found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			out := memory(srv.Server).must(t, request{tc.method, tc.path, vendortest.Bearer("k"), ""})
			require.Equal(t, tc.status, out.StatusCode)
			require.JSONEq(t, tc.body, out.body)
		})
	}
	require.Empty(t, srv.Copies())
}

func TestCotoolAddAgent(t *testing.T) {
	srv := agentcopytest.NewCotool()
	a := srv.AddAgent(cotool.Agent{ID: "3C90C3CC-0D44-4B50-8888-8DD25736052A"})
	require.Equal(t, someUUID, a.ID)
	require.NotEmpty(t, a.Name)
	require.NotEmpty(t, a.OrganizationID)
	require.Equal(t, cotool.AgentTypeResponse, a.AgentType)
	require.False(t, a.CreatedAt.IsZero())
	got, err := sdk[*cotool.Client](t, srv).GetAgent(t.Context(), a.ID)
	require.NoError(t, err)
	requireSame(t, a, got)
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, srv.AddAgent(cotool.Agent{}).ID)

	requirePanic(t, func() { srv.AddAgent(cotool.Agent{ID: "agent_1"}) }, "AddAgent", `not a UUID: "agent_1"`)
	requirePanic(t, func() { srv.AddAgent(cotool.Agent{ID: someUUID}) }, "AddAgent", "there is an agent "+someUUID)
	requirePanic(t, func() { srv.AddAgent(cotool.Agent{ModelAlias: json.RawMessage("gpt")}) }, "AddAgent", "JSON")
}
