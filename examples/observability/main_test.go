package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const want = `
copy for tenant hamburg 2s
    kolena CopyAgent 2s  agentcopy.outcome=unknown  agentcopy.attempts=2  error.type=connection
      * pause  agentcopy.wait.expected=2
      * retry  http.request.resend_count=1
        POST 0s  http.response.status_code=429  error.type=429  agentcopy.outcome=not_copied
        wait pause 2s  agentcopy.wait.expected=2
        POST 0s  http.request.resend_count=1  error.type=connection  agentcopy.outcome=unknown
    kolena ListAgents 0s  agentcopy.outcome=success  agentcopy.attempts=1
        GET 0s  http.response.status_code=200  agentcopy.outcome=success

The metrics:
agentcopy.client.call.duration CopyAgent  1 in 2.0s  agentcopy.outcome=unknown  error.type=connection
agentcopy.client.call.duration ListAgents 1 in 0.0s  agentcopy.outcome=success
agentcopy.client.wait.duration CopyAgent  1 in 2.0s  pause
agentcopy.client.waiting       CopyAgent  0  pause
http.client.request.duration   CopyAgent  1 in 0.0s  error.type=429  http.response.status_code=429
http.client.request.duration   CopyAgent  1 in 0.0s  error.type=connection
http.client.request.duration   ListAgents 1 in 0.0s  http.response.status_code=200
`

// The program's time is that of the test, so what it prints is the same each time.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out))
		_, seen, _ := strings.Cut(out.String(), "\nThe trace: ")
		_, seen, _ = strings.Cut(seen, "\n")
		require.Equal(t, strings.TrimPrefix(want, "\n"), seen)
	})
}
