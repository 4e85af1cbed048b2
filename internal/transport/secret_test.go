package transport_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestNoSecretLeaves drives a client whose credential and private header the
// server, the proxy, the transport and the middleware all quote back, through
// success and every kind of failure, and looks for them in all that can be
// printed.
func TestNoSecretLeaves(t *testing.T) {
	const secret = `not/a+real credential="1"&2`
	const private = "private-header-value"
	quotes := strings.Join(append(formsOf(secret), "Bearer "+secret), " ~ ")
	jsonQuotes, err := json.Marshal(quotes)
	require.NoError(t, err)
	steps := map[string]step{
		"message":         answer(400, `{"code":`+string(jsonQuotes)+`,"message":`+string(jsonQuotes)+`}`, "X-Request-Id", "id "+secret),
		"fields":          answer(422, `{"detail":[{"loc":["body",`+string(jsonQuotes)+`],"msg":`+string(jsonQuotes)+`}]}`),
		"page":            answer(502, "<title>"+quotes+"</title>"),
		"page with 200":   answer(200, "<title>"+quotes+"</title>"),
		"text":            answer(403, quotes),
		"refusal":         answer(200, `{"error":true,"message":`+string(jsonQuotes)+`}`),
		"redirect":        answer(302, "", "Location", "https://"+url.PathEscape(secret)+".example/"+url.QueryEscape(secret)),
		"rate limit":      answer(429, quotes, "Retry-After", "1"),
		"unavailable":     answer(503, quotes, "Retry-After", "1", "Cf-Ray", secret),
		"too long a wait": answer(429, quotes, "Retry-After", "9999999"),
		"transport":       fail(fmt.Errorf("malformed HTTP response %q", quotes)),
		"dial":            fail(fmt.Errorf("proxy says %s", quotes), "sought"),
		"cut off":         cutOff(200, quotes),
		"no ID":           answer(200, `{"message":`+string(jsonQuotes)+`}`),
		"mistyped":        answer(200, `{"id":"a","count":`+string(jsonQuotes)+`}`),
		"success":         answer(200, made, "X-Request-Id", secret),
	}
	for name, s := range steps {
		inBubble(t, name, func(t *testing.T) {
			var out bytes.Buffer
			show := printer(&out)
			logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c := newClientWithKey(t, secret, play(s),
				agentcopy.WithLogger(logger), agentcopy.WithHeader("X-Private", private),
				agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryAlways}))
			show(c)
			show(c.Config())
			for _, request := range []*transport.Request{copyRequest(), {Op: getThing, Path: "/things/1"}} {
				got, resp, err := transport.Do(t.Context(), c, request, verifyThing)
				show(got)
				show(resp)
				show(err)
				if resp != nil {
					show(*resp)
					show(resp.Warning)
					show(resp.Attempts)
				}
				for ; err != nil; err = errors.Unwrap(err) {
					show(err)
					if e, ok := errors.AsType[*agentcopy.Error](err); ok {
						show(*e)
						show(e.Message, e.Code, e.RequestID, e.Fields, e.Attempts, e.Err)
					}
				}
			}
			for _, form := range append(formsOf(secret), private) {
				before, _, found := strings.Cut(out.String(), form)
				require.False(t, found, "a secret is printed after %q", before[max(0, len(before)-200):])
			}
		})
	}
}

// formsOf are the forms of a secret that must not be seen.
func formsOf(secret string) []string {
	quoted, _ := json.Marshal(secret)
	twice, _ := json.Marshal(string(quoted))
	small := strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d")
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`),
		small.Replace(url.QueryEscape(secret)), small.Replace(url.PathEscape(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		strings.Trim(fmt.Sprintf("%q", secret), `"`),
		html.EscapeString(secret), strings.Trim(string(twice), `\"`),
	}
}

// printer renders values in every way that a program might.
func printer(out io.Writer) func(values ...any) {
	text := slog.New(slog.NewTextHandler(out, nil))
	jsonLog := slog.New(slog.NewJSONHandler(out, nil))
	return func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(out, "%v\n%+v\n%#v\n%q\n%s\n%d\n%x\n", v, v, v, v, v, v, v)
			if data, err := json.Marshal(v); err == nil {
				out.Write(data)
			}
			text.Info("it", "v", v)
			jsonLog.Info("it", "v", v)
		}
	}
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

func TestMaskedErrorsStillMatch(t *testing.T) {
	key := newKey()
	quoting := fmt.Errorf("header %q: %w", key, io.ErrClosedPipe)
	_, _, err := doCopy(t, newClientWithKey(t, key, play(fail(quoting))))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.NotContains(t, fmt.Sprint(err), key)
	require.Contains(t, err.Error(), "[redacted]")
}

func TestShortCredentialsDoNotGarbleMessages(t *testing.T) {
	_, _, err := doCopy(t, newClientWithKey(t, "key", play(answer(401, `{"detail":"the key is wrong"}`))))
	require.Equal(t, "the key is wrong", asError(t, err).Message)
}

func TestLogLines(t *testing.T) {
	allowed := []string{"time", "level", "msg", "provider", "operation", "attempt", "attempts", "status", "duration", "request_id", "outcome", "wait", "waited"}
	cases := map[string]struct {
		steps []step
		lines []string // level, message and attempt
	}{
		"success": {[]step{answer(200, made)}, []string{"DEBUG attempt 1"}},
		"refusal": {[]step{answer(404, "")}, []string{"DEBUG attempt 1"}},
		"unknown": {[]step{answer(500, "")}, []string{"DEBUG attempt 1", "WARN a copy may have been made although the call failed 1"}},
		"copied":  {[]step{answer(200, "")}, []string{"DEBUG attempt 1", "WARN a copy was made although the call failed 1"}},
		"retried": {[]step{fail(io.EOF, "sought"), answer(200, made)}, []string{"DEBUG attempt 1", "WARN retrying the request 1", "DEBUG attempt 2"}},
		"paused": {[]step{answer(429, "", "Retry-After", "5"), answer(200, made)}, []string{
			"WARN the vendor asks to wait: the credential is paused 1", "DEBUG attempt 1", "WARN retrying the request 1", "DEBUG attempt after a wait 2",
		}},
		"too long a Retry-After": {[]step{answer(429, "", "Retry-After", "99999999")}, []string{
			"WARN the vendor asks to wait for more than a day: the credential is paused for a minute 1", "DEBUG attempt 1",
		}},
	}
	for name, tc := range cases {
		inBubble(t, name, func(t *testing.T) {
			var out bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			_, _, _ = doCopy(t, newClient(t, play(tc.steps...), agentcopy.WithLogger(logger), agentcopy.WithRetry(agentcopy.RetryPolicy{MaxBackoff: 1})))
			var got []string
			for line := range strings.Lines(out.String()) {
				var entry map[string]any
				require.NoError(t, json.Unmarshal([]byte(line), &entry))
				got = append(got, fmt.Sprint(entry["level"], " ", entry["msg"], " ", entry["attempt"]))
				for name := range entry {
					require.Contains(t, allowed, name, "attribute of %q", entry["msg"])
				}
				require.Equal(t, "acme", entry["provider"])
				require.Equal(t, "CopyThing", entry["operation"])
			}
			require.Equal(t, tc.lines, got)
		})
	}
}

func TestHeadersOfARequest(t *testing.T) {
	key, s := newKey(), play(answer(200, made))
	c := newClientWithKey(t, key, s, agentcopy.WithUserAgent("migrator/1.4"), agentcopy.WithHeader("X-Team", "blue"), agentcopy.WithHeader("x-team", "green"))
	_, _, err := doCopy(t, c)
	require.NoError(t, err)
	h := s.requests()[0].Header
	require.Equal(t, "Bearer "+key, h.Get("Authorization"))
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.Equal(t, "application/json", h.Get("Accept"))
	require.Regexp(t, `^migrator/1\.4 agentcopy-go/\d+\.\d+\.\d+ \(go1\..*\)$`, h.Get("User-Agent"))
	require.Equal(t, []string{"green"}, h.Values("X-Team"))
	require.Equal(t, "https://api.acme.example/root/things/1/copy", s.requests()[0].URL)

	_, _, err = doGet(t, c)
	require.NoError(t, err)
	require.Empty(t, s.requests()[1].Header.Get("Content-Type"), "a read without a body has no content type")
}
