package transport_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

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
