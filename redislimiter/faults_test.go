//go:build unix

package redislimiter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// impatient is a client that does not repeat by itself.
func impatient(o *redis.Options) { o.MaxRetries, o.DialerRetries = -1, 1 }

func TestNothingIsSentWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", freePort(t)), Password: "swordfish", MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	patience := redislimiter.WithPatience(200 * time.Millisecond)
	fake := agentcopytest.NewKolena()
	source := fake.AddAgent(kolena.Agent{Name: "source"}).ID
	client, err := kolena.New(tokenOfKolena, agentcopy.WithHTTPClient(fake.Client()),
		agentcopy.WithLimiter(redislimiter.New(rdb, "k", 1, time.Second, patience)))
	require.NoError(t, err)

	start := time.Now()
	_, err = client.CopyAgent(t.Context(), source, kolena.CopyAgentRequest{Name: "copy"})
	require.ErrorIs(t, err, redislimiter.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "swordfish")
	failed, _ := errors.AsType[*agentcopy.Error](err)
	require.Equal(t, agentcopy.OutcomeNotCopied, failed.Outcome)
	require.Greater(t, time.Since(start), 100*time.Millisecond, "it should have been patient")

	require.Empty(t, fake.Requests(), "requests that were sent although Redis is away")
}

func TestAServerThatHangsIsWaitedForWithinTheContext(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	rdb := server.client()
	limiter := redislimiter.New(rdb, "k", 1, 100*time.Millisecond, redislimiter.WithAttemptTimeout(time.Minute))
	require.NoError(t, limiter.Wait(t.Context()))
	server.signal(syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	start := time.Now()
	_, err := limiter.Acquire(ctx)
	cancel()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), ample, "how long it took to give up")
	server.signal(syscall.SIGCONT)
	// What was done for a caller who had given up is taken back: the place would be
	// held for a minute.
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.Eventually(t, func() bool {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return limiter.Wait(soon) == nil
	}, 20*time.Second, 10*time.Millisecond, "the place should have been given back")
}

// keepCopying makes copies from some processes, as it were, while f is at work,
// and requires that the server refused none.
func keepCopying(t *testing.T, server *server, copies int, f func()) (took time.Duration) {
	const n, window, timeout = 10, 250 * time.Millisecond, 500 * time.Millisecond
	fake, agent := newKolena(t, n, window)
	var jobs atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range 3 {
		limiter := redislimiter.New(server.client(), "k", n, window, redislimiter.WithAttemptTimeout(timeout), redislimiter.WithPatience(time.Minute))
		client, err := kolena.New(tokenOfKolena, agentcopy.WithBaseURL(fake.URL()), agentcopy.WithLimiter(limiter), agentcopy.WithAttemptTimeout(timeout))
		require.NoError(t, err)
		for range 4 {
			wg.Go(func() {
				for jobs.Add(1) <= int64(copies) {
					_, err := client.CopyAgent(t.Context(), agent, kolena.CopyAgentRequest{Name: "copy"})
					if err != nil && !strings.Contains(err.Error(), "attempt timeout") { // the machine is busy
						assert.NoError(t, err)
						return
					}
				}
			})
		}
	}
	f()
	wg.Wait()
	requireNoRefusal(t, fake)
	return time.Since(start)
}

func TestRedisIsRestartedMidway(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"with persistence": durable, "without": forgetful} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startRedis(t, args...)
			if server == nil {
				return
			}
			took := keepCopying(t, server, 80, func() {
				for range 2 {
					time.Sleep(700 * time.Millisecond)
					server.kill()
					time.Sleep(100 * time.Millisecond)
					server.start()
				}
			})
			t.Logf("80 copies at 10 in 250ms, with two restarts, took %v", took)
		})
	}
}

// Nobody is left who knows what was sent.
func TestAProcessThatKnowsNothingWaitsAfterARestart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		want time.Duration
	}{
		"with persistence": {durable, 0},
		"without":          {forgetful, 2500 * time.Millisecond}, // an attempt and a window; Redis knows its age in whole seconds, so up to one more
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startRedis(t, tt.args...)
			if server == nil {
				return
			}
			server.kill()
			start := time.Now()
			server.start()
			l := redislimiter.New(server.client(), "k", 1, 500*time.Millisecond, redislimiter.WithAttemptTimeout(2*time.Second))
			require.NoError(t, l.Wait(t.Context()))
			require.GreaterOrEqual(t, time.Since(start), tt.want, "when the first attempt was admitted after the start")
			require.Less(t, time.Since(start), tt.want+ample, "when the first attempt was admitted after the start")
		})
	}
}

func TestDataIsLostMidway(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*server){
		"flushed":          func(s *server) { s.do("FLUSHALL") },
		"scripts flushed":  func(s *server) { s.do("SCRIPT", "FLUSH") },
		"connections lost": func(s *server) { s.do("CLIENT", "KILL", "TYPE", "normal") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startRedis(t, durable...)
			if server == nil {
				return
			}
			keepCopying(t, server, 60, func() {
				for range 10 {
					time.Sleep(70 * time.Millisecond)
					lose(server)
				}
			})
		})
	}
}

func TestAServerThatTookOverIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	rdb := server.client()
	limiter := redislimiter.New(rdb, "k", 1, time.Millisecond)
	server.do("REPLICAOF", "127.0.0.1", "1") // from now on it is a replica, and takes no writes
	time.AfterFunc(500*time.Millisecond, func() { _ = server.client().Do(context.Background(), "REPLICAOF", "NO", "ONE").Err() })
	require.NoError(t, limiter.Wait(t.Context()))
}

func TestAServerWithoutMemoryAdmitsNoMore(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	limiter := redislimiter.New(server.client(), "k", 1, time.Hour)
	server.do("CONFIG", "SET", "maxmemory", "1")
	admitted := 0
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if limiter.Wait(ctx) == nil {
			admitted++
		}
		cancel()
	}
	require.LessOrEqual(t, admitted, 1, "attempts admitted by a limiter of 1")
}

// lossy is a client that loses the answers of some commands, the first one and
// then one of every so many, after they were done.
type lossy struct {
	every    int64
	commands atomic.Int64
}

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := next(ctx, cmd); err != nil || !strings.HasPrefix(cmd.Name(), "eval") || (l.commands.Add(1)-1)%l.every != 0 {
			return err
		}
		cmd.SetErr(io.ErrUnexpectedEOF)
		return io.ErrUnexpectedEOF
	}
}

func TestALostAnswerChangesNothing(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	rdb := server.client(impatient)
	rdb.AddHook(&lossy{every: 2})
	limiter := redislimiter.New(rdb, "k", 2, time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	release, err := limiter.Acquire(ctx)
	require.NoError(t, err)
	release()
	require.NoError(t, limiter.Wait(ctx), "the first attempt should hold one place, not two")
}

func TestAClockThatWasSetBackStopsNobody(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	limiter := redislimiter.New(server.client(), "k", 1, 500*time.Millisecond)
	require.NoError(t, limiter.Wait(t.Context()))
	start := time.Now()
	// What is stored is of a clock that is an hour ahead.
	const hour = 3600 * 1e6
	server.do("HINCRBY", "agentcopy:{k}:limiter:state", "latest", int64(hour))
	server.do("EVAL", `for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZINCRBY', KEYS[1], ARGV[1], id) end return 1`,
		1, "agentcopy:{k}:limiter:places", int64(hour))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, limiter.Wait(ctx))
	require.GreaterOrEqual(t, time.Since(start), 450*time.Millisecond, "the place is held for a window all the same")
}

// What the package's documentation says of a clock that is set forward: places fall
// free early, so that one window may hold up to twice the number.
func TestAClockThatWasSetForwardFreesPlaces(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	limiter := redislimiter.New(server.client(), "k", 2, time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	wait := func() (admitted int) {
		for limiter.Wait(ctx) == nil {
			admitted++
		}
		return admitted
	}
	require.Equal(t, 2, wait())
	// What is stored is of a clock that is two hours behind.
	const hours = 2 * 3600 * 1e6
	server.do("HINCRBY", "agentcopy:{k}:limiter:state", "latest", int64(-hours))
	server.do("EVAL", `for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZINCRBY', KEYS[1], ARGV[1], id) end return 1`,
		1, "agentcopy:{k}:limiter:places", int64(-hours))
	require.Equal(t, 2, wait(), "one more window, and no more than one")
}

// The rights that the package's documentation names are enough.
func TestARestrictedUserIsEnough(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	rights := regexp.MustCompile(`(?s)ACL SETUSER limiter (.*?)\n//\n`).FindSubmatch(doc)
	require.NotNil(t, rights)
	args := []any{"ACL", "SETUSER", "limiter"}
	for _, right := range strings.Fields(strings.ReplaceAll(string(rights[1]), "//", "")) {
		args = append(args, right)
	}
	server.do(args...)
	rdb := server.client(func(o *redis.Options) { o.Username, o.Password = "limiter", "secret" })
	require.Error(t, rdb.Get(t.Context(), "another key").Err(), "what it may not do")
	limiter := redislimiter.New(rdb, "k", 1, 100*time.Millisecond)
	for range 3 {
		release, err := limiter.Acquire(t.Context())
		require.NoError(t, err)
		release()
	}
	limiter.Pause(t.Context(), 10*time.Millisecond)
	require.NoError(t, limiter.Wait(t.Context()))
	// A step of the clock, whose script does more.
	server.do("HINCRBY", "agentcopy:{k}:limiter:state", "latest", int64(1e6))
	require.NoError(t, limiter.Wait(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { time.Sleep(20 * time.Millisecond); cancel() }()
	_, _ = limiter.Acquire(ctx) // leaves the queue
	for _, entry := range server.do("ACL", "LOG").([]any) {
		require.NotContains(t, fmt.Sprint(entry), "lua", "what was denied to a script")
	}
}

func TestClusterKeepsADecisionInOneSlot(t *testing.T) {
	t.Parallel()
	server := startRedis(t, append([]string{"--cluster-enabled", "yes"}, durable...)...)
	if server == nil {
		return
	}
	server.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.addr()}})
	defer rdb.Close()
	limiter := redislimiter.New(rdb, "a}b{c", 2, 100*time.Millisecond)
	for range 4 {
		release, err := limiter.Acquire(t.Context())
		require.NoError(t, err)
		release()
	}
	limiter.Pause(t.Context(), time.Millisecond)
}
