package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const want = `copy for tenant hamburg 2s
    kolena CopyAgent 2s  operation=CopyAgent  outcome=unknown  attempts=2  error.type=connection
        POST 0s  operation=CopyAgent  http.response.status_code=429  error.type=429  outcome=not_copied
        wait pause 2s  operation=CopyAgent  wait.reason=pause  wait.expected=2
        POST 0s  operation=CopyAgent  http.request.resend_count=1  error.type=connection  outcome=unknown
    kolena ListAgents 0s  operation=ListAgents  outcome=success  attempts=1
        GET 0s  operation=ListAgents  http.response.status_code=200  outcome=success

The metrics:
agentcopy.client.call.duration 1 in 0.0s  operation=ListAgents  outcome=success
agentcopy.client.call.duration 1 in 2.0s  operation=CopyAgent  outcome=unknown  error.type=connection
agentcopy.client.wait.duration 1 in 2.0s  operation=CopyAgent  wait.reason=pause
http.client.request.duration   1 in 0.0s  operation=CopyAgent  error.type=429  http.response.status_code=429
http.client.request.duration   1 in 0.0s  operation=CopyAgent  error.type=connection
http.client.request.duration   1 in 0.0s  operation=ListAgents  http.response.status_code=200
`

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out))
		_, seen, _ := strings.Cut(out.String(), "\nThe trace:\n")
		require.Equal(t, want, seen)
	})
}
