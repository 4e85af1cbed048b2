//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// AGENTCOPY_FIGURES=2000 measures how many rows a run makes in a second, and
// AGENTCOPY_LARGE=100000 what a large manifest needs.
func TestFigures(t *testing.T) {
	t.Parallel()
	rows := number("AGENTCOPY_FIGURES", 50)
	for _, concurrency := range []int{8, 64} {
		b := startBench(t, 1000, time.Second)
		b.tenants(rows)
		begun := time.Now()
		b.run(0, "run", "tenants.csv", "--limit", "kolena=1000/1s", "--concurrency", fmt.Sprint(concurrency))
		b.requireEachOnce(rows)
		t.Logf("concurrency %d: %.0f rows a second", concurrency, float64(rows)/time.Since(begun).Seconds())
	}
	rows = number("AGENTCOPY_LARGE", 300)
	b := startBench(t, 1000, time.Second)
	b.tenants(rows)
	for _, args := range [][]string{{"plan", "tenants.csv"}, {"run", "tenants.csv", "--limit", "kolena=1000/1s", "--concurrency", "64"}, {"run", "tenants.csv"}} {
		begun := time.Now()
		p := b.command(args...)
		require.NoError(t, p.Run(), "%s", &p.errOut)                       // it may take long
		memory := p.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10 // in KB, on Linux
		t.Logf("%s, %d rows: %v, %d MB", args[0], rows, time.Since(begun).Round(time.Second/10), memory)
	}
}

// AGENTCOPY_RECORD=recording.cast records this run for asciinema; svg-term makes the
// picture of the README from it.
func TestRecording(t *testing.T) {
	b := newBench(t)
	other, support := b.vendor("zudu")
	b.tenants(48)
	manifest := b.read("tenants.csv") + "kolena,9999,Tenant 49\n"
	for i := range 24 {
		manifest += fmt.Sprintf("zudu,%s,Support %02d\n", support, i+1)
	}
	b.write("tenants.csv", manifest)
	pass := agentcopytest.Fault{Delay: 250 * time.Millisecond}
	b.inject(14, pass)
	b.inject(1, retryAfter("2"))
	b.inject(10, pass)
	b.inject(1, agentcopytest.Fault{Drop: true, AfterCopy: true})
	b.inject(40, pass)
	for range 24 {
		other.Inject(pass)
	}
	const columns = 116
	begun, shown := time.Now(), 0
	run := b.terminal(columns, "run", "tenants.csv", "--concurrency", "3")
	recording := fmt.Sprintf(`{"version": 2, "width": %d, "height": 24}`+"\n", columns)
	for over := false; !over; {
		select {
		case <-run.read:
			over = true
		case <-time.After(100 * time.Millisecond):
		}
		text := run.out.String()
		event, err := json.Marshal([]any{time.Since(begun).Seconds(), "o", text[shown:]})
		require.NoError(t, err)
		recording, shown = recording+string(event)+"\n", len(text)
	}
	run.ends(1)
	require.Contains(t, run.out.String(), "73 rows: 72 copied (1 of them before, or found), 1 failed.")
	require.NotContains(t, recording, b.dir)
	require.NotContains(t, recording, "127.0.0.1")
	if path := os.Getenv("AGENTCOPY_RECORD"); path != "" {
		require.NoError(t, os.WriteFile(path, []byte(recording), 0o644))
	}
}
