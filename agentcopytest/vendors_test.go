package agentcopytest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

const someUUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"

// The two forms in which the fakes of Zudu and of Kolena answer.
var (
	zuduForms   = [][]agentcopytest.ServerOption{nil, {agentcopytest.WithZuduFirstGeneration()}}
	kolenaForms = [][]agentcopytest.ServerOption{nil, {agentcopytest.WithKolenaZonelessTimes()}}
)

// A copy has all fields of its source but for a few, and so has the answer to the
// request that made it.
func TestCopiesTakeEveryField(t *testing.T) {
	type fields = map[string]any
	type added struct {
		server *agentcopytest.Server
		id     string
	}
	addZudu := func(form int) added {
		srv := agentcopytest.NewZudu(zuduForms[form]...)
		a := documented[struct{ Data zudu.Agent }](t, "zudu/testdata/duplicate_first.json",
			"zudu/testdata/duplicate_second.json", "zudu/testdata/full_first.json").Data
		return added{srv.Server, srv.AddAgent(a).AgentID}
	}
	addCotool := func(int) added {
		srv := agentcopytest.NewCotool()
		a := documented[cotool.CopyAgentResponse](t, "cotool/testdata/copy.json").Agent
		a.Name, a.DeletedAt = "Triage", agentcopy.Time{}
		return added{srv.Server, srv.AddAgent(a).ID}
	}
	addLangSmith := func(int) added {
		srv := agentcopytest.NewLangSmith()
		a := documented[langsmith.Agent](t, "langsmith/testdata/clone.json")
		a.OwnerID, a.AccessLevel, a.Permissions.Visibility = someUUID, langsmith.AccessRead, langsmith.VisibilityUser
		return added{srv.Server, srv.AddAgent(a).ID}
	}
	addKolena := func(form int) added {
		srv := agentcopytest.NewKolena(kolenaForms[form]...)
		a := documented[kolena.Agent](t, "kolena/testdata/copy.json")
		a.CreatedBy = "another@example.com"
		return added{srv.Server, fmt.Sprint(srv.AddAgent(a).ID)}
	}
	for _, tc := range []struct {
		vendor  string
		form    int
		add     func(form int) added
		name    string // of the copy that " Copy " was asked for
		stamp   string
		differs fields // beside the ID, the name and the stamps
	}{
		{"zudu", 0, addZudu, "Copy", "2000-01-01T00:00:01", nil},
		{"zudu", 1, addZudu, "Copy", "2000-01-01T00:00:01Z", nil},
		{"cotool", 0, addCotool, "Triage", "2000-01-01T00:00:01.234Z", fields{"syncKey": nil, "syncSource": nil, "syncFilePath": nil}},
		{"langsmith", 0, addLangSmith, " Copy ", "2000-01-01T00:00:01.234567+00:00", fields{
			"owner_id": "00000002-0000-4000-8000-000000000001", "is_owner": true, "access_level": "WRITE", "extras": fields{},
			"permissions": fields{"identity": "personal", "visibility": "tenant", "tenant_access_level": "read"},
			"revision":    "11e594f481958c10e3015d0bf0447a22f068a8a647f475df15ce2c7ab4b8f3f1",
		}},
		{"kolena", 0, addKolena, " Copy ", "2000-01-01T00:00:01.234567+00:00", fields{"n_runs": json.Number("0"), "created_by": "user@example.com"}},
		{"kolena", 1, addKolena, " Copy ", "2000-01-01T00:00:01.234567", fields{"n_runs": json.Number("0"), "created_by": "user@example.com"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := tc.add(tc.form)
			s := &subject{vendortest.Named(tc.vendor), &vendortest.Fake{Server: a.server}, nil}
			q := quirky{s, memory(s), t}
			source := q.agent(a.id)
			time.Sleep(1234567890)
			r := q.copyOf(a.id, " Copy ")
			r.target += "?include_files=true"
			made := dig(t, q.must(t, r), q.Shape.Copied).(fields)

			want := maps.Clone(source)
			maps.Copy(want, tc.differs)
			want[q.Shape.IDKey], want[q.Shape.NameKey] = made[q.Shape.IDKey], tc.name
			updated := strings.Replace(q.Shape.CreatedKey, "created", "updated", 1)
			want[q.Shape.CreatedKey], want[updated] = tc.stamp, tc.stamp
			require.Equal(t, want, q.agent(q.Copies()[0].ID))
			if tc.vendor != "zudu" || tc.form == 0 { // whose first generation answers with less
				require.Equal(t, want, made)
			}
			if tc.vendor != "cotool" { // which parks it
				require.Equal(t, source, q.agent(a.id))
			}
		})
	}
}

func TestCotoolMovesAnAgent(t *testing.T) {
	srv := agentcopytest.NewCotool()
	source := srv.AddAgent(cotool.Agent{TriggerSummary: []cotool.TriggerSummary{{ID: "t1", Name: "On Slack"}, {ID: "t2", Name: "Hourly", Enabled: true}}})
	client := sdk[*cotool.Client](t, srv)
	made := must(client.CopyAgent(t.Context(), source.ID))
	require.Equal(t, []string{"On Slack", "Hourly"}, made.TransferredTriggerNames)
	require.Equal(t, source.TriggerSummary, made.Agent.TriggerSummary)
	require.Empty(t, must(client.GetAgent(t.Context(), source.ID)).TriggerSummary)

	_, err := client.CopyAgent(t.Context(), made.Agent.ID)
	require.ErrorIs(t, err, agentcopy.ErrConflict, "the copy is a manual agent")
}

func TestLangSmithDefaults(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	source := srv.AddAgent(langsmith.Agent{Name: "Research"})
	client := sdk[*langsmith.Client](t, srv)
	made := must(client.CloneAgent(t.Context(), source.ID, langsmith.CloneAgentRequest{}))
	require.Equal(t, "Research (copy)", made.Name)

	permissions := langsmith.Permissions{Visibility: langsmith.VisibilityUser, SharedUsers: langsmith.SharedUsers{Run: []string{"u1"}}}
	made = must(client.CloneAgent(t.Context(), source.ID, langsmith.CloneAgentRequest{Permissions: &permissions}))
	require.Equal(t, "Research (copy)", made.Name, "names need not be unique")
	permissions.Identity, permissions.TenantAccessLevel = langsmith.IdentityPersonal, langsmith.TenantAccessRead
	require.Equal(t, permissions, made.Permissions)
}

// What each vendor answers to requests that are odd or wrong.
func TestOddRequests(t *testing.T) {
	type row struct {
		target string // method and path; "": the copy of an agent
		body   string
		header http.Header // on top of the credential
		status int
		says   string // the body of a refusal, or a part of that of a success
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	charset := http.Header{"Content-Type": {"application/json; charset=utf-8"}}

	zuduError := func(message, detail string) string {
		return fmt.Sprintf(`{"message":%q,"status":"error","error":%q}`, message, detail)
	}
	invalid := func(body, detail string) row {
		return row{body: body, status: 400, says: zuduError("Validation error", detail)}
	}
	noName, noObject := "Agent name cannot be empty", "the request body must be a JSON object"

	// The detail of a LangSmith problem is free text, here a star.
	problem := func(target, body string, status int, code string) row {
		says := `{"type":"https://docs.langchain.com/errors/` + code + `","code":"` + code + `","detail":"*","status":` + fmt.Sprint(status) + `}`
		return row{target: target, body: body, status: status, says: says}
	}
	badBody := func(body string) row { return problem("", body, 400, "invalid_request_body") }
	badQuery := func(query string) row { return problem("GET /agents?"+query, "", 400, "invalid_query_parameter") }

	kolenaFaults := func(target, body, faults string) row {
		return row{target: target, body: body, status: 422, says: `{"detail":[` + faults + `]}`}
	}
	const (
		agents  = "/api/v1/client/agents"
		noInt   = `"msg":"Input should be a valid integer, unable to parse string as an integer"`
		badPath = `{"type":"int_parsing","loc":["path","agent_id"],` + noInt + `,"input":"abc"}`
		noDict  = `{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":`
	)
	cases := map[string]map[string]row{
		"zudu": {
			"longest name":       {body: `{"agent_name":" ` + strings.Repeat("ü", 50) + ` "}`, status: 200},
			"name in lower case": {body: `{"agent_name":"source"}`, status: 200}, // another name than Source
			"unknown property":   {body: `{"agent_name":"Copy","more":1}`, header: charset, status: 200},
			"no content type":    {body: `{"agent_name":"Copy 2"}`, header: http.Header{"Content-Type": nil}, status: 200},
			"empty name":         invalid(`{"agent_name":""}`, noName),
			"blank name":         invalid(`{"agent_name":" \t "}`, noName),
			"no name":            invalid(`{}`, noName),
			"null":               invalid(`{"agent_name":null}`, noName),
			"key in other case":  invalid(`{"Agent_Name":"Copy"}`, noName),
			"long name":          invalid(`{"agent_name":"`+strings.Repeat("ü", 51)+`"}`, "Agent name cannot be longer than 50 characters"),
			"name taken":         invalid(`{"agent_name":" Source "}`, "Agent name 'Source' already exists in organization 'org_0000000001'"),
			"name of a number":   invalid(`{"agent_name":5}`, "agent_name has the wrong type"),
			"no body":            invalid(``, "a request body is required"),
			"a list":             invalid(`[]`, noObject),
			"the word null":      invalid(`null`, noObject),
			"broken JSON":        invalid(`{"agent_name":"Copy"`, syntaxError(`{"agent_name":"Copy"`)),
			"a form": {
				body: `agent_name=Copy`, header: form, status: 400,
				says: zuduError("Validation error", "the Content-Type must be application/json"),
			},
			"no route": {target: "GET /elsewhere", status: 404, says: zuduError("Not Found", "Not Found")},
			"unknown agent": {
				target: "POST /api/agents/agent_123/duplicate", body: `{"agent_name":"Copy"}`, status: 404,
				says: zuduError("Agent not found", "Agent with ID 'agent_123' does not exist in organization 'org_0000000001'"),
			},
		},
		"cotool": {
			"unknown":          {target: "POST /api/agents/" + someUUID + "/copy", status: 404, says: `{"error":"Agent not found"}`},
			"no UUID":          {target: "POST /api/agents/agent_1/copy", status: 400, says: `{"error":"agentId must be a UUID"}`},
			"unknown, read":    {target: "GET /api/agents/" + someUUID, status: 404, says: `{"error":"Agent not found"}`},
			"no UUID, read":    {target: "GET /api/agents/agent_1", status: 400, says: `{"error":"agentId must be a UUID"}`},
			"no list of chats": {target: "GET /api/chats", status: 404, says: `{"error":"Not Found"}`},
		},
		"langsmith": {
			"no body":             {status: 201},
			"empty object":        {body: "{}", status: 201},
			"nulls":               {body: `{"name":null,"permissions":null}`, status: 201},
			"empty name":          {body: `{"name":""}`, status: 201},
			"unknown property":    {body: `{"nom":"x"}`, status: 201},
			"a charset":           {body: `{"name":"x"}`, header: charset, status: 201},
			"broken":              badBody(`{"name":`),
			"list":                badBody(`[]`),
			"name of a number":    badBody(`{"name":1}`),
			"permissions of text": badBody(`{"permissions":"all"}`),
			"a form":              {body: `name=x`, header: form, status: 400, says: badBody("").says},
			"unknown identity":    problem("", `{"permissions":{"identity":"root"}}`, 422, "invalid_permissions"),
			"unknown visibility":  problem("", `{"permissions":{"visibility":"world"}}`, 422, "invalid_permissions"),
			"unknown level":       problem("", `{"permissions":{"tenant_access_level":"WRITE"}}`, 422, "invalid_permissions"),
			"unknown agent":       problem("POST /agents/"+someUUID+"/clone", "", 404, "agent_not_found"),
			"no UUID":             problem("POST /agents/x/clone", "", 422, "invalid_agent_id"),
			"unknown, read":       problem("GET /agents/"+someUUID, "", 404, "agent_not_found"),
			"no UUID, read":       problem("GET /agents/agent-1", "", 422, "invalid_agent_id"),
			"no route":            problem("GET /elsewhere", "", 404, "not_found"),
			"no method":           problem("PUT /agents/"+someUUID, "", 405, "method_not_allowed"),
			"small page":          badQuery("page_size=0"),
			"large page":          badQuery("page_size=101"),
			"many":                badQuery("page_size=many"),
			"unknown sort":        badQuery("sort_by=owner"),
			"unknown order":       badQuery("sort_order=ascending"),
			"unknown cursor":      badQuery("cursor=abc"),
		},
		"kolena": {
			"only a name": {body: `{"name":"x"}`, status: 200},
			"null targets": {
				body: `{"name":"x","target_workspace_id":null,"target_folder_id":null}`, status: 200,
				says: `"workspace_id":1}`, // the workspace of its source
			},
			"targets":          {body: `{"name":"x","target_workspace_id":7,"target_folder_id":8}`, status: 200, says: `"workspace_id":7}`},
			"unknown property": {body: `{"name":"x","more":1}`, status: 200},
			"other digits":     {target: "POST " + agents + "/01/copy", body: `{"name":"x"}`, status: 200},

			"no name":           kolenaFaults("", `{"more":1}`, `{"type":"missing","loc":["body","name"],"msg":"Field required","input":{"more":1}}`),
			"null name":         kolenaFaults("", `{"name":null}`, `{"type":"missing","loc":["body","name"],"msg":"Field required","input":{"name":null}}`),
			"name of a number":  kolenaFaults("", `{"name":5}`, `{"type":"string_type","loc":["body","name"],"msg":"Input should be a valid string","input":5}`),
			"empty name":        kolenaFaults("", `{"name":""}`, `{"type":"string_too_short","loc":["body","name"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}`),
			"workspace of text": kolenaFaults("", `{"name":"x","target_workspace_id":"a"}`, `{"type":"int_type","loc":["body","target_workspace_id"],"msg":"Input should be a valid integer","input":"a"}`),
			"half a folder":     kolenaFaults("", `{"name":"x","target_folder_id":1.5}`, `{"type":"int_type","loc":["body","target_folder_id"],"msg":"Input should be a valid integer","input":1.5}`),
			"no body":           kolenaFaults("", ``, `{"type":"missing","loc":["body"],"msg":"Field required","input":null}`),
			"a list":            kolenaFaults("", `[]`, noDict+`"[]"}`),
			"a form":            {body: `name=x`, header: form, status: 422, says: `{"detail":[` + noDict + `"name=x"}]}`},
			"broken":            kolenaFaults("", `{"name":x}`, fmt.Sprintf(`{"type":"json_invalid","loc":["body",9],"msg":"JSON decode error","input":{},"ctx":{"error":%q}}`, syntaxError(`{"name":x}`))),
			"no number":         kolenaFaults("POST "+agents+"/abc/copy", `{"name":"x"}`, badPath),
			"no number, read":   kolenaFaults("GET "+agents+"/abc", ``, badPath),
			"two faults":        kolenaFaults("POST "+agents+"/abc/copy", `{}`, badPath+`,{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}}`),
			"unknown agent":     {target: "POST " + agents + "/124/copy", body: `{"name":"x"}`, status: 404, says: `{"detail":"Agent not found"}`},
			"impossible agent":  {target: "POST " + agents + "/-1/copy", body: `{"name":"x"}`, status: 404, says: `{"detail":"Agent not found"}`},
			"unknown, read":     {target: "GET " + agents + "/5", status: 404, says: `{"detail":"Agent not found"}`},
			"no route":          {target: "GET /api/v1/client/workspaces", status: 404, says: `{"detail":"Not Found"}`},
			"no method":         {target: "GET " + agents + "/5/copy", status: 405, says: `{"detail":"Method Not Allowed"}`},
			"small number":      kolenaFaults("GET "+agents+"?page_number=-1", "", `{"type":"greater_than_equal","loc":["query","page_number"],"msg":"Input should be greater than or equal to 0","input":"-1","ctx":{"ge":0}}`),
			"large page":        kolenaFaults("GET "+agents+"?page_size=1001", "", `{"type":"less_than_equal","loc":["query","page_size"],"msg":"Input should be less than or equal to 1000","input":"1001","ctx":{"le":1000}}`),
			"odd query": kolenaFaults("GET "+agents+"?page_size=x&page_number=", "",
				`{"type":"int_parsing","loc":["query","page_number"],`+noInt+`,"input":""},{"type":"int_parsing","loc":["query","page_size"],`+noInt+`,"input":"x"}`),
		},
	}
	detail := regexp.MustCompile(`"detail":"(\\.|[^"\\])+"`)
	for vendor, rows := range cases {
		for name, tc := range rows {
			t.Run(vendor+"/"+name, func(t *testing.T) {
				s := starterNamed(vendor)()
				source := s.Add("", "Source")
				r := s.copyOf(source, "")
				r.body = tc.body
				if tc.target != "" {
					r.method, r.target, _ = strings.Cut(tc.target, " ")
				}
				maps.Copy(r.header, tc.header)
				out := memory(s).must(t, r)
				require.Equal(t, tc.status, out.StatusCode, out.body)
				if tc.status < 300 {
					require.Contains(t, out.body, tc.says)
					require.Equal(t, source, s.Copies()[0].SourceID)
					return
				}
				require.Equal(t, "application/json", out.Header.Get("Content-Type"))
				if vendor == "langsmith" {
					out.body = detail.ReplaceAllString(out.body, `"detail":"*"`)
				}
				require.JSONEq(t, tc.says, out.body)
				require.Empty(t, s.Copies())
			})
		}
	}
}

func TestCotoolCopiesOnlyManagedAgents(t *testing.T) {
	srv := agentcopytest.NewCotool()
	first := srv.AddAgent(cotool.Agent{})
	require.NotEmpty(t, first.SyncKey, "an agent that does not say where it comes from can be copied")
	for says, agent := range map[string]cotool.Agent{
		`{"error":"Agent is not managed"}`: {Origin: cotool.OriginUser},
		`{"error":"Agent is parked"}`:      {SyncKey: "k", DeletedAt: agentcopy.Time{Time: time.Now()}},
	} {
		out := memory(srv).must(t, newCotool().copyOf(srv.AddAgent(agent).ID, ""))
		require.Equal(t, 409, out.StatusCode)
		require.JSONEq(t, says, out.body)
	}
	require.Empty(t, srv.Copies())
	listed := get[[]cotool.Agent](t, srv, "/api/agents")
	require.Len(t, listed, 2, "a list shows no parked agent")
	require.Equal(t, first.ID, listed[0].ID, "the oldest first")
}

// What each fake fills in and shows of an agent that a test adds, as whole documents:
// those of testdata. In a bubble, for the stamps of what is made.
func TestDocuments(t *testing.T) {
	var documents map[string]json.RawMessage
	vendortest.Decode(t, vendortest.Document(t, "documents.json"), &documents)
	created := agentcopy.Time{Time: time.Date(2025, 10, 8, 22, 14, 29, 472247999, time.FixedZone("", 7200))}
	synctest.Test(t, func(t *testing.T) {
		shows := func(name string, srv server, r request) {
			t.Helper()
			require.JSONEq(t, string(documents[name]), memory(srv).must(t, r).body, name)
		}
		read := func(target string) request { return request{http.MethodGet, target, keys, ""} }
		for i, form := range []string{"Zudu", "Zudu, first generation"} {
			srv := agentcopytest.NewZudu(zuduForms[i]...)
			id := srv.AddAgent(zudu.Agent{AgentName: " Source\n", CreatedAt: created}).AgentID
			shows(form+": the agent", srv, read("/api/agents/"+id+"/full"))
			shows(form+": the list", srv, read("/api/agents"))
			shows(form+": the copy", srv, newZudu().copyOf(id, "Copy"))
		}

		c := agentcopytest.NewCotool()
		id := c.AddAgent(cotool.Agent{ID: strings.ToUpper(someUUID), CreatedAt: created}).ID
		shows("Cotool: the agent", c, read("/api/agents/"+id))
		shows("Cotool: the copy", c, newCotool().copyOf(id, ""))
		shows("Cotool: the parked agent", c, read("/api/agents/"+id))

		l := agentcopytest.NewLangSmith()
		//lint:ignore SA1019 the older name of SystemPrompt
		mine := langsmith.Agent{Instructions: "Be brief.", Files: map[string]langsmith.FileEntry{"a.md": {Content: "x"}}, CreatedAt: created}
		id = l.AddAgent(mine).ID
		shows("LangSmith: the list", l, read("/agents"))
		shows("LangSmith: the clone", l, newLangSmith().copyOf(id, "Clone"))
		for query, form := range map[string]string{"": "", "yes": "", "false": "", "true": " with files", "1": " with files"} {
			shows("LangSmith: the agent"+form, l, read("/agents/"+id+"?include_files="+query))
		}
		others := l.AddAgent(langsmith.Agent{ID: strings.ToUpper(someUUID), OwnerID: someUUID}).ID
		shows("LangSmith: another's agent", l, read("/agents/"+others))
		l.DeleteAgent(l.Copies()[0].ID)
		shows("LangSmith: the list", l, read("/agents")) // without another's agent

		for i, form := range []string{"Kolena", "Kolena, zoneless"} {
			srv := agentcopytest.NewKolena(kolenaForms[i]...)
			srv.AddAgent(kolena.Agent{
				Name: "Source", Created: created,
				Prompts: []kolena.Prompt{{Name: "Account"}}, OutputTemplates: []kolena.OutputTemplate{{Filename: "a.docx"}},
			})
			srv.AddAgent(kolena.Agent{Name: "Bare"})
			shows(form+": the agent", srv, read("/api/v1/client/agents/1"))
			shows(form+": the bare agent", srv, read("/api/v1/client/agents/2"))
			shows(form+": the copy", srv, newKolena().copyOf("1", "Copy"))
		}
	})
}

// addAgentRefuses requires that a fake's AddAgent panics on agents, and says why.
func addAgentRefuses[A any](t *testing.T, add func(A) A, agents map[string]A) {
	t.Helper()
	for says, a := range agents {
		requirePanic(t, func() { add(a) }, "AddAgent", says)
	}
}

func TestZuduAddAgent(t *testing.T) {
	srv := agentcopytest.NewZudu()
	given := zudu.Agent{AgentName: "Source", KnowledgeBaseIDs: []string{"kb_1"}}
	a := srv.AddAgent(given)
	given.KnowledgeBaseIDs[0], a.KnowledgeBaseIDs[0] = "changed", "changed"
	got := must(sdk[*zudu.Client](t, srv).GetAgent(t.Context(), a.AgentID))
	require.Equal(t, []string{"kb_1"}, got.KnowledgeBaseIDs, "the fake's agent is its own")

	taken := "agent_00000000-0000-4000-8000-000000000002"
	srv.AddAgent(zudu.Agent{AgentID: taken, AgentName: "Second"})
	require.NotEqual(t, taken, srv.AddAgent(zudu.Agent{AgentName: "Third"}).AgentID)
	srv.AddAgent(zudu.Agent{OrganizationID: "org_other", AgentName: "Source"}) // names are unique within an organization
	srv.AddAgent(zudu.Agent{AgentName: strings.Repeat("ü", 50)})
	addAgentRefuses(t, srv.AddAgent, map[string]zudu.Agent{
		`empty: ""`:                      {AgentName: " \t"},
		"50 characters":                  {AgentName: strings.Repeat("x", 51)},
		`has the name "Source" already`:  {AgentName: "Source "},
		"there is an agent " + a.AgentID: {AgentName: "New", AgentID: a.AgentID},
		"cannot be written as JSON":      {AgentName: "New", AccessInfo: json.RawMessage("{")},
	})
	srv.AddAgent(zudu.Agent{AgentName: "New"}) // the panics above kept nothing
}

func TestAddAgentRefusesIDs(t *testing.T) {
	c, l, k := agentcopytest.NewCotool(), agentcopytest.NewLangSmith(), agentcopytest.NewKolena()
	c.AddAgent(cotool.Agent{ID: someUUID})
	addAgentRefuses(t, c.AddAgent, map[string]cotool.Agent{
		`not a UUID: "agent_1"`:         {ID: "agent_1"},
		"there is an agent " + someUUID: {ID: strings.ToUpper(someUUID)},
	})
	l.AddAgent(langsmith.Agent{ID: someUUID})
	addAgentRefuses(t, l.AddAgent, map[string]langsmith.Agent{
		`not a UUID: "agent_1"`:         {ID: "agent_1"},
		"there is an agent " + someUUID: {ID: strings.ToUpper(someUUID)},
	})
	k.AddAgent(kolena.Agent{ID: 2, Name: "Second"})
	require.EqualValues(t, 1, k.AddAgent(kolena.Agent{Name: "First"}).ID)
	require.EqualValues(t, 3, k.AddAgent(kolena.Agent{Name: "Third"}).ID)
	addAgentRefuses(t, k.AddAgent, map[string]kolena.Agent{
		"name is empty":       {},
		"not positive: -1":    {Name: "x", ID: -1},
		"there is an agent 2": {Name: "x", ID: 2},
	})
}

// listing is a fake with three agents. The first was changed last; the other two came
// after it, at one time. It needs a bubble.
func listing(t *testing.T, start starter, first, second, third string) quirky {
	q := newQuirky(t, start, quirks{})
	begin := agentcopy.Time{Time: time.Now()}
	id := q.Add("", first)
	time.Sleep(time.Hour)
	q.Add("", second)
	q.Add("", third)
	time.Sleep(time.Hour)
	q.Update(id, first, begin)
	return q
}

func TestZuduLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := listing(t, newZudu, "b", "c", "a")
		byBody := func(body string) reply { return q.must(t, request{http.MethodPost, "/api/agents", keys, body}) }
		for _, tc := range []struct{ query, body, want string }{
			{"", `{}`, "b, a, c"}, // the newest change first; of two at the same time, the newer agent
			{"", ``, "b, a, c"},
			{"sort_order=ascending", `{"sort_order":"ascending"}`, "c, a, b"},
			{"sort_by=created_at", `{"sort_by":"created_at"}`, "a, c, b"},
			{"sort_by=agent_name&sort_order=ascending", `{"sort_by":"agent_name","sort_order":"ascending"}`, "a, b, c"},
			{"limit=2", `{"limit":2}`, "b, a"},
			{"limit=2&page=1", `{"limit":2,"page":1}`, "c"},
			{"limit=2&page=2", `{"limit":2,"page":2}`, ""},
			{"limit=100&page=2147483647", `{"limit":100,"page":2147483647}`, ""},
		} {
			require.Equal(t, tc.want, q.names("?"+tc.query), tc.query)
			require.Equal(t, tc.want, q.namesIn(byBody(tc.body)), tc.body)
		}
		for criteria, want := range map[string]string{
			`{"agent_name":["B","c","a"]}`: "b, a, c",
			`{"agent_name":["A"]}`:         "a",
			`{"agent_name":["c","b"]}`:     "b, c",
			`{"agent_name":["x"]}`:         "",
			`{"agent_name":[]}`:            "",
			`{}`:                           "b, a, c",
			`null`:                         "b, a, c",
		} {
			require.Equal(t, want, q.namesIn(byBody(`{"filter_criteria":`+criteria+`}`)), criteria)
		}
		for query, body := range map[string]string{
			"page=-1":                    `{"page":-1}`,
			"page=x":                     `{"page":"1"}`,
			"limit=0":                    `{"limit":0}`,
			"limit=101":                  `{"limit":101}`,
			"limit=":                     `{"limit":[]}`,
			"sort_by=model":              `{"sort_by":"model"}`,
			"sort_order=down":            `{"sort_order":"down"}`,
			"page=1.5":                   `{"filter_criteria":{"agent_name":"b"}}`,
			"limit=99999999999999999999": `{"page`,
		} {
			for _, out := range []reply{q.read("/api/agents?" + query), byBody(body)} {
				require.Equal(t, 400, out.StatusCode, "%s %s: %s", query, body, out.body)
				require.Contains(t, out.body, "Validation error")
			}
		}
	})
}

func TestLangSmithLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := listing(t, newLangSmith, "b one", "C one", "a two")
		for query, want := range map[string]string{
			"":                                "b one, a two, C one",
			"sort_order=asc":                  "C one, a two, b one",
			"sort_by=created_at":              "a two, C one, b one",
			"sort_by=name&sort_order=asc":     "C one, a two, b one",
			"name=ONE":                        "b one, C one",
			"name=nobody":                     "",
			"name=c%20one&sort_by=created_at": "C one",
		} {
			out := q.read(q.list() + "?" + query)
			require.Equal(t, want, q.namesIn(out), query)
			require.Contains(t, out.body, `"next_cursor":null`, query)
		}
		first := q.read(q.list() + "?page_size=2")
		require.Equal(t, "b one, a two", q.namesIn(first))
		time.Sleep(time.Hour)
		q.Add("", "newest")
		second := q.read(q.list() + "?page_size=2&cursor=" + dig(t, first, []string{"next_cursor"}).(string))
		require.Equal(t, "C one", q.namesIn(second), "what is new meanwhile moves nothing")
		require.Contains(t, second.body, `"next_cursor":null`)
	})
}

func TestKolenaLists(t *testing.T) {
	srv := agentcopytest.NewKolena()
	for i := range 120 {
		srv.AddAgent(kolena.Agent{Name: fmt.Sprint("Agent ", i)})
	}
	for _, tc := range []struct {
		query                       string
		first, count, pages, number int
	}{
		{"", 0, 50, 3, 0},
		{"page_number=2", 100, 20, 3, 2},
		{"page_number=3", 0, 0, 3, 3},
		{"page_size=1000", 0, 120, 1, 0},
		{"page_size=7&page_number=1", 7, 7, 18, 1},
		{"page_size=0", 0, 0, 0, 0},
		{"page_number=2147483647&page_size=1000", 0, 0, 1, 2147483647},
	} {
		got := get[struct {
			Agents     []kolena.Agent `json:"agents"`
			TotalPages int            `json:"total_pages"`
			PageNumber int            `json:"page_number"`
			PageSize   int            `json:"page_size"`
		}](t, srv, "/api/v1/client/agents?"+tc.query)
		require.NotNil(t, got.Agents, "an empty list is [], not null")
		require.Len(t, got.Agents, tc.count, tc.query)
		require.Equal(t, []int{tc.pages, tc.number, tc.count}, []int{got.TotalPages, got.PageNumber, got.PageSize}, tc.query)
		if tc.count > 0 {
			require.Equal(t, fmt.Sprint("Agent ", tc.first), got.Agents[0].Name)
		}
	}
}

func TestListsThroughTheSDK(t *testing.T) {
	older, newer := agentcopytest.NewZudu(zuduForms[1]...), agentcopytest.NewZudu()
	l, k := agentcopytest.NewLangSmith(), agentcopytest.NewKolena()
	var all []string
	for i := range 410 { // more than two pages, as the SDK asks for them
		name := fmt.Sprint("Agent ", i)
		all = append(all, name)
		older.AddAgent(zudu.Agent{AgentName: name})
		newer.AddAgent(zudu.Agent{AgentName: name})
		l.AddAgent(langsmith.Agent{Name: name})
		k.AddAgent(kolena.Agent{Name: name})
	}
	for name, want := range map[string][]string{"": all, "Agent 24": {"Agent 24"}} {
		for _, srv := range []*agentcopytest.Zudu{older, newer} {
			agents := must(vendortest.Collect(t, sdk[*zudu.Client](t, srv).ListAgents(t.Context(), zudu.ListAgentsRequest{Name: name})))
			requireNames(t, want, agents, func(a *zudu.Agent) (string, *agentcopy.Response) { return a.AgentName, a.Response })
		}
		clones := must(vendortest.Collect(t, sdk[*langsmith.Client](t, l).ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: name})))
		requireNames(t, want, clones, func(a *langsmith.Agent) (string, *agentcopy.Response) { return a.Name, a.Response })
		agents := must(vendortest.Collect(t, sdk[*kolena.Client](t, k).ListAgents(t.Context(), kolena.ListAgentsRequest{Name: name})))
		requireNames(t, want, agents, func(a *kolena.Agent) (string, *agentcopy.Response) { return a.Name, a.Response })
	}
}

// requireNames requires that a list shows an agent of each name, and nothing odd.
func requireNames[A any](t *testing.T, want []string, agents []*A, of func(*A) (string, *agentcopy.Response)) {
	t.Helper()
	var names []string
	for _, a := range agents {
		name, response := of(a)
		require.NoError(t, response.Warning)
		names = append(names, name)
	}
	require.ElementsMatch(t, want, names)
}

func TestZuduIDsAreOpaque(t *testing.T) {
	srv := agentcopytest.NewZudu()
	client := sdk[*zudu.Client](t, srv)
	for _, id := range []string{"a/b", "ä ö", "50%", "a?b"} {
		srv.AddAgent(zudu.Agent{AgentID: id, AgentName: "Agent " + url.PathEscape(id)})
		require.Equal(t, id, must(client.GetAgent(t.Context(), id)).AgentID)
	}
	_, err := client.GetAgent(t.Context(), "agent_404")
	require.ErrorIs(t, err, agentcopy.ErrNotFound)
	require.ErrorContains(t, err, "does not exist in organization")
}

func TestLangSmithBasePath(t *testing.T) {
	srv := agentcopytest.NewLangSmith()
	defer srv.Close()
	id := srv.AddAgent(langsmith.Agent{}).ID
	for _, base := range []string{srv.URL(), srv.URL() + "/v1/deepagents", srv.URL() + "/v1/deepagents/"} {
		client := must(langsmith.New(vendortest.Key(), agentcopy.WithBaseURL(base), agentcopy.WithHTTPClient(socketClient(t))))
		must(client.CloneAgent(t.Context(), id, langsmith.CloneAgentRequest{}))
	}
	require.Len(t, srv.Copies(), 3)
}
