package vendortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// fuzzedKey is the credential of the fuzz targets, long enough to be masked. The
// seeds quote it, so that mutations of them do. It begins with a letter that no
// escape in JSON ends with: a form feed before "uzzed" would read like "fuzzed".
const fuzzedKey = "Key-of-no-account-0123456789"

// errorBodies are the forms of an error that vendors, frameworks and proxies
// have, for seeds.
var errorBodies = []string{
	``, ` `, `null`, `[]`, `{}`, `"text"`, `12`, `{"detail":`,
	`{"message":"Validation error","status":"error","error":"Agent name cannot be empty"}`,
	`{"type":"https://docs.langchain.com/errors/x","code":"agent_not_found","detail":"agent not found","status":404}`,
	`{"error":"Forbidden"}`, `{"error":"org_scoped_key_requires_workspace"}`, `{"error":{"code":"x","message":"y"}}`,
	`{"detail":"Not authenticated"}`, `{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}}]}`,
	`{"detail":[{"loc":[{},null,1.5],"msg":"odd"},"text",7]}`, `{"error":{"error":{"error":{"message":"deep"}}}}`,
	`missing permission mcp-servers:create`, "two\nlines\x00\x1b[31m\xff", `<html><head><title>502 Bad &amp; Gateway</title></head></html>`,
	`<h1>Error <b>` + fuzzedKey + `</b></h1>`, `{"message":"key ` + fuzzedKey + ` is wrong"}`, `key ` + fuzzedKey,
	`{"detail":"` + strings.Repeat("x", 480) + fuzzedKey + `"}`,
}

// fuzzed calls an operation through wire, with a client of [fuzzedKey]: in one attempt,
// without pacing, and without a pause after a 429 that the next input would have to wait out.
func fuzzed(t testing.TB, o *Operation, wire http.RoundTripper) (*Result, error) {
	t.Helper()
	caller, err := o.Connect(fuzzedKey,
		agentcopy.WithHTTPClient(&http.Client{Transport: wire}),
		agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithReadLimiter(agentcopy.Unlimited),
		agentcopy.WithMaxResponseBytes(1<<20),
		agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever, MinBackoff: 1, MaxBackoff: 1}))
	require.NoError(t, err)
	return caller.Do(t.Context())
}

// FuzzErrorBody fuzzes the body and the status of refusals that a copy meets.
func FuzzErrorBody(f *testing.F, vendor string) {
	copies := Named(vendor).Operation(Copies)
	for i, body := range errorBodies {
		f.Add(uint16(300+i*7), []byte(body), "req "+fuzzedKey)
		f.Add(uint16(429), []byte(body), strings.Repeat("x", 180)+fuzzedKey)
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte, requestID string) {
		status = 300 + status%300
		wire := Always(int(status), string(body))
		_, err := fuzzed(t, copies, RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := wire.RoundTrip(req)
			if err == nil {
				resp.Header.Set("X-Request-Id", requestID)
			}
			return resp, err
		}))
		e := RequireError(t, err)
		require.Equal(t, int(status), e.StatusCode)
		require.Len(t, e.Attempts, 1)
		require.NotEqual(t, agentcopy.OutcomeCopied, e.Outcome, "of a refusal")
		switch isJSON := json.Valid(body) && utf8.Valid(body); {
		case status == 429, status == 401, status == 404, status == 403 && isJSON:
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "status %d", status)
		case status >= 500, status == 302, status == 408, status == 499:
			require.Equal(t, agentcopy.OutcomeUnknown, e.Outcome, "status %d", status)
		}
		require.Equal(t, string(body[:min(len(body), 64<<10)]), string(e.Body))
		checkPrinted(t, e)
	})
}

// FuzzSuccessBody fuzzes the body of the answers of status 200 and 201 to a copy.
// documents are good answers, for seeds.
func FuzzSuccessBody(f *testing.F, vendor string, documents ...string) {
	copies := Named(vendor).Operation(Copies)
	for _, body := range append(documents, errorBodies...) {
		f.Add([]byte(body), false)
		f.Add([]byte(body[:len(body)*2/3]), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, created bool) {
		status := http.StatusOK
		if created {
			status = http.StatusCreated
		}
		result, err := fuzzed(t, copies, Always(status, string(body)))
		if err != nil {
			e := RequireError(t, err)
			require.Equal(t, status, e.StatusCode)
			require.Len(t, e.Attempts, 1)
			if len(bytes.TrimSpace(body)) == 0 {
				require.Equal(t, agentcopy.OutcomeCopied, e.Outcome, "of an empty success")
			}
			checkPrinted(t, e)
			return
		}
		require.NotEmpty(t, result.ID)
		require.Equal(t, string(body), string(result.Response.Body))
		data, err := json.Marshal(result.Value)
		require.NoError(t, err, "the answer was read as %#v", result.Value)
		require.True(t, json.Valid(data), "the answer is written as %s", data)
	})
}

// FuzzListBody fuzzes the body of identical list pages. documents are good answers, used as seeds.
func FuzzListBody(f *testing.F, vendor string, documents ...string) {
	lists := Named(vendor).Operation(Lists)
	for _, body := range append(documents, errorBodies...) {
		f.Add([]byte(body))
		f.Add([]byte(body[:len(body)*2/3]))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		wire := Always(http.StatusOK, string(body))
		_, err := fuzzed(t, lists, wire)
		require.NotEmpty(t, wire.Requests())
		require.LessOrEqual(t, len(wire.Requests()), 3, "requests for a list of identical pages")
		if err == nil {
			return
		}
		e := RequireError(t, err)
		require.Equal(t, http.StatusOK, e.StatusCode)
		require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "a read makes no copy")
		checkPrinted(t, e)
	})
}

// checkPrinted requires that e prints as one line that a terminal and a log can
// take, without the credential.
func checkPrinted(t testing.TB, e *agentcopy.Error) {
	line := e.Error()
	require.True(t, utf8.ValidString(line), "%q", line)
	require.False(t, strings.ContainsFunc(line, unicode.IsControl), "control characters in %q", line)
	require.LessOrEqual(t, len(line), 2000)
	data, err := json.Marshal(e)
	require.NoError(t, err)
	require.NotContains(t, line+string(data)+fmt.Sprint(e.Message, e.Code, e.RequestID, e.Fields, e.Err), fuzzedKey)
}
