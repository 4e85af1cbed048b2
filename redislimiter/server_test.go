//go:build unix

package redislimiter_test

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/testserver"
	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// server is a redis-server of the test's own.
type server struct {
	*testserver.Redis
	t testing.TB
}

// durable is how the package's documentation says that Redis should be run for a
// limiter.
var durable = []string{"--appendonly", "yes", "--appendfsync", "everysec"}

// forgetful is a Redis that keeps nothing.
var forgetful = []string{"--appendonly", "no"}

// startRedis starts a server, a durable one by default, that is stopped when the test
// ends. The test runs beside others. It is left out if the machine has no Redis.
func startRedis(t testing.TB, args ...string) *server {
	t.Helper()
	if test, ok := t.(*testing.T); ok {
		test.Parallel()
	}
	if args == nil {
		args = durable
	}
	if !haveRedis() {
		t.Skip("left out: redis-server is not installed")
	}
	return &server{testserver.StartRedis(t, args...), t}
}

func haveRedis() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
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

// limiter is one of the key "k", as in a process of its own.
func (s *server) limiter(n int, per time.Duration, opts ...redislimiter.Option) *redislimiter.Limiter {
	return redislimiter.New(s.client(), "k", n, per, opts...)
}

// within is a context that ends after d.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
