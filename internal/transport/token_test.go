package transport_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestTransportThatFetchesAToken: the request for it has the context of the copy, as
// the transports of cloud providers do it, and is no copy that was sent. The copy that
// follows still may not be sent again.
func TestTransportThatFetchesAToken(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		var tokens, copies atomic.Int32
		status := http.StatusCreated
		start := func(count *atomic.Int32, status *int) string {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				count.Add(1)
				w.WriteHeader(*status)
				_, _ = io.WriteString(w, made)
			}))
			s.EnableHTTP2 = http2
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL
		}
		ok := http.StatusOK
		tokenURL, copyURL := start(&tokens, &ok), start(&copies, &status)
		below := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: http2}
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
		c, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
			agentcopy.WithBaseURL(copyURL), agentcopy.WithHTTPClient(&http.Client{Transport: withToken}),
		})
		require.NoError(t, err)
		for range 2 {
			_, _, err = doCopy(t, c)
			require.NoError(t, err, "HTTP/2 %v", http2)
		}
		require.EqualValues(t, 2, tokens.Load())
		require.EqualValues(t, 2, copies.Load())

		status = http.StatusInternalServerError
		_, _, err = doCopy(t, c)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.EqualValues(t, 3, copies.Load(), "HTTP/2 %v: %v", http2, err)
	}
}
