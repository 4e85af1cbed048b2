package redislimiter_test

import (
	"cmp"
	"net/http"
	"os"
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

// 8 processes of 16 goroutines make copies at 60 in a window: 180, or as many as
// AGENTCOPY_LIMITER_COPIES says. Of 600 and more, each process makes its share, in about the
// time that the limit allows, unless the machine is busy.
func TestManyProcessesShareTheLimit(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	const processes, n, window = 8, 60, time.Second
	copies, err := strconv.Atoi(cmp.Or(os.Getenv("AGENTCOPY_LIMITER_COPIES"), "180"))
	require.NoError(t, err)
	fake, agent := newKolena(t, n, window)
	var all []*child
	for i := range processes {
		all = append(all, startChild(t, task{
			Redis: server.addr(), Kolena: fake.URL(), Process: i, Goroutines: 16, Copies: copies, Agent: agent,
			N: n, Per: window, Timeout: time.Minute,
		}))
	}
	for _, c := range all {
		_ = c.begin.Close()
	}
	for _, c := range all {
		c.wait(t)
	}
	requireNoRefusal(t, fake)
	made, by := fake.Copies(), perProcess(fake)
	require.Len(t, made, copies)
	took, ideal := made[copies-1].At.Sub(made[0].At), time.Duration(copies/n-1)*window
	rate := float64(ideal) / float64(took)
	t.Logf("%d copies in %v, at %.1f%% of the rate that the limit allows; by process: %v", copies, took.Round(time.Millisecond), 100*rate, by)
	if copies >= 600 {
		require.Greater(t, rate, 0.5, "of the rate that the limit allows; on a machine with nothing else to do it is over 0.95")
		for i := range processes {
			require.Greater(t, by[i], copies/processes/2, "process %d starved: copies of each: %v", i, by)
		}
	}
}

// Processes are killed in the middle of their work; the places they held fall
// free, and the others go on.
func TestKilledProcessesGiveTheirPlacesBack(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	const n, window, timeout = 12, 400 * time.Millisecond, 5 * time.Second
	const copies, goroutines = 50, 3
	fake, agent := newKolena(t, n, window)
	start := func(i int) *child {
		c := startChild(t, task{
			Redis: server.addr(), Kolena: fake.URL(), Process: i, Goroutines: goroutines, Copies: copies, Agent: agent,
			N: n, Per: window, Timeout: timeout,
		})
		_ = c.begin.Close()
		return c
	}
	survivor := start(0)
	for i := 1; i <= 3; i++ {
		victim := start(i)
		server.retry(func() bool { return perProcess(fake)[i] > 0 || len(fake.Copies()) > copies/2 })
		require.NoError(t, victim.cmd.Process.Signal(syscall.SIGKILL))
	}
	survivor.wait(t)
	requireNoRefusal(t, fake)
	require.InDelta(t, copies, len(fake.Copies()), 3*goroutines, "copies made: those under way when their process was killed may be missing")
	for _, place := range server.places("kolena") {
		require.LessOrEqual(t, place.Score, float64(time.Now().Add(timeout+window).UnixMicro()), "until when a place is held")
	}
}
