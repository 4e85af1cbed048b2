package redislimiter_test

import (
	"bufio"
	"fmt"
	"io"
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

// startRedis starts a server that is stopped when the test ends. It returns nil
// if the machine has none; the test is then left out, and main_test.go says so.
func startRedis(t testing.TB, args ...string) *server {
	t.Helper()
	if !haveRedis() {
		t.Log("left out: redis-server is not installed")
		return nil
	}
	s := &server{t: t, dir: t.TempDir(), args: args}
	require.Eventually(t, func() bool {
		s.port = freePort(t)
		return s.tryStart()
	}, 10*time.Second, time.Millisecond, "redis-server did not start")
	t.Cleanup(s.kill)
	return s
}

func haveRedis() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// start starts the server again, with the data that it kept.
func (s *server) start() {
	s.t.Helper()
	require.Eventually(s.t, s.tryStart, 10*time.Second, 20*time.Millisecond, "redis-server did not start again")
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
	case <-time.After(5 * time.Second):
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
