package transport_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// middleware makes a middleware that edits a copy of each request.
func middleware(edit func(*http.Request)) agentcopy.Option {
	return agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return step(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			edit(req)
			return next.RoundTrip(req)
		})
	})
}

func TestRequestsThatMiddlewareTurnsElsewhereNeverLeave(t *testing.T) {
	cases := map[string]func(*http.Request){
		"another host":     func(r *http.Request) { r.URL.Host = "evil.example" },
		"another port":     func(r *http.Request) { r.URL.Host = "api.acme.example:8443" },
		"another scheme":   func(r *http.Request) { r.URL.Scheme = "http" },
		"a longer host":    func(r *http.Request) { r.URL.Host = "api.acme.example.evil.example" },
		"Host header":      func(r *http.Request) { r.Host = "evil.example" },
		"no URL":           func(r *http.Request) { r.URL = nil },
		"an empty URL":     func(r *http.Request) { r.URL = &url.URL{} },
		"a host in opaque": func(r *http.Request) { r.URL.Opaque = "//evil.example/x" },
	}
	for _, name := range []string{
		"host", "HOST", "Host", "hOST", "content-length", "Content-Length", "content_length", "transfer-encoding", "Transfer-Encoding",
		"transfer_encoding", "connection", "Connection", "keep-alive", "te", "trailer", "upgrade", "expect", "proxy-connection",
		"x-http-method-override", "X-Original-URL", "x-forwarded-host", ":path", "Host ", "X Y", "", "X-A\r\nHost",
	} {
		cases["header "+name] = func(r *http.Request) { r.Header[name] = []string{"chunked"} }
	}
	for name, edit := range cases {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, middleware(edit)))
			e := asError(t, err)
			require.Empty(t, s.requests(), "nothing may leave")
			require.ErrorIs(t, err, agentcopy.ErrInvalid)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Len(t, e.Attempts, 1)
			require.False(t, e.Attempts[0].Sent)
		})
	}
}

func TestSameOriginInAnotherSpelling(t *testing.T) {
	cases := map[string]func(*http.Request){
		"default port":       func(r *http.Request) { r.URL.Host = "api.acme.example:443" },
		"upper case":         func(r *http.Request) { r.URL.Host = "API.acme.EXAMPLE" },
		"Host header":        func(r *http.Request) { r.Host = "api.acme.example:443" },
		"another path":       func(r *http.Request) { r.URL.Path += "/x" },
		"no Host header set": func(r *http.Request) { r.Host = "" },
	}
	for name, edit := range cases {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, middleware(edit)))
			require.NoError(t, err)
			require.Len(t, s.requests(), 1)
		})
	}
}

func TestIdempotencyKeyOfMiddlewareIsTakenOut(t *testing.T) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key", "idempotency-key", "x-IDEMPOTENCY-key"} {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, middleware(func(r *http.Request) { r.Header[name] = []string{"1"} })))
			require.NoError(t, err)
			require.NotContains(t, s.requests()[0].Header, name)
		})
	}
}

// Middleware should not change the request that it is given, and some does. That
// must not reach the next attempt.
func TestEachAttemptHasARequestOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changing := func(next http.RoundTripper) http.RoundTripper {
			return step(func(req *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(req)
				req.Method, req.Host, req.Body, req.ContentLength = http.MethodPut, "elsewhere.example", nil, 0
				req.URL.Scheme, req.URL.Host, req.URL.Path, req.URL.RawPath, req.URL.RawQuery = "http", "elsewhere.example", "/", "", "key=1"
				req.Header.Set("Authorization", "none")
				req.Header["Content-Type"][0] = "text/plain"
				return resp, err
			})
		}
		s := play(answer(429, ""), answer(429, ""), answer(200, made))
		_, _, err := doCopy(t, newClient(t, s, agentcopy.WithMiddleware(changing)))
		require.NoError(t, err)
		requests := s.requests()
		require.Len(t, requests, 3)
		require.Equal(t, requests[0], requests[1])
		require.Equal(t, requests[0], requests[2])
	})
}

func TestMiddleware(t *testing.T) {
	var order []string
	note := func(name string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper {
			return step(func(req *http.Request) (*http.Response, error) {
				order = append(order, name)
				req.Header.Set("X-Seen-By", name) // in place, as careless middleware does
				return next.RoundTrip(req)
			})
		}
	}
	s := play(answer(429, "", "Retry-After-Ms", "1"), answer(200, made))
	c := newClient(t, s, agentcopy.WithMiddleware(note("outer")), agentcopy.WithMiddleware(note("inner")))
	_, _, err := doCopy(t, c)
	require.NoError(t, err)
	require.Equal(t, []string{"outer", "inner", "outer", "inner"}, order, "once per attempt, the first one outermost")

	t.Run("that fails without sending gives no proof", func(t *testing.T) {
		s := play(answer(200, made))
		boom := errors.New("boom")
		_, _, err := doCopy(t, newClient(t, s, agentcopy.WithMiddleware(func(http.RoundTripper) http.RoundTripper {
			return step(func(*http.Request) (*http.Response, error) { return nil, boom })
		})))
		require.ErrorIs(t, err, boom)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	})
	t.Run("that sends twice is not believed about the second", func(t *testing.T) {
		s := play(fail(io.EOF, "sought", "got", "written"), fail(io.EOF, "sought"))
		_, _, err := doCopy(t, newClient(t, s, agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return step(func(req *http.Request) (*http.Response, error) {
				_, _ = next.RoundTrip(req)
				return next.RoundTrip(req)
			})
		})))
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	})
}

// TestMiddlewareThatReturnsNil is refused, also as a nil pointer of some type: the
// first call would panic.
func TestMiddlewareThatReturnsNil(t *testing.T) {
	for _, nothing := range []http.RoundTripper{nil, (*http.Transport)(nil)} {
		_, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
			agentcopy.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return nothing }),
		})
		require.ErrorContains(t, err, "WithMiddleware: argument 1 returned a nil RoundTripper")
		require.ErrorIs(t, err, agentcopy.ErrInvalid)
	}
}
