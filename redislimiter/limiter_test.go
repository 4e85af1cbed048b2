//go:build unix

package redislimiter_test

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/testserver"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

func init() { logging.Disable() } // it reports every connection that the tests break

// server is a redis-server of the test's own.
type server struct {
	*testserver.Redis
	t *testing.T
}

// durable is how the package's documentation says that Redis should be run.
var durable = []string{"--appendonly", "yes", "--appendfsync", "everysec"}

// forgetful is a Redis that keeps nothing.
var forgetful = []string{"--appendonly", "no"}

// startRedis starts a server for a parallel test, a durable one by default. Without Redis the test is left out.
func startRedis(t *testing.T, args ...string) *server {
	t.Helper()
	t.Parallel()
	if args == nil {
		args = durable
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("left out: redis-server is not installed")
	}
	return &server{testserver.StartRedis(t, args...), t}
}

// retry waits for what may take long on a busy machine.
func (s *server) retry(f func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		require.True(s.t, time.Now().Before(deadline), "it has not come about in two minutes")
	}
}

// client returns a client of the server, with go-redis's own settings unless
// they are changed.
func (s *server) client(change ...func(*redis.Options)) *redis.Client {
	opts := &redis.Options{Addr: s.Addr}
	for _, f := range change {
		f(opts)
	}
	rdb := redis.NewClient(opts)
	s.t.Cleanup(func() { _ = rdb.Close() })
	_ = rdb.Ping(s.t.Context()).Err() // so that the first command need not wait for the connection
	return rdb
}

// do runs a command of the operator's.
func (s *server) do(args ...any) any {
	s.t.Helper()
	reply, err := s.client().Do(s.t.Context(), args...).Result()
	require.NoError(s.t, err, fmt.Sprint(args...))
	return reply
}

// permits are those that a limiter's attempts hold, with the times until when.
func (s *server) permits(key string) []redis.Z {
	s.t.Helper()
	permits, err := s.client().ZRangeWithScores(s.t.Context(), "agentcopy:{"+key+"}:limiter:permits", 0, -1).Result()
	require.NoError(s.t, err)
	return permits
}

// queued is how many wait for the limiter of key "k".
func (s *server) queued() int64 { return s.do("ZCARD", "agentcopy:{k}:limiter:queue").(int64) }

// limiter is one of the key "k", as in a process of its own.
func (s *server) limiter(n int, per time.Duration, opts ...redislimiter.Option) *redislimiter.Limiter {
	return redislimiter.New(s.client(), "k", n, per, opts...)
}

// within is a context that ends after d.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestLimiterHoldsAPermitUntilAWindowAfterTheAnswer(t *testing.T) {
	server := startRedis(t)
	const window, answer = 150 * time.Millisecond, 100 * time.Millisecond
	a, b := server.limiter(1, window), server.limiter(1, window)
	start := time.Now()
	for i, l := range []*redislimiter.Limiter{a, b, a} {
		release, err := l.Acquire(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), time.Duration(i)*(window+answer), "admission of number %d", i)
		time.Sleep(answer)
		release()
		release() // once more makes no difference
	}
}

func TestLimiterWaitCountsFromAdmission(t *testing.T) {
	server := startRedis(t)
	l := server.limiter(3, 200*time.Millisecond)
	start := time.Now()
	for i := range 9 {
		require.NoError(t, l.Wait(t.Context()))
		want := time.Duration(i/3) * 200 * time.Millisecond
		require.GreaterOrEqual(t, time.Since(start), want-time.Millisecond, "admission of number %d", i)
	}
}

func TestLimiterKeepsToTheDeadline(t *testing.T) {
	server := startRedis(t)
	l := server.limiter(1, time.Hour)
	require.NoError(t, l.Wait(t.Context()))
	ctx := within(t, 30*time.Minute) // which it does not wait for
	_, err := l.Acquire(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Regexp(t, `^1 per 1h0m0s, shared through Redis: no permit is free for another .*, past the context's deadline`, err.Error())

	// Behind those who queue in Redis already, it is told without asking.
	waiting, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { assert.ErrorIs(t, l.Wait(waiting), context.Canceled) })
	server.retry(func() bool { return server.queued() == 1 })
	require.ErrorIs(t, l.Wait(ctx), context.DeadlineExceeded)
	stop()
	wg.Wait()
	server.retry(func() bool { return server.queued() == 0 }) // who gave up has left
}

func TestLimiterIsFirstComeFirstServed(t *testing.T) {
	server := startRedis(t)
	type admission struct {
		who     int
		release func()
	}
	admissions := make(chan admission)
	for i := range 7 { // each as in a process of its own
		l := server.limiter(1, 50*time.Millisecond)
		go func() {
			release, err := l.Acquire(t.Context())
			assert.NoError(t, err)
			admissions <- admission{i, release}
		}()
		server.retry(func() bool { return server.queued() == int64(i) && len(server.permits("k")) == 1 })
	}
	for i := range 7 {
		a := <-admissions
		require.InDelta(t, i, a.who, 2, "position in line") // one that a busy machine wakes too late is passed
		a.release()
	}
}

func TestLimitersOfOtherKeysAreOthers(t *testing.T) {
	server := startRedis(t)
	ctx := within(t, time.Minute)
	for _, key := range []string{"a", "b", "{a}", "}", "a}b", "%7D"} {
		l := redislimiter.New(server.client(), key, 1, time.Hour)
		require.NoError(t, l.Wait(ctx), "key %q", key)
		require.ErrorIs(t, l.Wait(ctx), context.DeadlineExceeded, "key %q", key)
	}
}

func TestPauseHoldsAllProcessesBack(t *testing.T) {
	server := startRedis(t)
	a := server.limiter(10, time.Second)
	b := server.limiter(10, time.Second, redislimiter.WithMaxPause(time.Second))
	start := time.Now()
	a.Pause(t.Context(), 400*time.Millisecond)
	a.Pause(t.Context(), 100*time.Millisecond)
	a.Pause(t.Context(), -time.Minute)
	require.NoError(t, b.Wait(t.Context()))
	require.GreaterOrEqual(t, time.Since(start), 399*time.Millisecond, "when the pause was over")

	a.Pause(t.Context(), time.Hour)
	err := b.Wait(t.Context())
	require.ErrorIs(t, err, agentcopy.ErrRateLimited)
	require.ErrorContains(t, err, "beyond the 1s that WithMaxPause allows")
	patient := server.limiter(10, time.Second, redislimiter.WithMaxPause(2*time.Hour))
	err = patient.Wait(within(t, time.Minute))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the vendor has asked for a pause")
}

func TestThePermitOfACrashedProcessFallsFree(t *testing.T) {
	server := startRedis(t)
	const window, timeout = 200 * time.Millisecond, 300 * time.Millisecond
	// It takes a permit and never says another word.
	crashed := server.client()
	_, err := redislimiter.New(crashed, "k", 1, window, redislimiter.WithAttemptTimeout(timeout)).Acquire(t.Context())
	require.NoError(t, err)
	require.NoError(t, crashed.Close())
	l := server.limiter(1, window, redislimiter.WithAttemptTimeout(timeout))
	require.NoError(t, l.Wait(t.Context()))
}

func TestTheAttemptUnderWayKeepsItsPermit(t *testing.T) {
	server := startRedis(t)
	l := server.limiter(1, 100*time.Millisecond, redislimiter.WithAttemptTimeout(time.Second))
	release, err := l.Acquire(t.Context())
	require.NoError(t, err)
	until := server.permits("k")[0].Score
	server.retry(func() bool { return server.permits("k")[0].Score > until }) // it was renewed
	release()
	require.NoError(t, l.Wait(t.Context()))
}

func TestNewLimiterPanicsOnNonsense(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close()
	for want, f := range map[string]func(){
		"redislimiter.New: rdb is nil":                          func() { redislimiter.New(nil, "k", 1, time.Second) },
		"redislimiter.New: key is empty":                        func() { redislimiter.New(rdb, "", 1, time.Second) },
		"redislimiter.New(..., 0, 1s): both must be positive":   func() { redislimiter.New(rdb, "k", 0, time.Second) },
		"redislimiter.New(..., 1, 0s): both must be positive":   func() { redislimiter.New(rdb, "k", 1, 0) },
		"redislimiter.WithMaxOutage(-1s): must not be negative": func() { redislimiter.WithMaxOutage(-time.Second) },
		"redislimiter.WithMaxPause(-1s): must not be negative":  func() { redislimiter.WithMaxPause(-time.Second) },
		"redislimiter.WithAttemptTimeout(0s): must be positive": func() { redislimiter.WithAttemptTimeout(0) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}

func TestNoPasswordIsPrinted(t *testing.T) {
	server := startRedis(t, "--requirepass", "hunter2")
	wrong := server.client(func(o *redis.Options) { o.Password = "swordfish" })
	limiter := redislimiter.New(wrong, "k", 1, time.Second, redislimiter.WithMaxOutage(24*time.Hour))
	waited := limiter.Wait(t.Context()) // a wrong password is reported at once
	require.ErrorIs(t, waited, redislimiter.ErrUnavailable)
	require.ErrorContains(t, waited, "WRONGPASS")
	for _, text := range []string{waited.Error(), fmt.Sprintf("%v %+v %#v", limiter, limiter, limiter)} {
		require.NotContains(t, text, "swordfish")
		require.NotContains(t, text, "hunter2")
	}
}
