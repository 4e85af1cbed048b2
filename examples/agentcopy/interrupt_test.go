package main

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// slow is a vendor that takes its time for each of n copies.
func (b *bench) slow(n int, each time.Duration) {
	b.kolena.Inject(repeated(n, agentcopytest.Fault{Delay: each})...)
}

func TestInterruptFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(40)
	b.slow(40, 300*time.Millisecond)
	p := b.start("run", "tenants.csv", "--concurrency", "2")
	p.says("[ 4/40]")
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.ends(130)
	require.Contains(t, p.out.String(), "Ctrl-C again stops at once")
	require.Contains(t, p.out.String(), "were not sent. Run it again to go on")
	made := len(b.kolena.Copies())
	require.Less(t, made, 12)
	copied := 0
	for _, r := range b.results("tenants.results.csv") {
		require.Contains(t, []string{"copied", "not_started"}, r["status"])
		if r["status"] == "copied" {
			copied++
		}
	}
	require.Equal(t, made, copied, "each copy on the server is known: %s", &p.out)
	require.Equal(t, made, b.copyRequests())

	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(40)
	require.Equal(t, 40, b.copyRequests(), "nothing was sent twice")
}

// What waits for the limiter could wait for a minute, and is withdrawn instead.
func TestInterruptDoesNotWaitForTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(10)
	p := b.start("run", "tenants.csv", "--limit", "kolena=3/1h")
	p.says("[ 3/10]")
	begun := time.Now()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	p.ends(130)
	require.Less(t, time.Since(begun), 30*time.Second)
	require.Contains(t, p.out.String(), "3 copied, 7 not started")

	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "3 copied, 0 not settled")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "7 rows are not begun")
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(10)
}

func TestSecondInterruptStopsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(4)
	b.slow(4, 8*time.Second)
	p := b.start("run", "tenants.csv")
	require.Eventually(t, func() bool { return b.copyRequests() == 4 }, 10*time.Second, 5*time.Millisecond)
	begun := time.Now()
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.says("Ctrl-C again")
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.ends(130)
	require.Less(t, time.Since(begun), 6*time.Second, "those under way take eight")
	require.Contains(t, p.out.String(), "4 may have been copied")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "0 copied, 4 not settled")

	b.run(0, "run", "tenants.csv", "--settle", "20s")
	b.requireEachOnce(4)
	require.Equal(t, 4, b.copyRequests(), "the copies showed while it looked for them")
}

func TestKilledAndRunAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(30)
	b.slow(30, 200*time.Millisecond)
	for range 3 {
		p := b.start("run", "tenants.csv", "--settle", "1s", "--concurrency", "4")
		before := len(b.kolena.Copies())
		require.Eventually(t, func() bool { return len(b.kolena.Copies()) >= before+5 }, 10*time.Second, 5*time.Millisecond)
		require.NoError(t, p.Process.Kill())
		p.ends(-1)
	}
	b.run(0, "run", "tenants.csv", "--settle", "1s")
	b.requireEachOnce(30)
	b.requireNoSecret()
}

func TestOnATerminal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(40)
	b.slow(40, 200*time.Millisecond)
	screen := b.terminal("run", "tenants.csv", "--concurrency", "2")
	screen.says("/40")
	screen.says("left")
	_, err := screen.tty.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	screen.says("Stopping")
	screen.ends(130)
	require.Contains(t, screen.out.String(), "[=", "a bar")

	screen = b.terminal("run", "tenants.csv")
	screen.ends(0)
	require.Contains(t, screen.out.String(), "40/40")
	b.requireEachOnce(40)

	require.NotContains(t, b.run(0, "run", "tenants.csv").out.String(), "\x1b", "no escapes where there is no terminal")
}

// screen is the tool at work on a terminal.
type screen struct {
	*process
	tty  *os.File
	read chan struct{}
}

func (b *bench) terminal(args ...string) *screen {
	p := b.command(args...)
	p.Stdout, p.Stderr = nil, nil // pty.Start sets them
	tty, err := pty.StartWithSize(p.Cmd, &pty.Winsize{Rows: 24, Cols: 110})
	require.NoError(b.t, err)
	s := &screen{p, tty, make(chan struct{})}
	b.t.Cleanup(func() { _ = p.Process.Kill(); _ = tty.Close() })
	go func() {
		defer close(s.read)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			_, _ = s.out.Write(buf[:n])
			if err != nil { // at the end, a pseudo-terminal gives EIO
				return
			}
		}
	}()
	return s
}

func (s *screen) ends(code int) {
	s.t.Helper()
	<-s.read
	s.process.ends(code)
}
