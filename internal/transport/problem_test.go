package transport_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestErrorBodies(t *testing.T) {
	cases := []struct {
		name, body string
		code       string
		message    string
		fields     []agentcopy.FieldError
	}{
		{name: "Zudu's envelope", body: `{"message":"Validation error","status":"error","error":"Agent name cannot be empty"}`, message: "Validation error: Agent name cannot be empty"},
		{name: "Zudu's envelope, null error", body: `{"message":"Agent not found","status":"error","error":null}`, message: "Agent not found"},
		{name: "LangSmith's problem", body: `{"type":"https://docs.example/errors/agent_not_found","code":"agent_not_found","detail":"Verify the agent ID","status":404}`, code: "agent_not_found", message: "Verify the agent ID"},
		{name: "LangSmith's flat error", body: `{"error":"Unauthorized"}`, message: "Unauthorized"},
		{name: "a code for an error", body: `{"error":"org_scoped_key_requires_workspace"}`, code: "org_scoped_key_requires_workspace", message: "org_scoped_key_requires_workspace"},
		{name: "plain text", body: "missing permission mcp-servers:create\n", message: "missing permission mcp-servers:create"},
		{name: "a JSON text", body: `"go away"`, message: "go away"},
		{name: "FastAPI's detail", body: `{"detail":"Not authenticated"}`, message: "Not authenticated"},
		{
			name: "FastAPI's faults", body: `{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}},{"loc":["path","agent_id"],"msg":"not an integer"},{"loc":["body","prompts",0,"name"],"msg":"too long"}]}`,
			message: "name: Field required: path.agent_id: not an integer: prompts.0.name: too long",
			fields:  []agentcopy.FieldError{{Field: "name", Reason: "Field required"}, {Field: "path.agent_id", Reason: "not an integer"}, {Field: "prompts.0.name", Reason: "too long"}},
		},
		{name: "faults of odd forms", body: `{"detail":["no",{"msg":"bad"},7,null,{"loc":"x","msg":"worse"}]}`, message: "no: bad: 7", fields: []agentcopy.FieldError{{Reason: "no"}, {Reason: "bad"}, {Reason: "7"}}},
		{name: "nested", body: `{"error":{"code":"quota","message":"Too many agents"}}`, code: "quota", message: "Too many agents"},
		{name: "nested faults", body: `{"error":{"detail":[{"loc":["body","name"],"msg":"Field required"}]}}`, message: "name: Field required", fields: []agentcopy.FieldError{{Field: "name", Reason: "Field required"}}},
		{name: "nested without end", body: strings.Repeat(`{"error":`, 5000) + `"x"` + strings.Repeat("}", 5000), message: "I'm a teapot"},
		{name: "a number for a code", body: `{"code":42,"message":"odd"}`, code: "42", message: "odd"},
		{name: "said twice", body: `{"message":"Agent not found","error":"Agent not found"}`, message: "Agent not found"},
		{name: "an HTML page", body: "<!DOCTYPE html>\n<html><head><title>\n 502 Bad&nbsp;Gateway </title></head></html>", message: "502 Bad Gateway"},
		{name: "an HTML page without a title", body: "<html><body><h1>Sorry <b>not</b> here</h1>", message: "Sorry not here"},
		{name: "HTML without either", body: "<p>x</p>", message: "I'm a teapot"},
		{name: "empty", body: "", message: "I'm a teapot"},
		{name: "an empty object", body: "{}", message: "I'm a teapot"},
		{name: "a list", body: "[1,2]", message: "I'm a teapot"},
		{name: "null", body: "null", message: "I'm a teapot"},
		{name: "wrongly typed", body: `{"message":true,"detail":{"a":[1]},"error":[]}`, message: "I'm a teapot"},
		{name: "broken JSON", body: `{"message":"Agent`, message: "I'm a teapot"},
		{name: "binary", body: "\x00\xff\xfe", message: "I'm a teapot"},
		{name: "a byte order mark", body: "\xef\xbb\xbf" + `{"code":"quota","message":"Too many agents"}`, code: "quota", message: "Too many agents"},
		{name: "a byte order mark before text", body: "\xef\xbb\xbfToo many agents", message: "Too many agents"},
		{name: "a byte order mark before a page", body: "\xef\xbb\xbf<title>Sorry</title>", message: "Sorry"},
		{name: "a line break in a text", body: "{\"detail\":\"Too many\nagents\"}", message: "Too many agents"},
		{name: "NaN, a comment and a comma", body: `{"limit":NaN,/* see */"detail":"Too many agents",}`, message: "Too many agents"},
		{name: "several lines", body: "one\n\ttwo\r\nthree", message: "one two three"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := doCopy(t, newClient(t, play(answer(418, tc.body))))
			e := asError(t, err)
			require.Equal(t, tc.code, e.Code, "Code")
			require.Equal(t, tc.message, e.Message, "Message")
			require.Equal(t, tc.fields, e.Fields, "Fields")
			require.Equal(t, tc.body, string(e.Body), "Body")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestErrorIsBounded(t *testing.T) {
	_, _, err := doCopy(t, newClient(t, play(answer(400, strings.Repeat("ä ", 100_000), "X-Request-Id", strings.Repeat("i", 10_000)))))
	e := asError(t, err)
	require.Len(t, e.Body, 64<<10)
	require.Less(t, len(err.Error()), 2000)
	require.Less(t, len(e.RequestID), 300)
}

func TestMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		step        step
		has, hasNot []string
	}{
		"a redirect: the host alone":    {answer(302, "", "Location", "https://a:pw@b.example/c?token"), []string{"b.example:"}, []string{"pw", "token", "/c"}},
		"another redirect":              {answer(308, ""), []string{"check the base URL"}, nil},
		"not modified is no redirect":   {answer(304, ""), []string{"Not Modified ("}, []string{"base URL"}},
		"an ID that may have been lost": {answer(200, `{"count":NaN}`), []string{"malformed"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := doGet(t, newClient(t, play(tt.step)))
			for _, part := range tt.has {
				require.ErrorContains(t, err, part)
			}
			for _, part := range tt.hasNot {
				require.NotContains(t, err.Error(), part)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	for want, header := range map[string][]string{
		"":       nil,
		"a":      {"X-Request-Id", "a", "Cf-Ray", "b"},
		"b":      {"Cf-Ray", "b"},
		"Root=1": {"X-Amzn-Trace-Id", "Root=1"},
		"c":      {"X-Request-ID", "c"},
	} {
		_, _, err := doCopy(t, newClient(t, play(answer(404, "", header...))))
		require.Equal(t, want, asError(t, err).RequestID)
		_, resp, err := doCopy(t, newClient(t, play(answer(200, made, header...))))
		require.NoError(t, err)
		require.Equal(t, want, resp.RequestID)
	}
}

// TestResponse: the forms that are read are the business of laxjson.
func TestResponse(t *testing.T) {
	body := `{"id":"thing-2","count":"three","made":"not a time","newer":{"than":NaN}}`
	got, resp, err := doCopy(t, newClient(t, play(answer(201, body, "X-Odd", "1"))))
	require.NoError(t, err)
	require.Equal(t, "thing-2", got.ID)
	require.Zero(t, got.Count, "a mistyped field is left at zero")
	require.True(t, got.Made.Time.IsZero(), "a stamp that cannot be read is left at zero")
	require.Equal(t, 201, resp.StatusCode)
	require.Equal(t, http.Header{"X-Odd": {"1"}}, resp.Header)
	require.Equal(t, body, string(resp.Body))
	require.ErrorContains(t, resp.Warning, `"count"`)
	require.ErrorContains(t, resp.Warning, "NaN")
	require.Len(t, resp.Attempts, 1)
	require.True(t, resp.Attempts[0].Sent)
}

// TestSecretIsNotCutInTwo: where a text is too long to be printed whole, no part
// of a secret stays at the end of what is left.
func TestSecretIsNotCutInTwo(t *testing.T) {
	key := newKey()
	for before := range 520 {
		filler := strings.Repeat("x", before)
		for name, s := range map[string]step{
			"message":    answer(400, `{"message":"`+filler+key+`"}`),
			"code":       answer(400, `{"code":"`+filler+key+`"}`),
			"field":      answer(422, `{"detail":[{"loc":["body","`+filler+key+`"],"msg":"no"}]}`),
			"page":       answer(200, `<title>`+filler+key+`</title>`),
			"request ID": answer(400, "", "X-Request-Id", filler+key),
		} {
			_, _, err := doCopy(t, newClientWithKey(t, key, play(s)))
			e := asError(t, err)
			printed := fmt.Sprint(e.Message, e.Code, e.RequestID, e.Fields, e.Err)
			require.NotContains(t, printed, key[:4], "the first half of a secret behind %d bytes of a %s", before, name)
		}
	}
}
