//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/testserver"
)

// Three processes, as on three machines, work on one manifest. The server allows 20
// copies in any two seconds.
func TestThreeProcessesShareAManifest(t *testing.T) {
	postgres, redis := startServers(t)
	t.Parallel()
	b := startBench(t, 20, 2*time.Second)
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

// startServers starts a PostgreSQL and a Redis that end with the test, and returns their
// URLs. Redis has an append-only file: without, the limiter takes it for one that has lost
// its data.
func startServers(t *testing.T) (postgres, redis string) {
	if !testserver.HavePostgres() {
		t.Skip("left out: PostgreSQL is not installed (no initdb), so nothing is tested of --ledger postgres://")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("left out: redis-server is not installed, so nothing is tested of --limiter redis://")
	}
	return testserver.StartPostgres(t).URL(), "redis://" + testserver.StartRedis(t, "--appendonly", "yes").Addr
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
