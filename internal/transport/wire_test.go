package transport_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Over real sockets: that net/http behaves as the verdicts assume. What connections, answers
// and redirects come to there, package conformance proves for all vendors.

// TestOverASocket: a request arrives with its body and the length of it, or with neither.
func TestOverASocket(t *testing.T) {
	withoutBody := copyRequest()
	withoutBody.Body = nil
	for _, protocol := range []string{"http", "h2"} {
		server := serveOver(t, protocol, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, `{"id":%q}`, fmt.Sprintf("%s %d %d", body, max(r.ContentLength, 0), len(r.TransferEncoding)))
		})
		c := newClient(t, server.Client().Transport, agentcopy.WithBaseURL(server.URL))
		for range 2 { // the second time the protocol is known
			got, _, err := doCopy(t, c)
			require.NoError(t, err)
			require.Equal(t, `{"name":"new"} 14 0`, got.ID, protocol)
			got, _, err = do(t.Context(), c, withoutBody)
			require.NoError(t, err)
			require.Equal(t, " 0 0", got.ID, protocol)
		}
	}
}

// TestConnectionThatBecomesAnother: the body of a 101 is the connection, which no
// context ends.
func TestConnectionThatBecomesAnother(t *testing.T) {
	server := serveOver(t, "http", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until the client gives it up
	})
	_, _, err := doCopy(t, newClient(t, nil, agentcopy.WithBaseURL(server.URL)))
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.Equal(t, http.StatusSwitchingProtocols, asError(t, err).StatusCode)
}

// TestProxyThatRefuses: a proxy that does not open the tunnel is told as what it is, and asked
// again only where it may change its mind. net/http tells nothing of it but the text of its
// status line, which is the proxy's to choose.
func TestProxyThatRefuses(t *testing.T) {
	for line, want := range map[string]struct {
		attempts int
		reason   string
	}{
		"403 Forbidden":                     {1, "Forbidden"},
		"407 Proxy Authentication Required": {1, "Proxy Authentication Required"},
		"502 Bad Gateway":                   {2, "Bad Gateway"},
		"503 Service Unavailable":           {2, "Service Unavailable"},
		"407 Ask the help desk":             {1, "Ask the help desk"},
		"407 ":                              {1, "it gave no reason"},
		"403 No AI here":                    {1, "No AI here"},
	} {
		var tries atomic.Int32
		proxy := serveOver(t, "http", func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) && assert.Equal(t, http.MethodConnect, r.Method) {
				tries.Add(1)
				_, _ = io.WriteString(conn, "HTTP/1.1 "+line+"\r\nContent-Length: 0\r\n\r\n")
				_ = conn.Close()
			}
		})
		address, err := url.Parse(proxy.URL)
		require.NoError(t, err)
		through := &http.Transport{Proxy: http.ProxyURL(address)}
		_, _, err = doCopy(t, newClient(t, through, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 2, MaxBackoff: 1})))
		e := asError(t, err)
		require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "%v", err)
		require.Len(t, e.Attempts, want.attempts, "%v", err)
		require.EqualValues(t, want.attempts, tries.Load(), line)
		require.ErrorContains(t, err, "the proxy refused the connection to the vendor (CONNECT): "+want.reason)
	}
}

// retrying is a client of the caller's that sends requests again by itself.
func retrying(below http.RoundTripper) *http.Client {
	c := retryablehttp.NewClient()
	c.Logger, c.RetryWaitMin, c.RetryWaitMax = nil, time.Millisecond, time.Millisecond
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
		"a last one": func(w http.ResponseWriter, _ *http.Request) {
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
