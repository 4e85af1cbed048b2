package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// unsettled leaves a key behind whose outcome is unknown: the run was killed
// while the request was under way. made says whether the vendor made the copy.
func (b *bench) unsettled(made bool) (key string) {
	b.t.Helper()
	b.tenants(1)
	fault := agentcopytest.Fault{Delay: time.Minute, Drop: true}
	fault.AfterCopy = made
	b.kolena.Inject(fault)
	p := b.start("run", "tenants.csv")
	require.Eventually(b.t, func() bool { return b.copyRequests() == 1 }, 10*time.Second, 5*time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	require.NoError(b.t, p.Process.Kill())
	p.ends(-1)
	key = fmt.Sprintf("kolena/%s/Tenant 01", b.source)
	require.Contains(b.t, b.run(0, "status", "tenants.csv").out.String(), key)
	return key
}

func TestResolveByLooking(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.unsettled(true)
	p := b.run(0, "resolve", key, "tenants.csv", "--settle", "2s")
	require.Contains(t, p.out.String(), key+": copied, as "+b.kolena.Copies()[0].ID)
	require.Contains(t, b.run(0, "resolve", key, "tenants.csv").out.String(), "copied already")
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(1)
	require.Equal(t, 1, b.copyRequests())
}

func TestResolveWhereThereIsNothingToSee(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.unsettled(false)
	p := b.run(0, "resolve", key, "tenants.csv", "--settle", "500ms")
	require.Contains(t, p.out.String(), "no copy is to be seen; the next run makes one")
	require.Equal(t, 1, b.copyRequests(), "a look sends nothing")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "0 copied, 0 not settled")
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(1)
}

func TestResolveByTheOperatorsWord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.unsettled(true)
	b.env = b.env[:3] // a word needs no key
	require.Contains(t, b.run(0, "resolve", key, "tenants.csv", "--copied", "4711").out.String(), key+": copied, as 4711")
	status := b.run(0, "status", "--ledger", "tenants.ledger.db", "--json").out.String()
	require.Contains(t, status, `"state":"copied"`)
	require.Contains(t, status, `"id":"4711"`)
	require.Contains(t, b.run(2, "resolve", key, "tenants.csv", "--not-copied").errOut.String(), "its copy is 4711")
	require.Contains(t, b.run(2, "resolve", "kolena/1/x", "tenants.csv").errOut.String(), "the ledger has no key")
	b.run(2, "resolve", key, "tenants.csv", "--not-copied", "--copied", "1")
}

func TestResolveNotCopied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.unsettled(false)
	require.Contains(t, b.run(0, "resolve", key, "tenants.csv", "--not-copied").out.String(), "the next run makes the copy")
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(1)
}

func TestResolveNeedsTheSamePlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.unsettled(true)
	b.env = append(b.env, "KOLENA_API_URL=http://127.0.0.1:9")
	p := b.run(2, "resolve", key, "tenants.csv")
	require.Contains(t, p.errOut.String(), "the environment points to http://127.0.0.1:9")
	require.NotContains(t, strings.ToLower(p.errOut.String()), "bearer")
}

// Kolena's Copier looks in the workspace that the row names, so a look without
// the row would look elsewhere.
func TestResolveNeedsTheRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("m.csv", "provider,source_id,name,key,target_workspace_id\nkolena,"+b.source+",Tenant 1,one,7\n")
	b.kolena.Inject(agentcopytest.Fault{Status: 200, Body: "{}"}) // copied, it says
	b.run(3, "run", "m.csv", "--settle", "100ms")
	p := b.run(2, "resolve", "one", "--ledger", "m.ledger.db")
	require.Contains(t, p.errOut.String(), `the copy was asked for with {"name":"","target_workspace_id":7}`)
	p = b.run(3, "resolve", "one", "m.csv", "--settle", "100ms")
	require.Contains(t, p.errOut.String(), "say --copied ID; if there is none, --not-copied")
	require.Contains(t, b.run(0, "status", "m.csv").out.String(), "unseen")
}

func TestALedgerHasOneUser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(2)
	b.slow(2, time.Minute)
	p := b.start("run", "tenants.csv")
	require.Eventually(t, func() bool { return b.copyRequests() == 2 }, 10*time.Second, 5*time.Millisecond)
	for _, args := range [][]string{{"run", "tenants.csv"}, {"status", "tenants.csv"}, {"resolve", "x", "tenants.csv"}} {
		require.Contains(t, b.run(2, args...).errOut.String(), "tenants.ledger.db is in use by another agentcopy")
	}
	require.NoError(t, p.Process.Kill())
	p.ends(-1)
}
