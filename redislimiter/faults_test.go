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
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

func TestNothingIsSentWhileRedisIsUnreachable(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: "swordfish", MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	limiter := redislimiter.New(rdb, "k", 1, time.Second, redislimiter.WithMaxOutage(200*time.Millisecond))
	fake, source := newKolena(t, 60, time.Minute)
	client, err := kolena.New(tokenOfKolena, agentcopy.WithBaseURL(fake.URL()), agentcopy.WithLimiter(limiter))
	require.NoError(t, err)

	_, err = client.CopyAgent(t.Context(), source, kolena.CopyAgentRequest{Name: "copy"})
	require.ErrorIs(t, err, redislimiter.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "swordfish")
	failed, _ := errors.AsType[*agentcopy.Error](err)
	require.Equal(t, agentcopy.OutcomeNotCopied, failed.Outcome)
	require.Empty(t, fake.Requests(), "requests that were sent although Redis is unreachable")
}

func TestAServerThatHangsIsWaitedForWithinTheContext(t *testing.T) {
	server := startRedis(t)
	limiter := server.limiter(1, 100*time.Millisecond, redislimiter.WithAttemptTimeout(time.Hour))
	require.NoError(t, limiter.Wait(t.Context()))
	server.Signal(syscall.SIGSTOP)
	_, err := limiter.Acquire(within(t, 300*time.Millisecond))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	server.Signal(syscall.SIGCONT)
	// What was done for a caller who had given up is taken back: the permit would be
	// held for an hour.
	server.retry(func() bool { return limiter.Wait(within(t, 5*time.Second)) == nil })
}

// Three processes, as it were, go on copying while Redis fails. The vendor refuses none.
func TestRedisFailsMidway(t *testing.T) {
	t.Parallel()
	restart := func(s *server) { s.Kill(); s.Start() }
	fiveTimes := func(command ...any) func(*server) {
		return func(s *server) {
			for range 5 {
				s.do(command...)
				time.Sleep(50 * time.Millisecond)
			}
		}
	}
	for name, tt := range map[string]struct {
		args []string
		fail func(*server)
	}{
		"restarted with persistence": {durable, restart},
		"restarted without":          {forgetful, restart},
		"flushed":                    {durable, fiveTimes("FLUSHALL")},
		"scripts flushed":            {durable, fiveTimes("SCRIPT", "FLUSH")},
		"connections lost":           {durable, fiveTimes("CLIENT", "KILL", "TYPE", "normal")},
	} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t, tt.args...)
			const n, window, timeout = 10, 250 * time.Millisecond, 2 * time.Second
			fake, agent := newKolena(t, n, window)
			work := task{Kolena: fake.URL(), Goroutines: 4, Copies: 40, Agent: agent, Timeout: timeout}
			var copies atomic.Int64
			var wg sync.WaitGroup
			for range 3 {
				limiter := server.limiter(n, window, redislimiter.WithAttemptTimeout(timeout), redislimiter.WithMaxOutage(time.Minute))
				wg.Go(func() {
					assert.NoError(t, copyAgent(work, limiter, func() (int64, error) { return copies.Add(1), nil }))
				})
			}
			server.retry(func() bool { return len(fake.Copies()) >= 15 })
			tt.fail(server)
			wg.Wait()
			requireNoRefusal(t, fake)
		})
	}
}

// Nobody is left who knows what was sent. Redis knows its age in whole seconds.
func TestAProcessThatKnowsNothingWaitsAfterARestart(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"with persistence": durable, "without": forgetful} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t, args...)
			server.Kill()
			server.Start()
			err := server.limiter(1, time.Second, redislimiter.WithAttemptTimeout(time.Hour)).Wait(within(t, time.Minute))
			if name == "with persistence" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "was restarted or lost data, and may have forgotten what was sent: no permit is free for another 1h")
		})
	}
}

func TestAServerThatTookOverIsWaitedFor(t *testing.T) {
	server := startRedis(t)
	limiter := server.limiter(1, time.Millisecond, redislimiter.WithMaxOutage(time.Minute))
	server.do("REPLICAOF", "127.0.0.1", "1") // from now on it is a replica, and takes no writes
	time.AfterFunc(300*time.Millisecond, func() { _ = server.client().Do(context.Background(), "REPLICAOF", "NO", "ONE").Err() })
	require.NoError(t, limiter.Wait(t.Context()))
}

func TestAServerWithoutMemoryAdmitsNoMore(t *testing.T) {
	server := startRedis(t)
	limiter := server.limiter(1, time.Hour)
	server.do("CONFIG", "SET", "maxmemory", "1")
	admitted := 0
	for range 3 {
		if limiter.Wait(within(t, time.Minute)) == nil {
			admitted++
		}
	}
	require.LessOrEqual(t, admitted, 1, "attempts admitted by a limiter of 1")
}

// lossy is a client that loses the answers of the first script, and of every second one, after they were done.
type lossy struct{ scripts, lost atomic.Int64 }

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := next(ctx, cmd); err != nil || !strings.HasPrefix(cmd.Name(), "eval") || l.scripts.Add(1)%2 == 0 {
			return err
		}
		l.lost.Store(time.Now().UnixMicro())
		cmd.SetErr(io.ErrUnexpectedEOF)
		return io.ErrUnexpectedEOF
	}
}

func TestALostAnswerChangesNothing(t *testing.T) {
	server := startRedis(t)
	rdb := server.client(func(o *redis.Options) { o.MaxRetries = -1 })
	hook := new(lossy)
	rdb.AddHook(hook)
	limiter := redislimiter.New(rdb, "k", 2, time.Hour)
	release, err := limiter.Acquire(t.Context())
	require.NoError(t, err)
	release()
	require.NoError(t, limiter.Wait(within(t, time.Minute)), "the first attempt should hold one permit, not two")
	require.Greater(t, server.permits("k")[1].Score, float64(hook.lost.Load()+time.Hour.Microseconds()), "it is held from the answer that came")
	server.limiter(2, time.Second, redislimiter.WithAttemptTimeout(time.Second)).Pause(t.Context(), time.Nanosecond)
	require.Greater(t, server.do("PTTL", "agentcopy:{k}:limiter:permits"), time.Hour.Milliseconds(), "one of shorter attempts does not forget it")
}

// setClock makes what is stored under the key "k" that of a clock from which the server's
// differs by d.
func setClock(server *server, d time.Duration) {
	by := -d.Microseconds()
	server.do("HINCRBY", "agentcopy:{k}:limiter:state", "latest", by)
	server.do("EVAL", `for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZINCRBY', KEYS[1], ARGV[1], id) end return 1`,
		1, "agentcopy:{k}:limiter:permits", by)
}

func TestAClockThatIsSetBackStopsNobody(t *testing.T) {
	server := startRedis(t)
	limiter := server.limiter(1, 500*time.Millisecond)
	ctx := within(t, time.Minute)
	require.NoError(t, limiter.Wait(ctx))
	start := time.Now()
	setClock(server, -time.Hour)
	require.NoError(t, limiter.Wait(ctx))
	require.GreaterOrEqual(t, time.Since(start), 450*time.Millisecond, "the permit is held for a window")
}

// What the package's documentation says of a clock that is set forward: permits fall free early, so
// that one window may hold up to twice the number. A step forth and back adds nothing to that.
func TestAClockThatIsSetForwardFreesPermits(t *testing.T) {
	server := startRedis(t)
	limiter := server.limiter(2, time.Hour)
	ctx := within(t, time.Minute)
	wait := func() (admitted int) {
		for limiter.Wait(ctx) == nil {
			admitted++
		}
		return admitted
	}
	require.Equal(t, 2, wait())
	setClock(server, 2*time.Hour)
	require.Equal(t, 2, wait(), "one more window, and no more than one")
	setClock(server, -2*time.Hour)
	require.Zero(t, wait(), "set back")
	setClock(server, 30*time.Minute)
	setClock(server, -30*time.Minute)
	require.Zero(t, wait(), "forth and back, unseen")
}

// The rights that the package's documentation names are enough, and a decision touches
// one slot of a Cluster.
func TestARestrictedUserIsEnough(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	rights := regexp.MustCompile(`(?s)ACL SETUSER limiter (.*?)\n//\n`).FindSubmatch(doc)
	require.NotNil(t, rights)
	const forClusters = "+cluster|slots +command"
	require.Contains(t, string(doc), forClusters)
	for name, args := range map[string][]string{"a single node": nil, "a Cluster": {"--cluster-enabled", "yes"}} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t, append(args, durable...)...)
			words := string(rights[1])
			if args != nil {
				words += " " + forClusters
				server.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
				server.retry(func() bool { return strings.Contains(server.do("CLUSTER", "INFO").(string), "cluster_state:ok") })
			}
			acl := []any{"ACL", "SETUSER", "limiter"}
			for _, right := range strings.Fields(strings.ReplaceAll(words, "//", "")) {
				acl = append(acl, right)
			}
			server.do(acl...)
			rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{server.Addr}, Username: "limiter", Password: "secret", IsClusterMode: args != nil})
			defer rdb.Close()
			require.Error(t, rdb.Get(t.Context(), "another key").Err(), "what it may not do")
			limiter := redislimiter.New(rdb, "a}b{c", 1, 100*time.Millisecond)
			for range 3 {
				release, err := limiter.Acquire(t.Context())
				require.NoError(t, err)
				release()
			}
			limiter.Pause(t.Context(), 10*time.Millisecond)
			require.NoError(t, limiter.Wait(t.Context()))
			// A step of the clock, whose script does more.
			server.do("HINCRBY", "agentcopy:{a%7Db{c}:limiter:state", "latest", int64(1e6))
			require.NoError(t, limiter.Wait(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			_, _ = limiter.Acquire(ctx) // leaves the queue
			for _, entry := range server.do("ACL", "LOG").([]any) {
				require.Contains(t, fmt.Sprint(entry), "object:get", "what was denied")
			}
		})
	}
}
