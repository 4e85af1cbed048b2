package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// Three vendors publish no contract that was to be had: the schemas in testdata
// are written from their pages. They allow no field that the pages do not name,
// so that neither a client nor a fake makes one up.

// endpoint says by which definitions of a schema an exchange is checked.
type endpoint struct {
	method  string
	path    *regexp.Regexp
	request string // "" for no body
	answers map[int]string
	// query is what each parameter of the query must look like.
	query map[string]*regexp.Regexp
}

// unknownUUID is the ID of no agent.
const unknownUUID = "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"

var (
	zuduID    = `/api/agents/agent_[^/]+`
	uuidPath  = `/api/agents/[0-9a-f-]{36}`
	kolenaID  = `/api/v1/client/agents/\d+`
	numeric   = regexp.MustCompile(`^\d+$`)
	anyWord   = regexp.MustCompile(`^[a-z_]+$`)
	endpoints = map[string][]endpoint{
		"zudu": {
			{method: "POST", path: whole(zuduID + "/duplicate"), request: "duplicateRequest", answers: map[int]string{200: "agentAnswer", 400: "errorAnswer", 401: "errorAnswer", 404: "errorAnswer"}},
			{method: "GET", path: whole(zuduID + "/full"), answers: map[int]string{200: "agentAnswer", 401: "errorAnswer", 404: "errorAnswer"}},
			{method: "GET", path: whole("/api/agents"), answers: map[int]string{200: "listAnswer", 401: "errorAnswer"},
				query: map[string]*regexp.Regexp{"page": numeric, "limit": numeric, "sort_by": anyWord, "sort_order": anyWord}},
			{method: "POST", path: whole("/api/agents"), request: "findRequest", answers: map[int]string{200: "listAnswer", 401: "errorAnswer"}},
		},
		"cotool": { // documents no error
			{method: "POST", path: whole(uuidPath + "/copy"), answers: map[int]string{200: "copyAnswer", 401: "", 404: "", 409: ""}},
			{method: "GET", path: whole(uuidPath), answers: map[int]string{200: "agent", 401: "", 404: ""}},
			{method: "GET", path: whole("/api/agents"), answers: map[int]string{200: "listAnswer", 401: ""}},
		},
		"kolena": {
			{method: "POST", path: whole(kolenaID + "/copy"), request: "copyRequest", answers: map[int]string{200: "agent", 401: "errorAnswer", 404: "errorAnswer", 422: "faultsAnswer"}},
			{method: "GET", path: whole(kolenaID), answers: map[int]string{200: "agent", 401: "errorAnswer", 404: "errorAnswer"}},
			{method: "GET", path: whole("/api/v1/client/agents"), answers: map[int]string{200: "listAnswer", 401: "errorAnswer"},
				query: map[string]*regexp.Regexp{"page_number": numeric, "page_size": numeric}},
		},
	}
)

func whole(path string) *regexp.Regexp { return regexp.MustCompile("^" + path + "$") }

// schemas are the definitions of one document.
type schemas struct {
	t        *testing.T
	vendor   string
	compiler *jsonschema.Compiler
}

func loadSchemas(t *testing.T, vendor string) *schemas {
	s := &schemas{t, vendor, jsonschema.NewCompiler()}
	s.compiler.AssertFormat()
	return s
}

// validate checks a document by a definition; "" asks for no body at all.
func (s *schemas) validate(definition string, document []byte) error {
	if definition == "" {
		if len(document) > 0 {
			return errors.New("there is a body")
		}
		return nil
	}
	schema, err := s.compiler.Compile("testdata/" + s.vendor + ".schema.json#/$defs/" + definition)
	require.NoError(s.t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// check checks an exchange, and returns which endpoint it was of.
func (s *schemas) check(x exchange) string {
	tally.cases.Add(1)
	method, path := x.request.Method, x.request.URL.EscapedPath()
	for _, e := range endpoints[s.vendor] {
		if e.method != method || !e.path.MatchString(path) {
			continue
		}
		assert.NoError(s.t, s.validate(e.request, x.requestBody), "the request %s %s\n%s", method, path, x.requestBody)
		for name, values := range x.request.URL.Query() {
			form := e.query[name]
			documented := form != nil && len(values) == 1 && form.MatchString(values[0])
			assert.True(s.t, documented, "the request %s %s has the parameter %s=%q, which is not documented", method, path, name, values)
		}
		definition, ok := e.answers[x.response.StatusCode]
		assert.True(s.t, ok, "the fake answers %s %s with %d, which is not documented", method, path, x.response.StatusCode)
		if definition != "" {
			assert.NoError(s.t, s.validate(definition, x.responseBody), "the fake's answer %d to %s %s\n%s", x.response.StatusCode, method, path, x.responseBody)
		}
		return e.method + " " + e.path.String()
	}
	assert.Fail(s.t, "a request that is not documented", "%s %s", method, path)
	return ""
}

// checkAll checks what a recorder saw, and that each endpoint was among it.
func (s *schemas) checkAll(wire *recorder, headers map[string]*regexp.Regexp) {
	seen := map[string]bool{}
	for _, x := range wire.exchanges() {
		seen[s.check(x)] = true
		for name, form := range headers {
			assert.Regexp(s.t, form, x.request.Header.Get(name), "%s %s: header %s", x.request.Method, x.request.URL, name)
		}
	}
	for _, e := range endpoints[s.vendor] {
		assert.Contains(s.t, seen, e.method+" "+e.path.String(), "was not called")
	}
}

var (
	someCredential = regexp.MustCompile(`^(good|wrong)-credential$`)
	someBearer     = regexp.MustCompile(`^Bearer (good|wrong)-credential$`)
	inJSON         = regexp.MustCompile(`^application/json$`)
)

func TestZuduKeepsTheSchemas(t *testing.T) {
	for generation, opts := range map[string][]agentcopytest.ServerOption{
		"first":  {agentcopytest.WithZuduFirstGeneration()},
		"second": nil,
	} {
		t.Run(generation, func(t *testing.T) {
			srv := agentcopytest.NewZudu(append(opts, agentcopytest.WithCredential("good-credential", "good-credential"))...)
			defer srv.Close()
			source := srv.AddAgent(zudu.Agent{AgentName: "Support"})
			for i := range 130 { // two pages
				srv.AddAgent(zudu.Agent{AgentName: fmt.Sprint("Agent ", i)})
			}
			wire := &recorder{next: srv.Client().Transport}
			for _, key := range []string{"good-credential", "wrong-credential"} {
				client, err := zudu.New(key, key, throughTransport(wire), agentcopy.WithLimiter(agentcopy.Unlimited))
				require.NoError(t, err)
				for _, name := range []string{"Support, Berlin", " trimmed ", "Ünïcode <&> \"quotes\"", "Support"} { // the last one is taken
					_, _ = client.DuplicateAgent(t.Context(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: name})
				}
				_, _ = client.DuplicateAgent(t.Context(), "agent_unknown", zudu.DuplicateAgentRequest{AgentName: "New"})
				_, _ = client.GetAgent(t.Context(), source.AgentID)
				_, _ = client.GetAgent(t.Context(), "agent_unknown")
				for range client.ListAgents(t.Context(), zudu.ListAgentsRequest{}) {
				}
				for range client.ListAgents(t.Context(), zudu.ListAgentsRequest{Name: "Support"}) {
				}
			}
			loadSchemas(t, "zudu").checkAll(wire, map[string]*regexp.Regexp{"X-API-KEY": someCredential, "X-API-SECRET": someCredential, "Accept": inJSON})
		})
	}
}

func TestCotoolKeepsTheSchemas(t *testing.T) {
	srv := agentcopytest.NewCotool(agentcopytest.WithCredential("good-credential"))
	defer srv.Close()
	source := srv.AddAgent(cotool.Agent{Name: "Triage", SyncKey: "triage"})
	wire := &recorder{next: srv.Client().Transport}
	for _, key := range []string{"wrong-credential", "good-credential"} {
		client, err := cotool.New(key, throughTransport(wire), agentcopy.WithLimiter(agentcopy.Unlimited))
		require.NoError(t, err)
		for range 2 { // the second time there is nothing left to copy
			_, _ = client.CopyAgent(t.Context(), source.ID)
		}
		_, _ = client.GetAgent(t.Context(), source.ID)
		_, _ = client.GetAgent(t.Context(), unknownUUID)
		for range client.ListAgents(t.Context(), cotool.ListAgentsRequest{}) {
		}
	}
	loadSchemas(t, "cotool").checkAll(wire, map[string]*regexp.Regexp{"Authorization": someBearer, "Accept": inJSON})
}

func TestKolenaKeepsTheSchemas(t *testing.T) {
	for form, opts := range map[string][]agentcopytest.ServerOption{
		"with zones": nil,
		"zoneless":   {agentcopytest.WithKolenaZonelessTimes()},
	} {
		t.Run(form, func(t *testing.T) {
			srv := agentcopytest.NewKolena(append(opts, agentcopytest.WithCredential("good-credential"))...)
			defer srv.Close()
			source := srv.AddAgent(kolena.Agent{Name: "Leases", Prompts: []kolena.Prompt{{Name: "Account number", Options: []byte(`{"type":"string"}`)}}})
			for range 230 { // two pages
				srv.AddAgent(kolena.Agent{Name: "Agent"})
			}
			wire := &recorder{next: srv.Client().Transport}
			for _, key := range []string{"good-credential", "wrong-credential"} {
				client, err := kolena.New(key, throughTransport(wire), agentcopy.WithLimiter(agentcopy.Unlimited))
				require.NoError(t, err)
				for _, req := range []kolena.CopyAgentRequest{
					{Name: "Leases, Berlin"},
					{Name: "Ünïcode <&> \"quotes\"", TargetWorkspaceID: 1},
					{Name: "Elsewhere", TargetWorkspaceID: 1, TargetFolderID: 2},
				} {
					_, _ = client.CopyAgent(t.Context(), source.ID, req)
				}
				_, _ = client.CopyAgent(t.Context(), 987654, kolena.CopyAgentRequest{Name: "New"})
				_, _ = client.GetAgent(t.Context(), source.ID)
				_, _ = client.GetAgent(t.Context(), 987654)
				for range client.ListAgents(t.Context(), kolena.ListAgentsRequest{}) {
				}
			}
			loadSchemas(t, "kolena").checkAll(wire, map[string]*regexp.Regexp{"Authorization": someBearer, "Accept": inJSON})
		})
	}
}

// TestSchemasHaveTeeth: what is wrong is found.
func TestSchemasHaveTeeth(t *testing.T) {
	for _, tc := range []struct{ vendor, definition, document string }{
		{"zudu", "duplicateRequest", `{"agent_name":" padded "}`},
		{"zudu", "duplicateRequest", `{"agent_name":"x","made_up":1}`},
		{"zudu", "agentAnswer", `{"message":"","status":"success","data":{"agent_id":7}}`},
		{"cotool", "copyAnswer", `{"agent":{"id":"no UUID","organizationId":"","name":""},"parkedAgentId":"` + unknownUUID + `","parkedAgentName":"","transferredTriggerNames":[]}`},
		{"cotool", "copyAnswer", `{"agent":{"id":"` + unknownUUID + `","organizationId":"","name":""}}`},
		{"kolena", "copyRequest", `{"name":""}`},
		{"kolena", "copyRequest", `{"name":"x","target_folder_id":"1"}`},
		{"kolena", "agent", `{"id":"1"}`},
	} {
		assert.Error(t, loadSchemas(t, tc.vendor).validate(tc.definition, []byte(tc.document)), "%s as a %s of %s", tc.document, tc.definition, tc.vendor)
	}
}

// TestLangSmithKeepsThePublishedContract validates what the client sends and what the fake
// answers against the contract that LangSmith published, which is copied to
// testdata.
func TestLangSmithKeepsThePublishedContract(t *testing.T) {
	contract := loadContract(t)
	srv := agentcopytest.NewLangSmith(agentcopytest.WithCredential("good-credential"))
	defer srv.Close()
	source := srv.AddAgent(langsmith.Agent{Name: "Research", SystemPrompt: "Find out.", Files: map[string]langsmith.FileEntry{"a.md": {Content: "text"}}})
	for range 130 { // two pages
		srv.AddAgent(langsmith.Agent{})
	}
	wire := &recorder{next: srv.Client().Transport}
	client := langsmithClient(t, "good-credential", wire)
	stranger := langsmithClient(t, "wrong-credential", wire)

	for _, req := range []langsmith.CloneAgentRequest{
		{},
		{Name: "Research, Berlin"},
		{Name: "Ünïcode <&> \"quotes\"", IncludeFiles: true, UserTimezone: "Europe/Berlin"},
		{Permissions: &langsmith.Permissions{}},
		{Permissions: &langsmith.Permissions{
			Identity: langsmith.IdentityShared, Visibility: langsmith.VisibilityUser, TenantAccessLevel: langsmith.TenantAccessRun,
			SharedUsers: langsmith.SharedUsers{Read: []string{"a"}, Run: []string{"b"}, Update: []string{"c"}},
		}},
	} {
		_, err := client.CloneAgent(t.Context(), source.ID, req)
		assert.NoError(t, err, "CloneAgent(%+v)", req)
	}
	_, _ = client.CloneAgent(t.Context(), unknownUUID, langsmith.CloneAgentRequest{}) // 404
	_, _ = stranger.CloneAgent(t.Context(), source.ID, langsmith.CloneAgentRequest{})
	_, _ = client.GetAgent(t.Context(), source.ID, langsmith.GetAgentRequest{})
	_, _ = client.GetAgent(t.Context(), unknownUUID, langsmith.GetAgentRequest{})
	for _, name := range []string{"", "Research"} {
		for _, err := range client.ListAgents(t.Context(), langsmith.ListAgentsRequest{Name: name}) {
			assert.NoError(t, err)
		}
	}

	seen := map[string]int{}
	for _, x := range wire.exchanges() {
		tally.cases.Add(1)
		in := contract.input(t, x)
		seen[in.Route.Method+" "+in.Route.Path]++
		what := fmt.Sprintf("%s %s\n%s\n%d\n%s", x.request.Method, x.request.URL, x.requestBody, x.response.StatusCode, x.responseBody)
		assert.NoError(t, openapi3filter.ValidateRequest(t.Context(), in), "the request of %s", what)
		assert.NoError(t, contract.checkResponse(t, in, x.response.StatusCode, x.response.Header, x.responseBody), "the fake's answer of %s", what)
	}
	for _, want := range []string{"POST /agents/{agent_id}/clone", "GET /agents/{agent_id}", "GET /agents"} {
		assert.GreaterOrEqual(t, seen[want], 2, "how often %s was validated", want)
	}
}

func langsmithClient(t *testing.T, key string, wire http.RoundTripper) *langsmith.Client {
	t.Helper()
	client, err := langsmith.New(key, throughTransport(wire), agentcopy.WithLimiter(agentcopy.Unlimited))
	require.NoError(t, err)
	return client
}

// contract is an OpenAPI document.
type contract struct{ router routers.Router }

func loadContract(t *testing.T) contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/langsmith-openapi.json")
	require.NoError(t, err, "the contract cannot be read")
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	require.NoError(t, err, "the contract is not valid")
	return contract{router}
}

func (c contract) input(t *testing.T, x exchange) *openapi3filter.RequestValidationInput {
	t.Helper()
	route, params, err := c.router.FindRoute(x.request)
	require.NoError(t, err, "%s %s is not in the contract", x.request.Method, x.request.URL)
	return &openapi3filter.RequestValidationInput{
		Request: x.request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, // a status that is not documented is a fault
			MultiError:            true,
			AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
				if in.RequestValidationInput.Request.Header.Get(in.SecurityScheme.Name) == "" {
					return in.NewError(nil)
				}
				return nil
			},
		},
	}
}

func (c contract) checkResponse(t *testing.T, in *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	out.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(t.Context(), out)
}

// TestLangSmithContractHasTeeth: what is wrong is found, so that the test above
// means something.
func TestLangSmithContractHasTeeth(t *testing.T) {
	contract := loadContract(t)
	request := func(path, body string, key string) *openapi3filter.RequestValidationInput {
		req := httptest.NewRequest(http.MethodPost, "https://api.smith.langchain.com/v1/deepagents"+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Api-Key", key)
		return contract.input(t, exchange{request: req})
	}
	clone := "/agents/" + unknownUUID + "/clone"
	for name, in := range map[string]*openapi3filter.RequestValidationInput{
		"name of another type":  request(clone, `{"name":7}`, "key"),
		"unknown identity":      request(clone, `{"permissions":{"identity":"odd"}}`, "key"),
		"list for an object":    request(clone, `[]`, "key"),
		"no credential":         request(clone, `{}`, ""),
		"flag of another type":  request(clone+"?include_files=maybe", `{}`, "key"),
		"users of another type": request(clone, `{"permissions":{"shared_users":{"read":"me"}}}`, "key"),
	} {
		assert.Error(t, openapi3filter.ValidateRequest(t.Context(), in), "a request with %s", name)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"ID of another type":    {201, `{"id":7}`},
		"list for an object":    {201, `[]`},
		"unknown access level":  {201, `{"access_level":"odd"}`},
		"undocumented status":   {429, `{}`},
		"status that is a text": {404, `{"status":"404"}`},
	} {
		assert.Error(t, contract.checkResponse(t, request(clone, `{}`, "key"), answer.status, header, []byte(answer.body)), "an answer with %s", name)
	}
}

// exchange is one request and its answer, with their bodies.
type exchange struct {
	request      *http.Request // its Body is there to be read
	requestBody  []byte
	response     *http.Response
	responseBody []byte
}

// recorder notes what passes through a transport.
type recorder struct {
	next http.RoundTripper

	mu   sync.Mutex
	seen []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchange{request: req.Clone(req.Context())}
	var err error
	if req.Body != nil {
		if x.requestBody, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(x.requestBody))
		x.request.Body = io.NopCloser(bytes.NewReader(x.requestBody))
	}
	if x.response, err = r.next.RoundTrip(req); err != nil {
		return nil, err
	}
	if x.responseBody, err = io.ReadAll(x.response.Body); err != nil {
		return nil, err
	}
	_ = x.response.Body.Close()
	x.response.Body = io.NopCloser(bytes.NewReader(x.responseBody))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, x)
	return x.response, nil
}

func (r *recorder) exchanges() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}
