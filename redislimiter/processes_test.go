package redislimiter_test

import (
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// newKolena returns a fake that listens, and an agent of it.
func newKolena(t *testing.T, n int, per time.Duration) (*agentcopytest.Kolena, int64) {
	fake := agentcopytest.NewKolena(agentcopytest.WithRateLimit(n, per), agentcopytest.WithCredential(tokenOfKolena))
	t.Cleanup(fake.Close)
	return fake, fake.AddAgent(kolena.Agent{Name: "source"}).ID
}

// requireNoRefusal requires that the server's limit was never exceeded.
func requireNoRefusal(t *testing.T, fake *agentcopytest.Kolena) {
	t.Helper()
	refused := 0
	for _, r := range fake.Requests() {
		if r.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	require.Zero(t, refused, "requests that were refused, of %d", len(fake.Requests()))
}

// perProcess counts the copies that each process made.
func perProcess(fake *agentcopytest.Kolena) map[int]int {
	counts := make(map[int]int)
	for _, c := range fake.Copies() {
		process, _, _ := strings.Cut(c.Name, " ")
		i, _ := strconv.Atoi(process)
		counts[i]++
	}
	return counts
}

// 8 processes of 16 goroutines make 600 copies at 60 in a window.
func TestManyProcessesShareTheLimit(t *testing.T) {
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	const processes, copies, n, window = 8, 600, 60, time.Second
	fake, agent := newKolena(t, n, window)
	var all []*child
	for i := range processes {
		all = append(all, startChild(t, "copies", task{
			Redis: server.addr(), Kolena: fake.URL(), Process: i, Goroutines: 16, Copies: copies, Agent: agent,
			N: n, Per: window, Timeout: 10 * time.Second,
		}))
	}
	for _, c := range all {
		_ = c.begin.Close()
	}
	for _, c := range all {
		c.wait(t)
	}
	requireNoRefusal(t, fake)
	made := fake.Copies()
	require.Len(t, made, copies)
	took, ideal := made[copies-1].At.Sub(made[0].At), (copies/n-1)*window
	rate := float64(ideal) / float64(took)
	t.Logf("%d copies in %v, at %.1f%% of the rate that the limit allows; by process: %v", copies, took.Round(time.Millisecond), 100*rate, perProcess(fake))
	require.Greater(t, rate, 0.5, "of the rate that the limit allows; on a machine with nothing else to do it is over 0.95")
	for i, made := range perProcess(fake) {
		require.Greater(t, made, copies/processes/2, "process %d starved: copies of each: %v", i, perProcess(fake))
	}
	require.Len(t, perProcess(fake), processes, "processes that made copies")
}

// Processes are killed in the middle of their work; the places they held fall
// free, and the others go on.
func TestKilledProcessesGiveTheirPlacesBack(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	const n, window, timeout = 12, 400 * time.Millisecond, 600 * time.Millisecond
	fake, agent := newKolena(t, n, window)
	start := func(i, copies int) *child {
		c := startChild(t, "copies", task{
			Redis: server.addr(), Kolena: fake.URL(), Process: i, Goroutines: 8, Copies: copies, Agent: agent,
			N: n, Per: window, Timeout: timeout,
		})
		_ = c.begin.Close()
		return c
	}
	const copies = 120
	survivor := start(0, copies)
	for i := range 3 {
		victim := start(i+1, copies)
		time.Sleep(time.Duration(300+100*i) * time.Millisecond)
		require.NoError(t, victim.cmd.Process.Signal(syscall.SIGKILL))
	}
	survivor.wait(t)
	requireNoRefusal(t, fake)
	require.InDelta(t, copies, len(fake.Copies()), 3*8, "copies made: those under way when their process was killed may be missing")
	requireAllFree(t, server, n, timeout+window)
}

// requireAllFree requires that n attempts are admitted at once as soon as those
// of processes that crashed are over.
func requireAllFree(t *testing.T, server *server, n int, after time.Duration) {
	t.Helper()
	time.Sleep(after)
	held := server.do("ZCOUNT", "agentcopy:{kolena}:limiter:places", strconv.FormatInt(time.Now().UnixMicro(), 10), "+inf")
	require.EqualValues(t, 0, held, "places still held, of %d", n)
}
