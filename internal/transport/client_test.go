package transport_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// TestNewRefuses: which credentials and base URLs are refused is the business of package check.
func TestNewRefuses(t *testing.T) {
	edit := func(f func(*agentcopy.Config)) agentcopy.Option {
		return func(c *agentcopy.Config) error { f(c); return nil }
	}
	returning := func(rt http.RoundTripper) agentcopy.Option {
		return agentcopy.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return rt })
	}
	cases := []struct {
		name  string
		key   string
		opt   agentcopy.Option
		field string
	}{
		{"an empty key", "", nil, "apiKey"},
		{"a nil option", "k", nil, "opts"},
		{"http beyond loopback", "k", agentcopy.WithBaseURL("http://api.example"), "WithBaseURL"},
		{"http on a host that looks like loopback", "k", agentcopy.WithBaseURL("http://127.0.0.1.example"), "WithBaseURL"},
		{"a nil client", "k", agentcopy.WithHTTPClient(nil), "WithHTTPClient"},
		{"a middleware that returns nil", "k", returning(nil), "WithMiddleware"},
		{"a middleware that returns a nil pointer", "k", returning((*http.Transport)(nil)), "WithMiddleware"},
		{"a nil limiter", "k", agentcopy.WithLimiter(nil), "WithLimiter"},
		{"a nil pointer for a limiter", "k", agentcopy.WithLimiter((*rate.Limiter)(nil)), "WithLimiter"},
		{"a nil func for a limiter", "k", agentcopy.WithLimiter(waitFunc(nil)), "WithLimiter"},
		{"an unknown retry mode", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: 7}), "WithRetry"},
		{"negative attempts", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: -1}), "WithRetry"},
		{"a negative MinBackoff", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: -1}), "WithRetry"},
		{"a MinBackoff above MaxBackoff", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: 2, MaxBackoff: 1}), "WithRetry"},
		{"a MinBackoff above the default MaxBackoff", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: time.Minute}), "WithRetry"},
		{"a negative MaxBackoff", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MaxBackoff: -1}), "WithRetry"},
		{"a negative MaxWait", "k", agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: -1}), "WithRetry"},
		{"a negative attempt timeout", "k", agentcopy.WithAttemptTimeout(-1), "WithAttemptTimeout"},
		{"a nil logger", "k", agentcopy.WithLogger(nil), "WithLogger"},
		{"a blank product", "k", agentcopy.WithUserAgent(" "), "WithUserAgent"},
		{"a product with a line break", "k", agentcopy.WithUserAgent("a\r\nb"), "WithUserAgent"},
		{"no header name", "k", agentcopy.WithHeader("", "x"), "WithHeader"},
		{"a header name with a space", "k", agentcopy.WithHeader("X Y", "x"), "WithHeader"},
		{"a header value with a line break", "k", agentcopy.WithHeader("X-Y", "hunter2\n"), "WithHeader"},
		{"a header that authenticates", "k", agentcopy.WithHeader("authorization", "hunter2"), "WithHeader"},
		{"the key of Zudu", "k", agentcopy.WithHeader("X-API-SECRET", "hunter2"), "WithHeader"},
		{"a header that frames", "k", agentcopy.WithHeader("content-length", "3"), "WithHeader"},
		{"an idempotency key", "k", agentcopy.WithHeader("idempotency-key", "3"), "WithHeader"},
		{"an option that fails", "k", func(*agentcopy.Config) error { return errors.New("no config file") }, "opts"},
		{"an option that unsets the timeout", "k", edit(func(c *agentcopy.Config) { c.AttemptTimeout = 0 }), "WithAttemptTimeout"},
		{"an option that unsets the bound", "k", edit(func(c *agentcopy.Config) { c.MaxResponseBytes = 0 }), "WithMaxResponseBytes"},
		{"an option that sets an odd policy", "k", edit(func(c *agentcopy.Config) { c.Retry.MaxAttempts = -4 }), "WithRetry"},
		{"an option that sets an odd header", "k", edit(func(c *agentcopy.Config) { c.Header = http.Header{"Authorization": {"hunter2"}} }), "WithHeader"},
		{"an option that sets a header without values", "k", edit(func(c *agentcopy.Config) { c.Header = http.Header{"Bad Name": nil} }), "WithHeader"},
		{"an option that sets a nil middleware", "k", edit(func(c *agentcopy.Config) { c.Middleware = append(c.Middleware, nil) }), "WithMiddleware"},
		{"an option that sets user info", "k", edit(func(c *agentcopy.Config) { c.BaseURL = "https://me:hunter2@api.example" }), "WithBaseURL"},
		{"an option that sets an odd product", "k", edit(func(c *agentcopy.Config) { c.UserAgent = "\n" }), "WithUserAgent"},
		{"an option that sets a nil limiter", "k", edit(func(c *agentcopy.Config) { c.Limiter = (*rate.Limiter)(nil) }), "WithLimiter"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := transport.New(vendor, secretsOf(tc.key), []agentcopy.Option{tc.opt})
			e := asError(t, err)
			require.ErrorIs(t, err, agentcopy.ErrInvalid)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Equal(t, "acme", e.Provider)
			require.Equal(t, tc.field, e.Fields[0].Field, "%v", err)
			require.Contains(t, err.Error(), tc.field)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestNewAccepts(t *testing.T) {
	cases := map[string][]agentcopy.Option{
		"a base URL with a path":        {agentcopy.WithBaseURL("https://gateway.example/acme/")},
		"upper case":                    {agentcopy.WithBaseURL("HTTPS://GATEWAY.EXAMPLE")},
		"http on loopback":              {agentcopy.WithBaseURL("http://localhost:8080")},
		"http on 127.0.0.53":            {agentcopy.WithBaseURL("http://127.0.0.53")},
		"http on ::1":                   {agentcopy.WithBaseURL("http://[::1]:80")},
		"http allowed, before":          {agentcopy.WithInsecureHTTP(), agentcopy.WithBaseURL("http://mesh.example")},
		"http allowed, after":           {agentcopy.WithBaseURL("http://mesh.example"), agentcopy.WithInsecureHTTP()},
		"a client with a nil transport": {agentcopy.WithHTTPClient(&http.Client{})},
		"a typed nil for a transport":   {agentcopy.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})},
		"no middleware":                 {agentcopy.WithMiddleware()},
		"an empty header value":         {agentcopy.WithHeader("X-Empty", "")},
	}
	for name, opts := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := transport.New(vendor, secretsOf(newKey()), opts)
			require.NoError(t, err)
		})
	}
}

// TestForCopier: what a Copier needs changes nothing for the client that it comes from.
func TestForCopier(t *testing.T) {
	s, wrapped := play(answer(200, made)), 0
	c := newClient(t, s, agentcopy.WithHeader("cache-control", "max-age=60"), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryAlways}),
		agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { wrapped++; return next }))
	copier := c.ForCopier()
	require.Equal(t, 1, wrapped, "middleware keeps its state")
	require.Equal(t, agentcopy.RetrySafe, copier.Config().Retry.Mode)
	other, err := c.With(nil)
	require.NoError(t, err)
	require.Equal(t, agentcopy.RetryAlways, other.Config().Retry.Mode)
	for _, call := range []func(testing.TB, *transport.Client) (*thing, *agentcopy.Response, error){doGet, doCopy} {
		for _, client := range []*transport.Client{copier, c, other} {
			_, _, err := call(t, client)
			require.NoError(t, err)
		}
	}
	var control []string
	for _, r := range s.requests() {
		control = append(control, r.Header["Cache-Control"]...)
	}
	require.Equal(t, []string{"no-cache", "max-age=60", "max-age=60", "max-age=60", "max-age=60", "max-age=60"}, control)
}

func TestCallersValuesAreCopied(t *testing.T) {
	s := play(answer(200, made))
	header := http.Header{"X-Team": {"blue"}}
	mine := &http.Client{Transport: s}
	c, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
		agentcopy.WithHTTPClient(mine),
		func(c *agentcopy.Config) error { c.Header = header; return nil },
	})
	require.NoError(t, err)
	header.Set("X-Team", "red")
	mine.Transport = nil
	_, _, err = doCopy(t, c)
	require.NoError(t, err)
	require.Equal(t, http.Client{}, *mine, "nor does the SDK change what is the caller's")
	require.Equal(t, "blue", s.requests()[0].Header.Get("X-Team"))
}

func TestHeadersOfARequest(t *testing.T) {
	s := play(answer(200, made))
	_, _, err := doCopy(t, newClient(t, s, agentcopy.WithUserAgent("migrator/1.4"),
		agentcopy.WithHeader("X-Team", "blue"), agentcopy.WithHeader("x-team", "green")))
	require.NoError(t, err)
	require.Regexp(t, `^migrator/1\.4 agentcopy-go/\d+\.\d+\.\d+ \(go1\..*\)$`, s.requests()[0].Header.Get("User-Agent"))
	require.Equal(t, []string{"green"}, s.requests()[0].Header.Values("X-Team"))
}

// TestReadsHaveALimiterOfTheirOwn: WithLimiter paces copies, and WithReadLimiter
// reads.
func TestReadsHaveALimiterOfTheirOwn(t *testing.T) {
	copies, reads := 0, 0
	count := func(n *int) agentcopy.Limiter {
		return waitFunc(func(context.Context) error { *n++; return nil })
	}
	c := newClient(t, play(answer(200, made)), agentcopy.WithLimiter(count(&copies)), agentcopy.WithReadLimiter(count(&reads)))
	for range 3 {
		_, _, err := doGet(t, c)
		require.NoError(t, err)
	}
	_, _, err := doCopy(t, c)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, []int{copies, reads})
}

// TestProviderIsSetBeforeOptionsRun, and an option does not change it.
func TestProviderIsSetBeforeOptionsRun(t *testing.T) {
	seen := ""
	c := newClient(t, play(answer(200, made)), func(cfg *agentcopy.Config) error {
		seen, cfg.Provider = cfg.Provider, "other"
		return nil
	})
	require.Equal(t, "acme", seen)
	require.Equal(t, "acme", c.Config().Provider)
	_, err := c.With(nil)
	require.NoError(t, err, "the defaults pass their own checks")
}

// FuzzBaseURL: a base URL is refused, or the request goes to its origin, below
// its path, with the ID as one segment.
func FuzzBaseURL(f *testing.F) {
	for _, base := range []string{
		"https://api.acme.example", "https://api.acme.example/", "https://api.acme.example/root//", "https://api.acme.example/x%2Fy/",
		"HTTPS://API.Acme.Example:443/r%2Foot",
		"http://localhost:8080", "http://127.0.0.1", "http://[::1]:80/x", "http://api.acme.example", "https://user:pass@host", "https://host?x=1",
		"https://host#f", "https://", "ftp://host", "//host", "host", "", "https://host/../..", "https://host/%", "https://[::1", "https://ho st/",
		"https:opaque", "https://host:notaport", "https://host/a;b?", "https://höst/", "https://İ", "http://[::ffff:127.0.0.1]/", "https://host/\x00",
	} {
		f.Add(base, "thing_1")
		f.Add("https://api.acme.example/root", base)
	}
	for _, id := range []string{"a/b", "../..", "a b\n;é", "../../delete", "%2e%2e", "a?b#c;d=1", "a\r\nb", "%", "\xff", "@evil.example"} {
		f.Add("https://api.acme.example/root", id)
	}
	f.Fuzz(func(t *testing.T, base, id string) {
		s := play(answer(200, made))
		c, err := transport.New(vendor, secretsOf("fuzzed-credential"), []agentcopy.Option{
			agentcopy.WithBaseURL(base), agentcopy.WithHTTPClient(&http.Client{Transport: s}),
		})
		if err != nil {
			require.ErrorIs(t, err, agentcopy.ErrInvalid)
			return
		}
		if id == "" {
			return // refused before it comes to a request
		}
		request := copyRequest()
		request.Path, request.ID, request.Action = "/things", id, "/copy"
		_, _, err = do(t.Context(), c, request)
		require.NoError(t, err, "what was accepted can be sent")
		sent, err := url.Parse(s.requests()[0].URL)
		require.NoError(t, err)
		want, err := url.Parse(base)
		require.NoError(t, err)
		require.True(t, strings.EqualFold(sent.Scheme, want.Scheme) && strings.EqualFold(sent.Host, want.Host), "sent to %s", sent)
		require.True(t, sent.User == nil && sent.RawQuery == "" && sent.Fragment == "", "%q has more than a path", sent)
		segment, below := strings.CutPrefix(sent.EscapedPath(), strings.TrimRight(want.EscapedPath(), "/")+"/things/")
		require.True(t, below, "%q is not below the base", sent.EscapedPath())
		segment, _ = strings.CutSuffix(segment, "/copy")
		require.NotContains(t, segment, "/", "the ID is one segment")
		unescaped, err := url.PathUnescape(segment)
		require.NoError(t, err)
		require.Equal(t, id, unescaped)
	})
}

func TestIDs(t *testing.T) {
	const uuid = "3c90c3cc-0d44-4b50-8888-8dd25736052d"
	for id, form := range map[string]string{
		"": "none", " ": "none", "\t\n": "none", ".": "none", "..": "none",
		"agent_1": "ID", "...": "ID", uuid + "/..": "ID", uuid + "\n": "ID", "{" + uuid + "}": "ID",
		"3c90c3cc0d444b5088888dd25736052d": "ID", "3c90c3cc-0d44-4b50-8888-8dd25736052g": "ID",
		uuid: "UUID", "3C90C3CC-0D44-4B50-8888-8DD25736052D": "UUID",
	} {
		if err := transport.CheckID(vendor, getThing, "agentID", id); form == "none" {
			vendortest.RequireInvalid(t, err, "agentID")
		} else {
			require.NoError(t, err, "%q", id)
		}
		if err := transport.CheckUUID(vendor, getThing, "agentID", id); form != "UUID" {
			vendortest.RequireInvalid(t, err, "agentID")
		} else {
			require.NoError(t, err, "%q", id)
		}
	}
}
