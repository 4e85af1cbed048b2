package cotool_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

const sourceID = "3c90c3cc-0d44-4b50-8888-8dd25736052d"

var newClient = vendortest.NewClient[*cotool.Client]

func TestDocumentsComeBack(t *testing.T) {
	vendortest.RequireDocuments[cotool.CopyAgentResponse](t, "copy.json", "copy_sparse.json")
	vendortest.RequireRoundTrip[cotool.CopyAgentResponse](t, `{"agent":{"id":"a","isBuiltIn":false,"persistentWorkspaceEnabled":false,"isSuggestion":false,
		"createdAt":"<string>","updatedAt":"2025-06-17 12:34:56+00","deletedAt":1750163696789,"lastDetectionRunAt":"yesterday",
		"toolActionConfigs":[{"type":"slack","hideAgentButton":false},{"type":"jira","projects":[{"key":"SEC"}],"dryRun":false},{"type":7}],
		"skills":[{"skillId":"s","invocationCount30d":12.5}]},"parkedAgentId":"p","parkedAgentName":"P"}`)
}

func TestToolActionConfigsComeBack(t *testing.T) {
	var configs []cotool.ToolActionConfig
	vendortest.Decode(t, `[{"type":"slack","hideAgentButton":true,"newer":1},{"type":7,"allowedChannels":[{"id":"c"}]},null]`, &configs)
	require.Equal(t, "slack", configs[0].Type)
	require.Equal(t, []cotool.Channel{{ID: "c"}}, configs[1].AllowedChannels, "what can be read beside what cannot")
	configs[0].HideAgentButton = false
	configs[1].Type = "slack"
	configs = append(configs, cotool.ToolActionConfig{Type: "made here"})
	written, err := json.Marshal(configs)
	require.NoError(t, err)
	require.JSONEq(t, `[{"type":"slack","hideAgentButton":false,"newer":1},{"type":"slack","allowedChannels":[{"id":"c"}]},{},{"type":"made here"}]`, string(written))
}

func TestCopyAgent(t *testing.T) {
	wire := vendortest.Always(http.StatusOK, vendortest.Document(t, "copy.json"))
	answer, err := newClient(t, wire).CopyAgent(t.Context(), sourceID)
	require.NoError(t, err)
	require.Equal(t, "7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11", answer.Agent.ID)
	require.Equal(t, cotool.AgentTypeDetection, answer.Agent.AgentType)
	require.Equal(t, sourceID, answer.ParkedAgentID)
	require.Equal(t, "Triage", answer.ParkedAgentName)
	require.Equal(t, []string{"On ticket"}, answer.TransferredTriggerNames)
	require.Same(t, answer.Response, answer.Agent.Response)
}

func TestAnIDThatIsNoUUIDIsNotSent(t *testing.T) {
	client := newClient(t, vendortest.Always(http.StatusOK, ``))
	_, err := client.CopyAgent(t.Context(), "agent_1")
	vendortest.RequireInvalid(t, err, "agentID")
	_, err = client.GetAgent(t.Context(), "agent_1")
	vendortest.RequireInvalid(t, err, "agentID")
}

func TestCopyAgentReadsWhatItCan(t *testing.T) {
	const body = `{"parkedAgentName":5,"agent":{"createdAt":17,"modelAlias":{"id":1},"structuredOutputSchema":null,
		"planningMode":"sometimes","inputs":[{"required":"yes","name":"alert"}],"id":"7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11"}}`
	answer, err := newClient(t, vendortest.Always(http.StatusOK, body)).CopyAgent(t.Context(), sourceID)
	require.NoError(t, err)
	require.ErrorContains(t, answer.Response.Warning, "parkedAgentName")
	require.Equal(t, cotool.PlanningMode("sometimes"), answer.Agent.PlanningMode, "a new value is kept")
	require.Equal(t, `{"id":1}`, string(answer.Agent.ModelAlias))
	require.Nil(t, answer.Agent.StructuredOutputSchema, "null equals absent")
	require.Equal(t, "alert", answer.Agent.Inputs[0].Name)
	require.True(t, answer.Agent.CreatedAt.Time.IsZero())
}

func TestListAgents(t *testing.T) {
	const body = `[{"id":"a","name":"One"},{"name":"no ID"},{"id":"b","deletedAt":"2025-06-17T12:34:56Z"}]`
	wire := vendortest.Always(http.StatusOK, body)
	agents, err := vendortest.Collect(t, listAgents(t, wire))
	require.NoError(t, err)
	require.Len(t, agents, 3)
	require.Equal(t, "One", agents[0].Name)
	require.False(t, agents[2].DeletedAt.IsZero(), "parked agents are not hidden")
	require.Equal(t, body, string(agents[1].Response.Body))
	require.Len(t, wire.Requests(), 1)
	require.Equal(t, http.MethodGet, wire.Requests()[0].Method)
	require.Equal(t, "/api/agents", wire.Requests()[0].Target)

	agents, err = vendortest.Collect(t, listAgents(t, vendortest.Always(http.StatusOK, `[]`)))
	require.NoError(t, err)
	require.Empty(t, agents)
}

func TestListAgentsRefusesAListThatMayBeIncomplete(t *testing.T) {
	vendortest.TestListFails(t, "cotool", listAgents, map[string]vendortest.ListFailure{
		"an object":     vendortest.ListFails(0, 1, "lacks the list", `{"agents":[]}`),
		"null":          vendortest.ListFails(0, 1, "lacks the list", `null`),
		"a text":        vendortest.ListFails(0, 1, "lacks the list", `"none"`),
		"a page":        vendortest.ListFails(0, 1, "Sign in", `<title>Sign in</title>`),
		"an empty body": vendortest.ListFails(0, 1, "empty", ``),
	})
}

func listAgents(t *testing.T, wire *vendortest.Wire) iter.Seq2[*cotool.Agent, error] {
	return newClient(t, wire).ListAgents(t.Context(), cotool.ListAgentsRequest{})
}

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "cotool") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "cotool", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_sparse.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "cotool",
		`[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"},null]`,
	)
}

func TestCopierFindsTheCopyOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewCotool()
		defer server.Close()
		source := server.AddAgent(cotool.Agent{Name: "Triage"})
		other := server.AddAgent(cotool.Agent{Name: "Enrichment"})
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser}) // manual, of its name, and older
		client := newClient(t, server.Client().Transport)
		copier := client.Copier()
		request := agentcopy.CopyRequest{SourceID: strings.ToUpper(source.ID), Name: "ignored"}

		time.Sleep(time.Hour)
		since := time.Now()
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser})
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Equal(t, "[possible]", vendortest.Matches(found), "of the source's name, since how parking shows is inferred")

		time.Sleep(time.Hour)
		since = time.Now()
		vendortest.LoseCopy(t, server.Server, copier, request, agentcopy.ErrAlreadyDone)
		_, err = copier.FindCopies(t.Context(), request, since)
		require.NotErrorIs(t, err, agentcopy.ErrNameTaken, "no name was asked for")

		made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: other.ID})
		require.NoError(t, err)
		require.Equal(t, "Enrichment", made.Name)
		var answer cotool.CopyAgentResponse
		require.NoError(t, json.Unmarshal(made.Body, &answer))
		require.Equal(t, other.ID, answer.ParkedAgentID, "the body has the parked agent")
		for _, sent := range server.Requests() {
			require.Equal(t, sent.Method == http.MethodGet, sent.Header.Get("Cache-Control") == "no-cache")
		}
	})
}

// Cotool does not document whether and how it shows a parked agent, what a copy is
// called, and whether it has a syncKey.
func TestCopierNeverDeniesWhatTheSourceShows(t *testing.T) {
	const (
		id    = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
		newID = "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"
	)
	since := time.Now()
	made := since.UTC().Format(time.RFC3339Nano)
	long := since.Add(-time.Hour).UTC().Format(time.RFC3339Nano)
	source := func(deleted string) string {
		return fmt.Sprintf(`{"id":%q,"name":"Triage","syncKey":"k","createdAt":%q,"deletedAt":%s}`, strings.ToUpper(id), long, deleted)
	}
	agent := func(more string) string { return fmt.Sprintf(`{"id":%q,%s}`, newID, more) }
	copied := agent(`"name":"Triage","createdAt":"` + made + `"`)
	for name, tt := range map[string]struct {
		get, list string // "" for 404
		done      bool
		want      string
	}{
		"not parked":                    {source(`null`), copied, false, "[possible]"},
		"not parked, deletedAt is \"\"": {source(`""`), copied, false, "[possible]"},
		"RFC 3339":                      {source(`"` + made + `"`), copied, true, "[certain]"},
		"milliseconds":                  {source(`1764158400000`), copied, true, "[certain]"},
		"milliseconds as text":          {source(`"1764158400000"`), copied, true, "[certain]"},
		"other text":                    {source(`"yesterday"`), copied, true, "[certain]"},
		"true":                          {source(`true`), copied, true, "[certain]"},
		"an object":                     {source(`{"at":1}`), copied, true, "[certain]"},
		"gone":                          {"", copied, true, "[possible]"},
		"gone and listed as parked":     {"", copied + "," + source(`true`), true, "[certain]"},
		"shown, and listed as parked":   {source(`null`), copied + "," + source(`true`), true, "[certain]"},
		"no copy in the list":           {source(`true`), source(`true`), true, "[]"},
		"a copy of another name":        {source(`true`), agent(`"name":"Other","createdAt":"` + made + `"`), true, "[possible]"},
		"a copy that keeps syncKey":     {source(`true`), agent(`"name":"Triage","syncKey":"k","createdAt":"` + made + `"`), true, "[possible]"},
		"an older agent":                {source(`true`), agent(`"name":"Triage","createdAt":"` + long + `"`), true, "[]"},
		"an agent that was deleted":     {source(`true`), agent(`"name":"Triage","deletedAt":1,"createdAt":"` + made + `"`), true, "[]"},
		"a copy without a stamp":        {source(`true`), agent(`"name":"Triage"`), true, "[possible]"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
				switch {
				case strings.HasSuffix(r.Path(), "/agents"):
					return http.StatusOK, "[" + tt.list + "]"
				case tt.get == "":
					return http.StatusNotFound, `{"error":"no such agent"}`
				}
				return http.StatusOK, tt.get
			})
			found, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: id}, since)
			if tt.done {
				require.ErrorIs(t, err, agentcopy.ErrAlreadyDone)
			} else {
				require.NoError(t, err)
			}
			for _, c := range found {
				require.Equal(t, c.Match == agentcopy.MatchPossible, c.Reason != "")
			}
			require.Equal(t, tt.want, vendortest.Matches(found))
		})
	}
}
