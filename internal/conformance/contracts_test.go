package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
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
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// contract is a transport that checks each request and its answer against a vendor's
// OpenAPI document. LangSmith's is the one that it published. Three vendors publish none
// that was to be had: theirs are written from their pages. They allow no field that the
// pages do not name, so that neither a client nor a fake makes one up.
type contract struct {
	t      *testing.T
	router routers.Router
	next   http.RoundTripper
	seen   map[string]bool
}

func loadContract(t *testing.T, vendor string, next http.RoundTripper) *contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/" + vendor + "-openapi.json")
	require.NoError(t, err, "the contract cannot be read")
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	require.NoError(t, err, "the contract is not valid")
	return &contract{t, router, next, map[string]bool{}}
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	tally.cases.Add(1)
	in, err := c.request(req)
	assert.NoError(c.t, err, "the request %s %s", req.Method, req.URL)
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if in.Route != nil {
		c.seen[in.Route.Method+" "+in.Route.Path] = true
		fault := c.answer(in, resp.StatusCode, resp.Header, body)
		assert.NoError(c.t, fault, "the fake's answer %d to %s %s\n%s", resp.StatusCode, req.Method, req.URL, body)
	}
	return resp, err
}

// request checks a request, whose body can be read again.
func (c *contract) request(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	in := &openapi3filter.RequestValidationInput{Request: req, Options: &openapi3filter.Options{
		IncludeResponseStatus:             true, // a status that is not documented is a fault
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true,
		MultiError:                        true,
		AuthenticationFunc: func(_ context.Context, auth *openapi3filter.AuthenticationInput) error {
			form := map[string]string{"apiKey": "^", "http": "^Bearer "}[auth.SecurityScheme.Type] + "(good|wrong)-credential"
			value := req.Header.Get(cmp.Or(auth.SecurityScheme.Name, "Authorization"))
			if !regexp.MustCompile(form).MatchString(value) {
				return auth.NewError(nil)
			}
			return nil
		},
	}}
	var err error
	if in.Route, in.PathParams, err = c.router.FindRoute(req); err != nil {
		return in, err
	}
	for name := range req.URL.Query() {
		if in.Route.Operation.Parameters.GetByInAndName("query", name) == nil {
			err = fmt.Errorf("the parameter %s is not documented", name)
		}
	}
	if accept := req.Header.Get("Accept"); accept != "application/json" {
		err = fmt.Errorf("it accepts %q", accept)
	}
	return in, errors.Join(err, openapi3filter.ValidateRequest(c.t.Context(), in))
}

func (c *contract) answer(in *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	return openapi3filter.ValidateResponse(c.t.Context(), out.SetBodyBytes(body))
}

// unknownUUID is the ID of no agent.
const unknownUUID = "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"

// copyNames are asked for in turn.
var copyNames = []string{"Support, Berlin", " trimmed ", "Ünïcode <&> \"quotes\"", "Support"} // the last one is taken

// sender has a client of a vendor send what the operations of vendortest do not.
type sender func(ctx context.Context, client any)

// contractCases serve a fake that has an agent with all kinds of fields.
var contractCases = []struct {
	name    string // that of the vendor first
	options []agentcopytest.ServerOption
	copies  int // that are made with the right credential
	serve   func(opts []agentcopytest.ServerOption) (*agentcopytest.Server, sender)
}{
	{"zudu, second generation", nil, 3, serveZudu},
	{"zudu, first generation", []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}, 3, serveZudu},
	{"cotool", nil, 1, serveCotool},
	{"kolena, with zones", nil, 7, serveKolena},
	{"kolena, zoneless", []agentcopytest.ServerOption{agentcopytest.WithKolenaZonelessTimes()}, 7, serveKolena},
	{"langsmith", nil, 8, serveLangSmith},
}

func serveZudu(opts []agentcopytest.ServerOption) (*agentcopytest.Server, sender) {
	srv := agentcopytest.NewZudu(opts...)
	source := srv.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
	return srv.Server, func(ctx context.Context, client any) {
		c := client.(*zudu.Client)
		for _, name := range copyNames {
			_, _ = c.DuplicateAgent(ctx, source, zudu.DuplicateAgentRequest{AgentName: name})
		}
		_, _ = c.DuplicateAgent(ctx, "agent_unknown", zudu.DuplicateAgentRequest{AgentName: "New"})
		_, _ = c.GetAgent(ctx, source)
		_, _ = c.GetAgent(ctx, "agent_unknown")
	}
}

func serveCotool(opts []agentcopytest.ServerOption) (*agentcopytest.Server, sender) {
	srv := agentcopytest.NewCotool(opts...)
	source := srv.AddAgent(cotool.Agent{Name: "Triage", SyncKey: "triage"}).ID
	srv.AddAgent(cotool.Agent{Name: "Another"})
	return srv.Server, func(ctx context.Context, client any) {
		c := client.(*cotool.Client)
		for range 2 { // the second time there is nothing left to copy
			_, _ = c.CopyAgent(ctx, source)
		}
		_, _ = c.CopyAgent(ctx, unknownUUID)
		_, _ = c.GetAgent(ctx, source)
	}
}

func serveKolena(opts []agentcopytest.ServerOption) (*agentcopytest.Server, sender) {
	srv := agentcopytest.NewKolena(opts...)
	source := srv.AddAgent(kolena.Agent{Name: "Leases", Prompts: []kolena.Prompt{{Name: "Number", Options: []byte(`{"type":"string"}`)}}}).ID
	return srv.Server, func(ctx context.Context, client any) {
		c := client.(*kolena.Client)
		for _, name := range copyNames {
			_, _ = c.CopyAgent(ctx, source, kolena.CopyAgentRequest{Name: name})
		}
		_, _ = c.CopyAgent(ctx, source, kolena.CopyAgentRequest{Name: "Elsewhere", TargetWorkspaceID: 1})
		_, _ = c.CopyAgent(ctx, source, kolena.CopyAgentRequest{Name: "In a folder", TargetWorkspaceID: 1, TargetFolderID: 2})
		_, _ = c.CopyAgent(ctx, 987654, kolena.CopyAgentRequest{Name: "New"})
		_, _ = c.GetAgent(ctx, source)
		_, _ = c.GetAgent(ctx, 987654)
	}
}

func serveLangSmith(opts []agentcopytest.ServerOption) (*agentcopytest.Server, sender) {
	srv := agentcopytest.NewLangSmith(opts...)
	files := map[string]langsmith.FileEntry{"a.md": {Content: "text"}}
	source := srv.AddAgent(langsmith.Agent{Name: "Research", SystemPrompt: "Find out.", Files: files}).ID
	return srv.Server, func(ctx context.Context, client any) {
		c := client.(*langsmith.Client)
		for _, name := range copyNames {
			_, _ = c.CloneAgent(ctx, source, langsmith.CloneAgentRequest{Name: name})
		}
		for _, req := range []langsmith.CloneAgentRequest{
			{},
			{IncludeFiles: true, UserTimezone: "Europe/Berlin"},
			{Permissions: &langsmith.Permissions{}},
			{Permissions: &langsmith.Permissions{
				Identity: langsmith.IdentityShared, Visibility: langsmith.VisibilityUser, TenantAccessLevel: langsmith.TenantAccessRun,
				SharedUsers: langsmith.SharedUsers{Read: []string{"a"}, Run: []string{"b"}, Update: []string{"c"}},
			}},
		} {
			_, _ = c.CloneAgent(ctx, source, req)
		}
		_, _ = c.CloneAgent(ctx, unknownUUID, langsmith.CloneAgentRequest{})
		_, _ = c.GetAgent(ctx, source, langsmith.GetAgentRequest{})
		for range c.ListAgents(ctx, langsmith.ListAgentsRequest{Name: "Research"}) {
		}
	}
}

// TestContracts validates what the clients send and what the fakes answer against the
// vendors' contracts.
func TestContracts(t *testing.T) {
	for _, tc := range contractCases {
		t.Run(tc.name, func(t *testing.T) {
			vendor, _, _ := strings.Cut(tc.name, ",")
			v := vendortest.Named(vendor)
			small := agentcopytest.WithQuirks(agentcopytest.Quirks{PageSize: 2}) // so that there are several pages
			srv, send := tc.serve(append(tc.options, small, agentcopytest.WithCredential("good-credential")))
			defer srv.Close()
			wire := loadContract(t, vendor, srv.Client().Transport)
			for _, key := range []string{"good-credential", "wrong-credential"} {
				client, err := v.New(key, throughTransport(wire), agentcopy.WithLimiter(agentcopy.Unlimited))
				require.NoError(t, err)
				send(t.Context(), client)
				for _, op := range v.Operations { // of agents that are not there, and lists
					_, _ = op.Do(t.Context(), client)
				}
			}
			assert.Len(t, wire.seen, len(v.Operations), "endpoints that were called")
			assert.Len(t, srv.Copies(), tc.copies)
		})
	}
}

// TestContractsHaveTeeth: what is wrong is found, in a copy request and in its answer.
func TestContractsHaveTeeth(t *testing.T) {
	ask := func(vendor, query, body, key string) (*contract, *openapi3filter.RequestValidationInput, error) {
		v := vendortest.Named(vendor)
		url := v.BaseURL + v.BasePath + strings.Replace(v.CopyPath, "*", v.SourceID, 1) + query
		req := httptest.NewRequest(http.MethodPost, url, strings.NewReader(body))
		req.Header = v.Header(key)
		req.Header.Set("X-Api-Secret", key)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Content-Type", "application/json")
		c := loadContract(t, vendor, nil)
		in, err := c.request(req)
		return c, in, err
	}
	const key = "good-credential"
	for _, tc := range []struct{ vendor, query, body, key string }{
		{"zudu", "", `{"agent_name":" padded "}`, key},
		{"zudu", "", `{"agent_name":"x","made_up":1}`, key},
		{"zudu", "?made_up=1", `{"agent_name":"x"}`, key},
		{"cotool", "", `{}`, key},
		{"kolena", "", `{"name":""}`, key},
		{"kolena", "", `{"name":"x","target_folder_id":"1"}`, key},
		{"kolena", "", `{"name":"x"}`, "another"},
		{"langsmith", "", `{"name":7}`, key},
		{"langsmith", "", `{"permissions":{"identity":"odd"}}`, key},
		{"langsmith", "", `[]`, key},
		{"langsmith", "", `{}`, ""},
		{"langsmith", "?include_files=maybe", `{}`, key},
		{"langsmith", "", `{"permissions":{"shared_users":{"read":"me"}}}`, key},
	} {
		_, _, err := ask(tc.vendor, tc.query, tc.body, tc.key)
		assert.Error(t, err, "%+v", tc)
	}
	for _, tc := range []struct {
		vendor, request string
		status          int
		answer          string
	}{
		{"zudu", `{"agent_name":"x"}`, 200, `{"message":"","status":"success","data":{"agent_id":7}}`},
		{"cotool", ``, 200, `{"agent":{"id":"no UUID","organizationId":"","name":""},"parkedAgentId":"` + unknownUUID + `","parkedAgentName":"","transferredTriggerNames":[]}`},
		{"cotool", ``, 200, `{"agent":{"id":"` + unknownUUID + `","organizationId":"","name":""}}`},
		{"kolena", `{"name":"x"}`, 200, `{"id":"1"}`},
		{"langsmith", `{}`, 201, `{"id":7}`},
		{"langsmith", `{}`, 201, `[]`},
		{"langsmith", `{}`, 201, `{"access_level":"odd"}`},
		{"langsmith", `{}`, 404, `{"status":"404"}`},
		{"langsmith", `{}`, 429, `{}`}, // is not documented
	} {
		c, in, err := ask(tc.vendor, "", tc.request, key)
		assert.NoError(t, err, "%+v", tc)
		assert.Error(t, c.answer(in, tc.status, http.Header{"Content-Type": {"application/json"}}, []byte(tc.answer)), "%+v", tc)
	}
}
