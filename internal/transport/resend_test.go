package transport_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

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
		for _, secured := range []bool{false, true} {
			for _, http2 := range []bool{false, true} {
				if http2 && !secured {
					continue
				}
				for range 10 {
					var copies atomic.Int32
					server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body)
						copies.Add(1)
						answer(w, r)
					}))
					server.Config.ErrorLog = log.New(io.Discard, "", 0)
					server.EnableHTTP2 = http2
					if secured {
						server.StartTLS()
					} else {
						server.Start()
					}
					client, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
						agentcopy.WithBaseURL(server.URL), agentcopy.WithHTTPClient(retrying(server.Client().Transport)),
					})
					require.NoError(t, err)
					_, _, err = doCopy(t, client)
					server.Close()
					require.EqualValues(t, 1, copies.Load(), "copies of one request that met %s, TLS %v, HTTP/2 %v: %v", name, secured, http2, err)
					require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
					require.Len(t, asError(t, err).Attempts, 1)
				}
			}
		}
	}
}
