package redisstore_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/redisstore"
)

// Two processes race for the same keys over one ledger, while answers are lost.
// One is killed midway and started again. In the end there is one copy of each.
func TestTwoProcessesMakeOneCopyOfEachKey(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	const copies = 60
	fake, agent := newKolena(t, 10*copies, time.Second)
	start := func(i int) *child {
		return startChild(t, "once", task{
			Redis: server.addr(), Kolena: fake.URL(), Process: i, Goroutines: 8, Copies: copies, Agent: agent,
			Timeout: 2 * time.Second, Settle: 300 * time.Millisecond,
		})
	}
	for range copies / 6 {
		fake.Inject(
			agentcopytest.Fault{Drop: true, AfterCopy: true},
			agentcopytest.Fault{Delay: time.Millisecond},
			agentcopytest.Fault{Status: http.StatusBadGateway, AfterCopy: true},
			agentcopytest.Fault{Delay: 100 * time.Millisecond},
			agentcopytest.Fault{Drop: true},
			agentcopytest.Fault{Truncate: 10},
		)
	}
	survivor, victim := start(0), start(1)
	_ = survivor.begin.Close()
	_ = victim.begin.Close()
	require.Eventually(t, func() bool { return len(fake.Copies()) > copies/3 }, 20*time.Second, time.Millisecond, "the processes make no copies")
	require.NoError(t, victim.cmd.Process.Signal(syscall.SIGKILL))
	again := start(2)
	_ = again.begin.Close()
	again.wait(t)
	survivor.wait(t)

	made := make(map[string]int)
	for _, c := range fake.Copies() {
		made[c.Name]++
	}
	for name, n := range made {
		require.Equal(t, 1, n, "copies named %q", name)
	}
	require.Len(t, made, copies, "keys that have a copy")
	known := 0
	for r, err := range redisstore.NewLedger(server.client(), "race").List(t.Context()) {
		require.NoError(t, err)
		require.True(t, r.Done(), "key %q is not settled", r.Key)
		known++
	}
	require.Equal(t, copies, known, "keys that the ledger knows")
}
