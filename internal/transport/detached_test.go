package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestTransportThatCannotBeStopped: one that retries over HTTP/2 with a context of its
// own. There may be two copies then, and the answer says so.
func TestTransportThatCannotBeStopped(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = io.WriteString(w, made)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
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
	c, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
		agentcopy.WithBaseURL(server.URL), agentcopy.WithHTTPClient(&http.Client{Transport: detached}),
	})
	require.NoError(t, err)
	_, response, err := doCopy(t, c)
	require.NoError(t, err)
	require.EqualValues(t, 2, requests.Load())
	require.ErrorContains(t, response.Warning, "a second time")
}
