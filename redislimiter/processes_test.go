//go:build unix

package redislimiter_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// childEnv has the task of a process that a test starts; see makeCopies.
const childEnv = "REDISLIMITER_TEST_CHILD"

func TestMain(m *testing.M) {
	if job, isChild := os.LookupEnv(childEnv); isChild {
		if err := makeCopies(job); err != nil {
			log.Fatal(err)
		}
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8") // the tests wait more than they work
	}
	os.Exit(m.Run())
}

// task is what a child, this test binary run again, is to do.
type task struct {
	Redis      string // address
	Kolena     string // URL
	Process    int
	Goroutines int
	Copies     int // of all processes together
	Agent      int64

	N            int
	Per, Timeout time.Duration
}

const tokenOfKolena = "token-of-the-test"

// child is a process that a test started.
type child struct {
	*exec.Cmd
	said bytes.Buffer
}

// start starts a child.
func (work task) start(t *testing.T) *child {
	t.Helper()
	text, err := json.Marshal(work)
	require.NoError(t, err)
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childEnv+"="+string(text))
	c.Stderr = &c.said
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c
}

// end waits until the process ends.
func (c *child) end(t *testing.T) {
	t.Helper()
	require.NoError(t, c.Wait(), "a process failed: %s", &c.said)
}

// makeCopies makes copies until all processes together have made enough.
func makeCopies(text string) error {
	var job task
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: job.Redis})
	limiter := redislimiter.New(rdb, "kolena", job.N, job.Per, redislimiter.WithAttemptTimeout(job.Timeout))
	return copyAgent(job, limiter, func() (int64, error) { return rdb.Incr(context.Background(), "copies").Result() })
}

// copyAgent makes copies in the goroutines of a job until next has counted enough.
func copyAgent(job task, limiter agentcopy.Limiter, next func() (int64, error)) error {
	client, err := kolena.New(tokenOfKolena, agentcopy.WithBaseURL(job.Kolena),
		agentcopy.WithLimiter(limiter), agentcopy.WithAttemptTimeout(job.Timeout))
	if err != nil {
		return err
	}
	failures := make(chan error, job.Goroutines)
	for range job.Goroutines {
		go func() {
			for {
				n, err := next()
				if err != nil || n > int64(job.Copies) {
					failures <- err
					return
				}
				request := kolena.CopyAgentRequest{Name: fmt.Sprintf("%d %d", job.Process, n)}
				_, err = client.CopyAgent(context.Background(), job.Agent, request)
				if err != nil && !strings.Contains(err.Error(), "attempt timeout") { // the machine is busy
					failures <- err
					return
				}
			}
		}()
	}
	for range job.Goroutines {
		err = errors.Join(err, <-failures)
	}
	return err
}

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
		var process int
		_, _ = fmt.Sscan(c.Name, &process)
		counts[process]++
	}
	return counts
}

// 8 processes of 16 goroutines make copies at 60 in a window: 180, or as many as
// AGENTCOPY_LIMITER_COPIES says. Of 600 and more, each process makes its share, in about the
// time that the limit allows, unless the machine is busy.
func TestManyProcessesShareTheLimit(t *testing.T) {
	server := startRedis(t)
	const processes, n, window = 8, 60, time.Second
	copies, err := strconv.Atoi(cmp.Or(os.Getenv("AGENTCOPY_LIMITER_COPIES"), "180"))
	require.NoError(t, err)
	fake, agent := newKolena(t, n, window)
	work := task{Redis: server.Addr, Kolena: fake.URL(), Goroutines: 16, Copies: copies, Agent: agent,
		N: n, Per: window, Timeout: time.Minute}
	var all []*child
	for work.Process = range processes {
		all = append(all, work.start(t))
	}
	for _, c := range all {
		c.end(t)
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

// Processes are killed in the middle of their work; the permits they held fall
// free, and the others go on.
func TestKilledProcessesGiveTheirPermitsBack(t *testing.T) {
	server := startRedis(t)
	const n, window, timeout = 12, 400 * time.Millisecond, 5 * time.Second
	const copies, goroutines = 50, 3
	fake, agent := newKolena(t, n, window)
	work := task{Redis: server.Addr, Kolena: fake.URL(), Goroutines: goroutines, Copies: copies, Agent: agent,
		N: n, Per: window, Timeout: timeout}
	survivor := work.start(t)
	for range 3 {
		work.Process++
		victim := work.start(t)
		server.retry(func() bool { return perProcess(fake)[work.Process] > 0 || len(fake.Copies()) > copies/2 })
		require.NoError(t, victim.Process.Kill())
	}
	survivor.end(t)
	requireNoRefusal(t, fake)
	require.InDelta(t, copies, len(fake.Copies()), 3*goroutines, "copies made: those under way when their process was killed may be missing")
	for _, permit := range server.permits("kolena") {
		require.LessOrEqual(t, permit.Score, float64(time.Now().Add(timeout+window).UnixMicro()), "until when a permit is held")
	}
}
