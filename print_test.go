package agentcopy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestNoSecretIsPrinted: under every verb, in JSON and in logs, a value shows neither
// header nor body.
func TestNoSecretIsPrinted(t *testing.T) {
	const hidden = "hidden-from-print"
	header, body := http.Header{"X-Gateway-Token": {hidden}}, []byte(hidden)
	config := agentcopy.Config{
		BaseURL: "https://me:" + hidden + "@api.example/x?key=" + hidden, Header: header,
		Limiter: agentcopy.NewWindowLimiter(1, time.Second),
	}
	made := agentcopy.Copy{
		Provider: "zudu", SourceID: "agent_1", ID: "agent_2", Name: "two\nlines",
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Body: body,
	}
	response := agentcopy.Response{StatusCode: 201, RequestID: "r1", Header: header, Body: body, Attempts: make([]agentcopy.Attempt, 2)}
	err := agentcopy.Error{
		Provider: "kolena", Operation: "CopyAgent", StatusCode: 500, Message: "boom", RetryAfter: 1500 * time.Millisecond,
		Header: header, Body: body, Fields: []agentcopy.FieldError{{Field: "name", Reason: "bad"}},
	}
	for name, tt := range map[string]struct {
		values   []any
		text     string   // under every verb, if there is one text
		document string   // in JSON, if it is checked
		contains []string // in the logs
	}{
		"Config": {values: []any{config, &config}, contains: []string{"X-Gateway-Token", "https://api.example/x"}},
		"Copy": {
			values: []any{made, &made}, text: `zudu: agent_2 "two\nlines", a copy of agent_1`,
			document: `{"provider":"zudu","source_id":"agent_1","id":"agent_2","name":"two\nlines","created_at":"2026-01-02T03:04:05Z"}`,
			contains: []string{"v.id=agent_2"},
		},
		"Response": {
			values: []any{response, &response}, text: `HTTP 201, 17 bytes, 2 attempt(s), request ID "r1"`,
			document: `{"status":201,"bytes":17,"attempts":2,"request_id":"r1"}`,
			contains: []string{"v.status=201 v.bytes=17 v.attempts=2 v.request_id=r1"},
		},
		"Error": {
			values: []any{&err}, text: err.Error(),
			document: `{"provider":"kolena","operation":"CopyAgent","outcome":"unknown","status":500,"attempts":0,"retry_after_seconds":1.5,
				"message":"boom","fields":[{"Field":"name","Reason":"bad"}]}`,
			contains: []string{`"outcome":"unknown"`, "v.outcome=unknown"},
		},
		"within others": {values: []any{err, []any{&err}, struct{ E error }{&err}, agentcopy.Candidate{Copy: made}}},
		"nil":           {values: []any{(*agentcopy.Error)(nil), (*agentcopy.Response)(nil)}, contains: []string{"v=<nil>"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for _, v := range tt.values {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
					printed := fmt.Sprintf(verb, v)
					if tt.text != "" {
						require.Equal(t, tt.text, printed, verb)
					}
					out.WriteString(printed)
				}
				if tt.text != "" {
					require.Equal(t, fmt.Sprintf("%q", tt.text), fmt.Sprintf("%q", v))
				}
				document, err := json.Marshal(v)
				require.NoError(t, err)
				if tt.document != "" {
					require.JSONEq(t, tt.document, string(document))
				}
				out.Write(document)
				slog.New(slog.NewTextHandler(&out, nil)).Info("it", "v", v)
				slog.New(slog.NewJSONHandler(&out, nil)).Info("it", "v", v)
			}
			for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), "aGlkZGVuLWZyb20tcHJpbnQ", "panicked"} {
				require.NotContains(t, out.String(), form)
			}
			for _, part := range tt.contains {
				require.Contains(t, out.String(), part)
			}
		})
	}
}

func TestValuesPrintTheirNames(t *testing.T) {
	for want, value := range map[string]any{
		"unknown": agentcopy.OutcomeUnknown, "not copied": agentcopy.OutcomeNotCopied, "copied": agentcopy.OutcomeCopied, "Outcome(9)": agentcopy.Outcome(9),
		"safe": agentcopy.RetrySafe, "never": agentcopy.RetryNever, "always": agentcopy.RetryAlways, "RetryMode(-1)": agentcopy.RetryMode(-1),
		"possible": agentcopy.MatchPossible, "certain": agentcopy.MatchCertain, "Match(2)": agentcopy.Match(2),
		"unlimited": agentcopy.Unlimited, "60 per 1m1s": agentcopy.NewWindowLimiter(60, 61*time.Second),
		"no copy": agentcopy.Copy{}, "<nil>": (*agentcopy.Error)(nil),
	} {
		require.Equal(t, want, fmt.Sprint(value))
	}
	require.Contains(t, fmt.Sprint(agentcopy.Config{BaseURL: "%zz"}), "(not a URL)")
	var zero agentcopy.Outcome
	require.Equal(t, agentcopy.OutcomeUnknown, zero, "an outcome that nobody has set claims nothing")
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "outcome", agentcopy.OutcomeNotCopied)
	require.Contains(t, out.String(), `"outcome":"not copied"`)
}
