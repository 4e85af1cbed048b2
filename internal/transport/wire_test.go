package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Over real sockets: that net/http behaves as the verdicts assume.

func serve(t *testing.T, handler http.HandlerFunc) (*transport.Client, *httptest.Server) {
	t.Helper()
	server := serveOver(t, "http", handler)
	return newClient(t, nil, agentcopy.WithBaseURL(server.URL)), server
}

func TestOverASocket(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"name":"new"}` || r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 {
			http.Error(w, "odd request", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, made)
	})
	for range 3 {
		got, resp, err := doCopy(t, c)
		require.NoError(t, err)
		require.Equal(t, "thing-2", got.ID)
		require.True(t, resp.Attempts[0].Sent)
	}
}

// TestConnectionIsReused: whatever the answer, its connection serves the next
// request.
func TestConnectionIsReused(t *testing.T) {
	for _, status := range []int{200, 302, 404, 422, 500} {
		var connections atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, made)
		}))
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		}
		server.Start()
		c := newClient(t, server.Client().Transport, agentcopy.WithBaseURL(server.URL))
		for range 5 {
			_, _, _ = doCopy(t, c)
		}
		server.Close()
		require.Equal(t, int32(1), connections.Load(), "connections for five answers of %d", status)
	}
}

// TestReusedConnectionThatTheServerClosed: the commonest fault of all. net/http
// may dial again by itself only where nothing was written.
func TestReusedConnectionThatTheServerClosed(t *testing.T) {
	var made atomic.Int32
	c, server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		made.Add(1)
		_, _ = io.WriteString(w, `{"id":"thing-2"}`)
	})
	calls, failures := int32(0), int32(0)
	for range 50 {
		calls++
		_, _, err := doCopy(t, c)
		if err != nil {
			failures++
			require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown, "a reset of a reused connection proves nothing")
		}
		server.CloseClientConnections()
	}
	require.LessOrEqual(t, made.Load(), calls, "copies, of as many calls")
	require.GreaterOrEqual(t, made.Load(), calls-failures)
}

func TestServerThatCutsTheConnection(t *testing.T) {
	cases := map[string]struct {
		cut  http.HandlerFunc
		want agentcopy.Outcome
	}{
		"without an answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, agentcopy.OutcomeUnknown},
		"within its headers": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
			_ = conn.Close()
		}, agentcopy.OutcomeUnknown},
		"within its body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, made)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, agentcopy.OutcomeCopied},
		"after a body that needs no more": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n{\"id\":")
			_ = conn.Close()
		}, agentcopy.OutcomeUnknown},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, tc.cut)
			_, _, err := doCopy(t, c)
			require.Equal(t, tc.want, asError(t, err).Outcome, "%v", err)
			require.Len(t, asError(t, err).Attempts, 1)
		})
	}
}

// TestConnectionThatBecomesAnother: the body of a 101 is the connection, which no
// context ends.
func TestConnectionThatBecomesAnother(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until the client gives it up
	})
	_, _, err := doCopy(t, c)
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.Equal(t, http.StatusSwitchingProtocols, asError(t, err).StatusCode)
}

func TestNobodyListens(t *testing.T) {
	_, _, err := doCopy(t, newClient(t, nil, agentcopy.WithBaseURL("http://127.0.0.1:1"), agentcopy.WithRetry(agentcopy.RetryPolicy{MaxBackoff: 1})))
	e := asError(t, err)
	require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "%v", err)
	require.Len(t, e.Attempts, 4)
	require.False(t, e.Attempts[3].Sent)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "dial", refused.Op)
}

func TestCertificateOfAStranger(t *testing.T) {
	server := serveOver(t, "https", http.NotFound)
	_, _, err := doCopy(t, newClient(t, nil, agentcopy.WithBaseURL(server.URL)))
	e := asError(t, err)
	require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "%v", err)
	require.Len(t, e.Attempts, 1, "the certificate will be no better at the next attempt")
	require.False(t, e.Attempts[0].Sent)
}

// TestRedirectsAreNotFollowed: the other host must see no request at all.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, target := range []string{other.URL, "/elsewhere"} {
			requests := 0
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Location", target)
				w.WriteHeader(status)
			})
			for _, do := range []func(testing.TB, *transport.Client) (*thing, *agentcopy.Response, error){doCopy, doGet} {
				_, _, err := do(t, c)
				e := asError(t, err)
				require.Equal(t, status, e.StatusCode)
				require.ErrorContains(t, err, "check the base URL")
			}
			require.Equal(t, 2, requests, "requests for two calls answered by %d to %s", status, target)
		}
	}
	require.Zero(t, reached.Load())
}

// TestHTTP2: the same over HTTP/2, where net/http would retry more.
func TestHTTP2(t *testing.T) {
	var protocol atomic.Int32
	server := serveOver(t, "h2", func(w http.ResponseWriter, r *http.Request) {
		protocol.Store(int32(r.ProtoMajor))
		body, _ := io.ReadAll(r.Body)
		if string(body) == "" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = io.WriteString(w, made)
	})
	c := newClient(t, server.Client().Transport, agentcopy.WithBaseURL(server.URL))
	for range 3 {
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
	}
	require.Equal(t, int32(2), protocol.Load())
	withoutBody := copyRequest()
	withoutBody.Body = nil
	for range 2 {
		_, _, err := transport.Do(t.Context(), c, withoutBody, verifyThing)
		require.Equal(t, http.StatusTeapot, asError(t, err).StatusCode, "a copy without a body must send none")
	}
}

// TestCopyWithoutABody: neither a body nor the headers of one.
func TestCopyWithoutABody(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > 0 || r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
			http.Error(w, "there is a body", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, made)
	})
	request := copyRequest()
	request.Body = nil
	for range 2 { // the second time the protocol is known
		_, _, err := transport.Do(t.Context(), c, request, verifyThing)
		require.NoError(t, err)
	}
}

// TestProxyThatRefuses: a proxy that does not open the tunnel is told as what it
// is, and asked again only where it may change its mind.
func TestProxyThatRefuses(t *testing.T) {
	for status, attempts := range map[int]int{403: 1, 407: 1, 502: 2, 503: 2} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect {
				t.Errorf("the proxy got %s, want CONNECT", r.Method)
			}
			w.WriteHeader(status)
		}))
		address, err := url.Parse(proxy.URL)
		require.NoError(t, err)
		through := &http.Transport{Proxy: http.ProxyURL(address)}
		_, _, err = doCopy(t, newClient(t, through, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 2, MaxBackoff: 1})))
		e := asError(t, err)
		require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "%v", err)
		require.Len(t, e.Attempts, attempts, "%v", err)
		require.ErrorContains(t, err, "the proxy refused the connection to the vendor (CONNECT): "+http.StatusText(status))
		proxy.Close()
	}
}

// TestProxyThatRefusesInItsOwnWords: net/http tells nothing of a refusal but the text
// of its status line, which is the proxy's to choose.
func TestProxyThatRefusesInItsOwnWords(t *testing.T) {
	for line, reason := range map[string]string{
		"407 Ask the help desk": "Ask the help desk",
		"407 ":                  "it gave no reason",
		"403 No AI here":        "No AI here",
	} {
		var tries atomic.Int32
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				if _, err = http.ReadRequest(bufio.NewReader(conn)); err == nil {
					tries.Add(1)
					_, _ = io.WriteString(conn, "HTTP/1.1 "+line+"\r\nContent-Length: 0\r\n\r\n")
				}
				_ = conn.Close()
			}
		}()
		through := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String()})}
		_, _, err = doCopy(t, newClient(t, through))
		require.NoError(t, listener.Close())
		require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome, "%v", err)
		require.ErrorContains(t, err, "the proxy refused the connection to the vendor (CONNECT): "+reason)
		require.EqualValues(t, 1, tries.Load(), "%s", line)
	}
}

// retrying is a client of the caller's that sends requests again by itself.
func retrying(below http.RoundTripper) *http.Client {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.RetryWaitMin, c.RetryWaitMax = time.Millisecond, time.Millisecond
	c.HTTPClient = &http.Client{Transport: below}
	return c.StandardClient()
}

// TestTransportThatRetries is stopped before it sends a copy a second time, plain
// and over TLS, whatever the first request met.
func TestTransportThatRetries(t *testing.T) {
	faults := map[string]http.HandlerFunc{
		"an error":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a refusal":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"no answer":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a long error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502); _, _ = w.Write(make([]byte, 1<<20)) },
		"a closed error": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(503)
		},
	}
	for name, answer := range faults {
		for _, protocol := range []string{"http", "https", "h2"} {
			for range 10 {
				var copies atomic.Int32
				server := serveOver(t, protocol, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					copies.Add(1)
					answer(w, r)
				})
				mine := agentcopy.WithHTTPClient(retrying(server.Client().Transport))
				_, _, err := doCopy(t, newClient(t, nil, agentcopy.WithBaseURL(server.URL), mine))
				server.Close()
				require.EqualValues(t, 1, copies.Load(), "copies of one request that met %s over %s: %v", name, protocol, err)
				require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				require.Len(t, asError(t, err).Attempts, 1)
			}
		}
	}
}

// TestTransportThatFetchesAToken: the request for it has the context of the copy, as
// the transports of cloud providers do it, and is no copy that was sent. The copy that
// follows still may not be sent again.
func TestTransportThatFetchesAToken(t *testing.T) {
	for _, protocol := range []string{"https", "h2"} {
		var tokens, copies atomic.Int32
		status := http.StatusCreated
		start := func(count *atomic.Int32, status *int) string {
			return serveOver(t, protocol, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				count.Add(1)
				w.WriteHeader(*status)
				_, _ = io.WriteString(w, made)
			}).URL
		}
		tokenURL, copyURL := start(&tokens, new(http.StatusOK)), start(&copies, &status)
		below := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: protocol == "h2"}
		t.Cleanup(below.CloseIdleConnections)
		withToken := step(func(req *http.Request) (*http.Response, error) {
			if err := fetch(req.Context(), &http.Client{Transport: below}, tokenURL); err != nil {
				return nil, err
			}
			resp, err := below.RoundTrip(req)
			if err == nil && resp.StatusCode >= 500 {
				_ = resp.Body.Close()
				return below.RoundTrip(req)
			}
			return resp, err
		})
		c := newClient(t, withToken, agentcopy.WithBaseURL(copyURL))
		for range 2 {
			_, _, err := doCopy(t, c)
			require.NoError(t, err, protocol)
		}
		require.EqualValues(t, 2, tokens.Load())
		require.EqualValues(t, 2, copies.Load())

		status = http.StatusInternalServerError
		_, _, err := doCopy(t, c)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.EqualValues(t, 3, copies.Load(), "%s: %v", protocol, err)
	}
}

// TestTransportThatCannotBeStopped: one that retries over HTTP/2 with a context of its
// own. There may be two copies then, and the answer says so.
func TestTransportThatCannotBeStopped(t *testing.T) {
	var requests atomic.Int32
	server := serveOver(t, "h2", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = io.WriteString(w, made)
	})
	below := server.Client().Transport
	detached := step(func(req *http.Request) (*http.Response, error) {
		again := req.Clone(context.WithoutCancel(req.Context()))
		again.Body, again.ContentLength = http.NoBody, 0
		resp, err := below.RoundTrip(req)
		if err == nil && resp.StatusCode >= 500 {
			_ = resp.Body.Close()
			return below.RoundTrip(again)
		}
		return resp, err
	})
	_, response, err := doCopy(t, newClient(t, detached, agentcopy.WithBaseURL(server.URL)))
	require.NoError(t, err)
	require.EqualValues(t, 2, requests.Load())
	require.ErrorContains(t, response.Warning, "a second time")
}
