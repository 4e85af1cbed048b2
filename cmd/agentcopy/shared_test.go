//go:build unix

package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
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

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// Three processes, as on three machines, work on one manifest. The server allows 20
// copies in any two seconds.
func TestThreeProcessesShareAManifest(t *testing.T) {
	postgres, redis := startPostgres(t), startRedis(t)
	b := newBench(t)
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(20, 2*time.Second))
	t.Cleanup(server.Close)
	b.kolena, b.source = server, fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	b.env = append(b.env, "KOLENA_API_URL="+server.URL())
	const rows = 80
	b.tenants(rows)
	// One process is busy with these while the others begin.
	b.inject(8, agentcopytest.Fault{Delay: 4 * time.Second})
	var processes []*process
	for i := range 3 {
		processes = append(processes, b.start("run", "tenants.csv", "--json", "--ledger", postgres, "--limiter", redis,
			"--limit", "kolena=20/2100ms", "--results", fmt.Sprintf("results-%d.csv", i)))
	}
	made := 0
	for i, p := range processes {
		p.ends(0)
		own := 0
		for line := range strings.Lines(p.out.String()) {
			if strings.Contains(line, `"event":"row","existing":false`) && strings.Contains(line, `"status":"copied"`) {
				own++
			}
		}
		require.Positive(t, own, "the work is shared: process %d", i)
		t.Logf("process %d made %d copies", i, own)
		made += own
		require.Len(t, b.results(fmt.Sprintf("results-%d.csv", i)), rows)
		require.Equal(t, rows, b.copied(fmt.Sprintf("results-%d.csv", i)))
	}
	require.Equal(t, rows, made)
	b.requireEachOnce(rows)
	require.Equal(t, rows, b.copyRequests(), "the server refused none")
}

// startPostgres starts a PostgreSQL that ends with the test, and returns its URL.
func startPostgres(t *testing.T) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("left out: PostgreSQL is not installed (no initdb), so nothing is tested of --ledger postgres://")
	}
	dir, err := os.MkdirTemp("", "agentcopy-pg-") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // as which it refuses to run
		who, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("left out: PostgreSQL does not run as root, and there is no user postgres")
		}
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(filepath.Dir(slices.Max(found)), name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		return cmd
	}
	out, err := command("initdb", "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)
	port := freePort(t)
	server := command("postgres", "-D", dir+"/data", "-k", dir, "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1")
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // its fast shutdown
		_ = server.Wait()
	})
	place := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	db, err := sql.Open("pgx", place)
	require.NoError(t, err)
	defer db.Close()
	until(t, "PostgreSQL", func() bool { return db.Ping() == nil })
	return place
}

// startRedis starts a Redis that ends with the test, and returns its URL. It has an
// append-only file: without, the limiter takes it for one that has lost its data.
func startRedis(t *testing.T) string {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("left out: redis-server is not installed, so nothing is tested of --limiter redis://")
	}
	port := freePort(t)
	server := exec.Command(path, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "yes")
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	ready := false
	for log := bufio.NewScanner(out); !ready && log.Scan(); {
		ready = strings.Contains(log.Text(), "Ready to accept connections")
	}
	require.True(t, ready, "redis-server did not start")
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return fmt.Sprintf("redis://127.0.0.1:%d", port)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Nothing repeats the passwords of a command line.
func TestPasswordsOfURLs(t *testing.T) {
	b := newBench(t)
	b.tenants(1)
	place := "postgres://me:" + secret + "@127.0.0.1:1/copies?sslmode=disable&connect_timeout=1"
	var processes []*process
	for _, args := range [][]string{
		{"run", "tenants.csv", "--ledger", place}, {"run", "tenants.csv", "--ledger", place, "--json"}, {"status", "tenants.csv", "--ledger", place},
		{"run", "tenants.csv", "--limiter", "redis://:" + secret + "@127.0.0.1:1"}, {"run", "tenants.csv", "--limiter", "redis://:" + secret + "@127.0.0.1:x"},
	} {
		processes = append(processes, b.start(args...))
	}
	for _, p := range processes {
		p.ends(2) // which looks for the secret in what was said
	}
}
