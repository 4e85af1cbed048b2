//go:build unix

// Package testserver starts PostgreSQL and Redis for the tests of several modules: each
// test has a server of its own on this machine, which ends with the test.
package testserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a process that can be ended and started again.
type server struct {
	Dir     string // of its data and its log
	t       testing.TB
	command func() *exec.Cmd
	process *os.Process
	exited  chan struct{}
}

// Start starts the server again, with the data that it kept. It tries until the server
// is ready: another may have taken the port, or processes that were killed not be gone yet.
func (s *server) Start() {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		log, err := os.Create(s.Dir + "/log")
		require.NoError(s.t, err)
		cmd := s.command()
		cmd.Stdout, cmd.Stderr = log, log
		require.NoError(s.t, cmd.Start())
		_ = log.Close()
		exited := make(chan struct{})
		go func() { _ = cmd.Wait(); close(exited) }()
		s.process, s.exited = cmd.Process, exited
		for running := true; running; {
			said := s.log()
			if strings.Contains(strings.ToLower(said), "ready to accept connections") {
				return
			}
			if time.Now().After(deadline) {
				s.Kill()
				require.Fail(s.t, "the server does not start", said)
			}
			select {
			case <-exited:
				running = false
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

func (s *server) log() string {
	log, _ := os.ReadFile(s.Dir + "/log")
	return string(log)
}

// Signal sends a signal to the server.
func (s *server) Signal(signal os.Signal) { _ = s.process.Signal(signal) }

// Kill ends the server at once, as a power failure does.
func (s *server) Kill() {
	s.Signal(os.Kill)
	<-s.exited
}

// Redis is a redis-server.
type Redis struct {
	server
	Addr string
}

// StartRedis starts redis-server with more arguments. It must be installed.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := &Redis{server: server{Dir: t.TempDir(), t: t}}
	started := false
	r.command = func() *exec.Cmd {
		if !started { // below the ports that connections get, so that it is free at a restart
			r.Addr = fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000))
		}
		host, port, _ := net.SplitHostPort(r.Addr)
		place := []string{"--bind", host, "--port", port, "--dir", r.Dir, "--save", ""}
		return exec.Command("redis-server", append(place, args...)...)
	}
	r.Start()
	started = true
	t.Cleanup(r.Kill)
	return r
}

// Postgres is a PostgreSQL server, whose socket is in Dir.
type Postgres struct {
	server
	user *syscall.Credential
}

// HavePostgres reports whether PostgreSQL is installed.
func HavePostgres() bool { return postgresProgram("initdb") != "" }

// StartPostgres starts a server with more arguments. It must be installed.
func StartPostgres(t testing.TB, args ...string) *Postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "agentcopy-pg-") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Postgres{server: server{Dir: dir, t: t}}
	if os.Getuid() == 0 { // as which it refuses to run
		who, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		p.user = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	out, err := p.Command("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)
	// What the system has taken survives a kill without fsync, and the disk may be slow.
	args = append([]string{"-D", "data", "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=400",
		"-c", "fsync=off"}, args...)
	p.command = func() *exec.Cmd { return p.Command("postgres", args...) }
	p.Start()
	t.Cleanup(func() {
		p.Kill()
		if log := p.log(); t.Failed() {
			t.Logf("PostgreSQL's log ends with %s", log[max(0, len(log)-4000):])
		}
	})
	return p
}

// URL is the address of its database postgres.
func (p *Postgres) URL() string { return "postgres://postgres@/postgres?host=" + p.Dir }

// Command is a program of PostgreSQL's, or one with a path, that runs in Dir as its user.
func (p *Postgres) Command(name string, args ...string) *exec.Cmd {
	if !filepath.IsAbs(name) {
		name = postgresProgram(name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = p.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user}
	return cmd
}

// postgresProgram is the path of a program of the newest PostgreSQL, "" if there is none.
func postgresProgram(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return slices.Max(found)
	}
	path, _ := exec.LookPath(name)
	return path
}

// Kill ends the server and all its processes at once, as a power failure does.
func (p *Postgres) Kill() {
	children := p.Freeze()
	p.server.Kill()
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Freeze stops the server and its processes, which it returns.
func (p *Postgres) Freeze() (children []int) {
	p.Signal(syscall.SIGSTOP) // it starts no more of them
	pids, _ := exec.Command("pgrep", "-P", fmt.Sprint(p.process.Pid)).Output()
	for _, text := range strings.Fields(string(pids)) {
		pid, _ := strconv.Atoi(text)
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		children = append(children, pid)
	}
	return children
}
