package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// quoted is a key whose forms in URLs, JSON, base64 and Go syntax all differ. It
// is of no real account.
const quoted = `not/a+real key="1"&<2>%3`

// private is a value that WithHeader sends.
const private = "a-value-of-a-private-header"

// secretForms are what must not be seen of a credential.
func secretForms(secret string) []string {
	inJSON, _ := json.Marshal(secret)
	lower := strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d", "%3C", "%3c", "%3E", "%3e")
	raw := []byte(secret)
	return []string{
		secret,
		url.QueryEscape(secret), url.PathEscape(secret),
		lower.Replace(url.QueryEscape(secret)), lower.Replace(url.PathEscape(secret)),
		strings.Trim(string(inJSON), `"`),
		strings.Trim(fmt.Sprintf("%q", secret), `"`),
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	}
}

// quotes is a text in which a server, a proxy or a transport quotes all that it
// was sent, in every form.
var quotes = func() string {
	var all []string
	for _, secret := range []string{quoted, quoted + vendortest.SecondSecret} {
		all = append(all, secretForms(secret)...)
		all = append(all, "Bearer "+secret)
	}
	return strings.Join(all, " ~ ")
}()

// quotingRows are faults in which the credential is quoted back, wherever a text
// of the server's or the transport's may end up.
var quotingRows = func() []row {
	inJSON, _ := json.Marshal(quotes)
	text := string(inJSON)
	escaped := strings.ReplaceAll(text, "a", `\u0061`)
	rows := []row{}
	for _, status := range []int{200, 302, 400, 403, 422, 429, 500, 503} {
		for form, content := range map[string]string{
			"text": quotes, "page": "<title>" + quotes + "</title>", "string": text,
			"message": `{"message":` + text + `,"error":` + text + `,"status":"error"}`,
			"code":    `{"code":` + text + `,"detail":` + text + `}`,
			"escaped": `{"code":` + escaped + `,"detail":` + escaped + `}`,
			"nested":  `{"error":{"code":` + text + `,"message":` + text + `}}`,
			"fields":  `{"detail":[{"loc":["body",` + text + `],"msg":` + text + `}]}`,
			"data":    `{"status":"success","data":{"agent_id":` + text + `,"agent_name":[` + text + `]},"id":` + text + `,"agent":{"id":` + text + `}}`,
		} {
			rows = append(rows, row{
				name: fmt.Sprintf("%d, %s", status, form),
				fault: fault{made: true, answer: answer{status: status, body: literal(content), header: http.Header{
					"X-Request-Id": {quoted}, "Cf-Ray": {quoted}, "Retry-After-Ms": {"1"}, "Content-Type": {quoted},
					"Location": {"https://" + url.PathEscape(quoted) + ".example/" + url.QueryEscape(quoted)},
				}}},
			})
		}
	}
	return append(rows,
		row{name: "dial", fault: fault{at: atDial, dial: fmt.Errorf("a proxy says %s", quotes)}},
		row{name: "wrapped", fault: fault{at: atDial, dial: &url.Error{Op: "Post", URL: "https://" + url.PathEscape(quoted) + "@host/?key=" + url.QueryEscape(quoted), Err: io.EOF}}},
		row{name: "body breaks off", fault: fault{at: atBody, made: true, answer: answer{body: literal(quotes)}}},
	)
}()

// TestNoSecretLeaves drives the four vendors' clients through every fault, of the
// tables and of a server that quotes what it was sent, and looks for credentials
// in everything that can be printed: clients, settings, errors, requests and
// answers, in every rendering and at every log level.
func TestNoSecretLeaves(t *testing.T) {
	forms := append(secretForms(quoted), secretForms(quoted+vendortest.SecondSecret)...)
	forms = append(forms, private)
	for name, rows := range map[string][]row{
		"quoted": quotingRows, "network": networkRows(), "answers": answerRows, "waits": waitRows, "contexts": contextRows(),
	} {
		t.Run(name, func(t *testing.T) {
			for i := range rows {
				r := &rows[i]
				for _, op := range operations {
					if r.fault.answer.body.textFor(op.Answers) == absent {
						continue
					}
					printed := printAll(t, r, op)
					tally.cases.Add(1)
					for _, form := range forms {
						before, _, found := bytes.Cut(printed, []byte(form))
						require.False(t, found, "%s, %v: a credential is printed after %q", r.name, op, before[max(0, len(before)-300):])
					}
				}
			}
		})
	}
}

// printAll makes one case with the quoted credential, and prints whatever it can
// get hold of.
func printAll(t *testing.T, r *row, op *operation) []byte {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		opts := append(r.options(agentcopy.RetryAlways), throughTransport(&memory{op: op, fault: r.fault}),
			agentcopy.WithHeader("X-Private", private),
			agentcopy.WithLogger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))))
		client, err := op.Connect(quoted, opts...)
		require.NoError(t, err)
		show(&out, client.Client, client)
		if c, ok := client.Client.(interface{ Config() agentcopy.Config }); ok {
			show(&out, c.Config())
		}
		ctx, cancel := r.ends.context(t.Context())
		defer cancel()
		got, err := client.Do(ctx)
		if err == nil {
			// The document itself may quote the credential, as any text of a user's may.
			show(&out, got.Response)
			if got.Response != nil {
				show(&out, *got.Response, got.Response.Warning, got.Response.RequestID, got.Response.Attempts)
			}
		}
		for ; err != nil; err = errors.Unwrap(err) {
			show(&out, err)
			if e, ok := errors.AsType[*agentcopy.Error](err); ok {
				show(&out, *e, e.Message, e.Code, e.RequestID, e.Fields, e.Attempts, e.Err)
			}
		}
	})
	return out.Bytes()
}

// show renders values in every way that a program might.
func show(out *bytes.Buffer, values ...any) {
	text, inJSON := slog.New(slog.NewTextHandler(out, nil)), slog.New(slog.NewJSONHandler(out, nil))
	for _, v := range values {
		fmt.Fprintf(out, "%v\n%+v\n%#v\n%q\n%s\n%d\n%x\n", v, v, v, v, v, v, v)
		if data, err := json.Marshal(v); err == nil {
			out.Write(data)
		}
		text.Info("it", "v", v)
		inJSON.Warn("it", slog.Group("g", "v", v))
	}
}

// TestNoSecretInWhatConstructorsRefuse: an error about a credential or an option
// does not quote it.
func TestNoSecretInWhatConstructorsRefuse(t *testing.T) {
	refused := map[string]agentcopy.Option{
		"base URL":    agentcopy.WithBaseURL("https://user:" + url.PathEscape(private) + "@host"),
		"query":       agentcopy.WithBaseURL("https://host/?key=" + private),
		"header":      agentcopy.WithHeader("X-Private", private+"\n"),
		"credential":  agentcopy.WithHeader("Authorization", private),
		"insecure":    agentcopy.WithBaseURL("http://host.example/" + private),
		"user agent":  agentcopy.WithUserAgent(private + "\n"),
		"own setting": func(c *agentcopy.Config) error { c.Header = http.Header{"X-A": {private + "\x00"}}; return nil },
	}
	vendortest.ForEach(t, func(t *testing.T, v *vendortest.Vendor) {
		refuses := func(what, key string, opts ...agentcopy.Option) {
			_, err := v.New(key, opts...)
			var out bytes.Buffer
			show(&out, err)
			assert.Error(t, err, what)
			assert.NotContains(t, out.String(), private, what)
			assert.NotContains(t, out.String(), "not/a+real", what)
		}
		for name, opt := range refused {
			refuses(name, quoted, opt)
		}
		for _, key := range []string{quoted + "\n", quoted + "\x00", " " + quoted, quoted + "é"} {
			refuses("key", key)
		}
	})
}
