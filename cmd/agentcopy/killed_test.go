package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// AGENTCOPY_KILLS=20 AGENTCOPY_ROWS=1200 is the long form.
func TestKilledAndRunAgain(t *testing.T) {
	t.Parallel()
	kills, rows := number("AGENTCOPY_KILLS", 3), number("AGENTCOPY_ROWS", 60)
	b := newBench(t)
	b.tenants(rows)
	b.inject(rows, agentcopytest.Fault{Delay: 100 * time.Millisecond})
	for range kills {
		p := b.start("run", "tenants.csv", "--settle", "1s", "--concurrency", "4", "--limit", "kolena=1000/1s")
		b.copiesAre(min(rows, len(b.kolena.Copies())+rows/(2*kills)))
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		require.NoError(t, p.Process.Kill())
		p.ends(-1)
	}
	b.run(0, "run", "tenants.csv", "--settle", "1s", "--limit", "kolena=1000/1s")
	b.requireEachOnce(rows)
	require.Len(t, b.results("tenants.results.csv"), rows)
	require.Equal(t, rows, b.copied("tenants.results.csv"), "no row is lost")
	b.requireNoSecret()
	t.Logf("%d kills, %d rows, %d requests, %d copies, 0 double, 0 lost", kills, rows, b.copyRequests(), len(b.kolena.Copies()))
}
