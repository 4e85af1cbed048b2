package redislimiter_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/redislimiter"
)

// server is a redis-server of the test's own.
type server struct {
	t       testing.TB
	port    int
	dir     string
	args    []string
	process *exec.Cmd
}

// durable is how the package's documentation says that Redis should be run for a
// limiter.
var durable = []string{"--save", "", "--appendonly", "yes", "--appendfsync", "everysec"}

// forgetful is a Redis that keeps nothing.
var forgetful = []string{"--save", "", "--appendonly", "no"}

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
	s := &server{t: t, dir: t.TempDir(), args: args}
	s.retry(func() bool { s.port = freePort(); return s.tryStart() })
	t.Cleanup(s.kill)
	return s
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

// freePort is below those that connections get, so that none takes it while the server
// is restarted.
func freePort() int {
	for {
		port := 10_000 + rand.IntN(20_000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = l.Close()
			return port
		}
	}
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// start starts the server again, with the data that it kept.
func (s *server) start() {
	s.t.Helper()
	s.retry(s.tryStart)
}

func (s *server) tryStart() bool {
	args := slices.Concat([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no"}, s.args)
	cmd := exec.Command("redis-server", args...)
	out, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	ready, exited := make(chan struct{}), make(chan struct{})
	go func() {
		// Its own word, since another server may have got the port and answer there.
		for log := bufio.NewScanner(out); log.Scan(); {
			if strings.Contains(log.Text(), "Ready to accept connections") {
				close(ready)
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
		close(exited)
	}()
	select {
	case <-ready:
		s.process = cmd
		return true
	case <-exited: // the port was taken meanwhile
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
	}
	return false
}

// kill ends the server as a power failure would, as far as that can be had.
func (s *server) kill() { s.signal(syscall.SIGKILL) }

func (s *server) signal(sig syscall.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(sig)
	if sig == syscall.SIGKILL {
		for s.process.Process.Signal(syscall.Signal(0)) == nil { // until it is gone
			time.Sleep(time.Millisecond)
		}
		s.process = nil
	}
}

// client returns a client of the server, with go-redis's own settings unless
// they are changed.
func (s *server) client(change ...func(*redis.Options)) *redis.Client {
	opts := &redis.Options{Addr: s.addr()}
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
