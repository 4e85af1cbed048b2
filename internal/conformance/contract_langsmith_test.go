package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

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
		assert.NoError(t, contract.checkRequest(t, in), "the request of %s", what)
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

func (c contract) checkRequest(t *testing.T, in *openapi3filter.RequestValidationInput) error {
	return openapi3filter.ValidateRequest(t.Context(), in)
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
		assert.Error(t, contract.checkRequest(t, in), "a request with %s", name)
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
