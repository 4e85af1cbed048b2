package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const wantTrace = `
kolena CopyAgent  outcome=success  attempts=1  waited=0.0s
└─ HTTP POST  https://agents-api.kolena.com/api/v1/client/agents/1/copy  status=200
zudu DuplicateAgent  outcome=success  attempts=2  waited=1.0s
│  * the vendor asks to wait: the credential is paused
│  * retrying the request
├─ HTTP POST  https://api.zudu.ai/api/agents/agent_00000000-0000-4000-8000-000000000001/duplicate  status=429
└─ HTTP POST  https://api.zudu.ai/api/agents/agent_00000000-0000-4000-8000-000000000001/duplicate  status=200
kolena CopyAgent  outcome=unknown  attempts=1  waited=0.0s
│  * a copy may have been made although the call failed
└─ HTTP POST  https://agents-api.kolena.com/api/v1/client/agents/1/copy
langsmith CloneAgent  outcome=not_copied  attempts=1  waited=0.0s
└─ HTTP POST  https://api.smith.langchain.com/v1/deepagents/agents/3c90c3cc-0d44-4b50-8888-8dd25736052a/clone  status=404
Once.Copy
├─ kolena Copy  outcome=unknown  attempts=1  waited=0.0s
│  │  * a copy may have been made although the call failed
│  └─ HTTP POST  https://agents-api.kolena.com/api/v1/client/agents/1/copy
└─ kolena FindCopies  outcome=success  attempts=1  waited=0.0s
   └─ HTTP GET  https://agents-api.kolena.com/api/v1/client/agents  status=200
`

const wantMetrics = `
# HELP agentcopy_attempts_total Requests, by the status of the answer; 0 if there was none.
# TYPE agentcopy_attempts_total counter
agentcopy_attempts_total{operation="CloneAgent",provider="langsmith",status="404"} 1
agentcopy_attempts_total{operation="Copy",provider="kolena",status="0"} 1
agentcopy_attempts_total{operation="CopyAgent",provider="kolena",status="0"} 1
agentcopy_attempts_total{operation="CopyAgent",provider="kolena",status="200"} 1
agentcopy_attempts_total{operation="DuplicateAgent",provider="zudu",status="200"} 1
agentcopy_attempts_total{operation="DuplicateAgent",provider="zudu",status="429"} 1
agentcopy_attempts_total{operation="FindCopies",provider="kolena",status="200"} 1
# HELP agentcopy_calls_total Calls that ended, by what became of them.
# TYPE agentcopy_calls_total counter
agentcopy_calls_total{operation="CloneAgent",outcome="not_copied",provider="langsmith"} 1
agentcopy_calls_total{operation="Copy",outcome="unknown",provider="kolena"} 1
agentcopy_calls_total{operation="CopyAgent",outcome="success",provider="kolena"} 1
agentcopy_calls_total{operation="CopyAgent",outcome="unknown",provider="kolena"} 1
agentcopy_calls_total{operation="DuplicateAgent",outcome="success",provider="zudu"} 1
agentcopy_calls_total{operation="FindCopies",outcome="success",provider="kolena"} 1
# HELP agentcopy_waited_seconds_total Time that attempts waited for a limiter, a pause or a backoff.
# TYPE agentcopy_waited_seconds_total counter
agentcopy_waited_seconds_total{operation="CloneAgent",provider="langsmith"} 0
agentcopy_waited_seconds_total{operation="Copy",provider="kolena"} 0
agentcopy_waited_seconds_total{operation="CopyAgent",provider="kolena"} 0
agentcopy_waited_seconds_total{operation="DuplicateAgent",provider="zudu"} 1
agentcopy_waited_seconds_total{operation="FindCopies",provider="kolena"} 0
`

// The program's time is that of the test, so what it prints is the same each time.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out))
		head, metrics, _ := strings.Cut(out.String(), "\nThe metrics, as Prometheus reads them:")
		log, trace, _ := strings.Cut(head, "\nThe trace:")
		require.Equal(t, wantTrace, trace)
		require.Equal(t, wantMetrics, metrics)
		require.Contains(t, log, `level=WARN msg="retrying the request" provider=zudu operation=DuplicateAgent attempt=1 status=429 outcome="not copied" wait=1s`)
	})
}
