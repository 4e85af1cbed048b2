//go:build unix

package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

func TestASignalFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for sig, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		t.Run(sig.String(), func(t *testing.T) {
			b := newBench(t)
			b.tenants(40)
			b.held(4)
			p := b.start("run", "tenants.csv", "--concurrency", "2")
			b.copiesAre(4)
			require.NoError(t, p.Process.Signal(sig))
			p.ends(code)
			require.Contains(t, p.errOut.String(), "Once more stops at once")
			require.Contains(t, p.out.String(), "were not sent.\nTo go on: agentcopy run tenants.csv")
			made := len(b.kolena.Copies())
			require.Less(t, made, 40)
			for _, r := range b.results("tenants.results.csv") {
				require.Contains(t, []string{"copied", "not_started"}, r["status"])
			}
			require.Equal(t, made, b.copied("tenants.results.csv"), "each copy on the server is known: %s", &p.out)
			require.Equal(t, made, b.copyRequests())
			b.run(0, "run", "tenants.csv", "--concurrency", "12")
			b.requireEachOnce(40)
			require.Equal(t, 40, b.copyRequests(), "nothing was sent twice")
		})
	}
}

// What waits for the limiter could wait for an hour, and is withdrawn instead.
func TestASignalDoesNotWaitForTheLimit(t *testing.T) {
	b := newBench(t)
	b.tenants(10)
	p := b.start("run", "tenants.csv", "--limit", "kolena=3/1h")
	status := ""
	until(t, "the run's own knowledge of its copies", func() bool {
		p := b.command("status", "tenants.csv")
		_ = p.Run() // it fails as long as there is no ledger
		status = p.out.String()
		return strings.Contains(status, "3 copied")
	})
	require.Regexp(t, `7 not started \(\d of them at work\)`, status, "while the run is on")
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	p.ends(143)
	require.Contains(t, p.out.String(), "3 copied, 7 not started")
	require.Equal(t, "10 rows: 3 copied, 7 not started\n", b.run(0, "status", "tenants.csv").out.String())
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(10)
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	b := newBench(t)
	b.tenants(4)
	b.inject(4, agentcopytest.Fault{AfterCopy: true, Delay: time.Hour}) // the copies are made, the answers never come
	p := b.start("run", "tenants.csv")
	b.copiesAre(4)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.says("Once more stops at once")
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.ends(130)
	require.Contains(t, p.out.String(), "4 are in doubt")
	require.Contains(t, p.out.String(), "4 in doubt, kolena: stopped")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "0 copied, 4 in doubt")
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(4)
	require.Equal(t, 4, b.copyRequests(), "the copies were found")
}

// Under nohup, a closed terminal does not stop the run.
func TestAnIgnoredSignal(t *testing.T) {
	b := newBench(t)
	b.tenants(8)
	b.inject(8, agentcopytest.Fault{Delay: time.Second})
	p := b.command()
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec ` + program + ` run tenants.csv --concurrency 4`}
	require.NoError(t, p.Start())
	until(t, "the first request", func() bool { return b.copyRequests() > 0 })
	require.NoError(t, p.Process.Signal(syscall.SIGHUP))
	p.ends(0)
	b.requireEachOnce(8)
}

// AGENTCOPY_KILLS=20 AGENTCOPY_ROWS=1200 is the long form.
func TestKilledAndRunAgain(t *testing.T) {
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

func TestAClosedPipeDoesNotEndTheRun(t *testing.T) {
	b := newBench(t)
	b.tenants(20)
	p := b.command("run", "tenants.csv", "--json")
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p.Stdout, p.Stderr = w, w
	require.NoError(t, p.Start())
	require.NoError(t, w.Close())
	_, err = io.ReadFull(r, make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	p.ends(0)
	b.requireEachOnce(20)
	require.Len(t, b.results("tenants.results.csv"), 20)
}

func TestOnATerminal(t *testing.T) {
	b := newBench(t)
	b.tenants(40)
	b.held(4)
	screen := b.terminal(110, "run", "tenants.csv", "--concurrency", "2")
	screen.says("left")
	_, err := screen.tty.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	screen.says("Stopping")
	screen.ends(130)
	require.Contains(t, screen.out.String(), "[=", "a bar")

	screen = b.terminal(40, "run", "tenants.csv", "--concurrency", "12")
	screen.ends(0)
	require.Contains(t, screen.out.String(), "40 copied")
	b.requireEachOnce(40)
	b.env = append(b.env, "TERM=dumb")
	screen = b.terminal(40, "run", "tenants.csv", "--ledger", "tenants.ledger.db")
	screen.ends(0)
	require.NotContains(t, screen.out.String(), "\x1b")
}

// A lost terminal ends no request: the results are written.
func TestALostTerminal(t *testing.T) {
	b := newBench(t)
	b.tenants(40)
	b.held(4)
	screen := b.terminal(80, "run", "tenants.csv", "--concurrency", "2")
	b.copiesAre(2)
	require.NoError(t, screen.tty.Close())
	screen.process.ends(129)
	require.Equal(t, len(b.kolena.Copies()), b.copied("tenants.results.csv"))
}

// screen is the tool at work on a terminal.
type screen struct {
	*process
	tty  *os.File
	read chan struct{}
}

func (b *bench) terminal(columns uint16, args ...string) *screen {
	p := b.command(args...)
	p.Stdout, p.Stderr = nil, nil // pty.Start sets them
	tty, err := pty.StartWithSize(p.Cmd, &pty.Winsize{Rows: 24, Cols: columns})
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

// What concerns every row of a vendor halts its lane, and the others go on.
func TestBreakers(t *testing.T) {
	t.Parallel()
	base := func(url string) func(*bench) { return func(b *bench) { b.env = append(b.env, "KOLENA_API_URL="+url) } }
	server := func(s *httptest.Server) func(*bench) {
		t.Cleanup(s.Close)
		return base(s.URL)
	}
	label := strings.Repeat("a", 64) // which is too long for a name, so no resolver is asked
	another := agentcopytest.NewKolena(agentcopytest.WithCredential("another one"))
	t.Cleanup(another.Close)
	for _, tc := range []struct {
		name, cause, advice string
		prepare             func(*bench)
	}{
		{"401", "3 times in a row: 401 Unauthorized", "check the key in the environment", base(another.URL())},
		{"403", "3 times in a row: 403 Forbidden", "the key lacks the right", func(b *bench) {
			b.inject(40, agentcopytest.Fault{Status: 403, Body: `{"detail":"not for this key"}`})
		}},
		{"404 of the endpoint", "404 Not Found, from something that is not the vendor's API", "check the base URL", server(httptest.NewServer(http.NotFoundHandler()))},
		{"DNS", "DNS: there is no address of " + label, "check the base URL and the network", base("https://" + label)},
		{"TLS", "TLS: the server's certificate is not accepted", "add its certificate to the system's", server(httptest.NewTLSServer(http.NotFoundHandler()))},
		{"nobody there", "no connection to the server", "check the base URL and the network", base("http://127.0.0.1:1")},
		{"400 for each row", "20 times in a row: 400 Bad Request", "check the rows", func(b *bench) {
			b.inject(40, agentcopytest.Fault{Status: 400, Body: `{"detail":"no"}`})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			zudu, support := b.vendor("zudu")
			b.env = append(b.env, "GODEBUG=netdns=go")
			tc.prepare(b)
			b.tenants(40)
			b.write("tenants.csv", b.read("tenants.csv")+"zudu,"+support+",Berlin\n")
			p := b.run(1, "run", "tenants.csv", "--concurrency", "2")
			require.Contains(t, p.errOut.String(), "kolena: halted: ")
			for _, want := range []string{
				tc.cause, tc.advice, "were not sent.\nTo go on: agentcopy run tenants.csv",
				"Fix the causes, then: agentcopy run tenants.csv --concurrency 2 --failed",
			} {
				require.Contains(t, p.out.String(), want)
			}
			require.Len(t, zudu.Copies(), 1)
			require.Empty(t, b.kolena.Copies())
			require.Less(t, b.copyRequests(), 30)
		})
	}
}

// Rows whose outcome is unknown count too, and the lane ends without an hour of looks.
func TestABrokenVendorHalts(t *testing.T) {
	b := newBench(t)
	b.tenants(40)
	b.inject(40, agentcopytest.Fault{Status: 500})
	p := b.run(3, "run", "tenants.csv", "--settle", "1h", "--concurrency", "16")
	require.Contains(t, p.out.String(), "10 times in a row: 500 Internal Server Error; the vendor has a problem")
	require.Contains(t, p.out.String(), "are in doubt")
}

// A ledger that cannot be written stops everything: nothing is sent that it does not
// remember. The results say what is known.
func TestAFullDisk(t *testing.T) {
	b := newBench(t)
	b.tenants(400)
	p := b.command()
	// A file can grow to 256 blocks, of 512 or 1024 bytes: more than an empty ledger
	// needs, and less than this one.
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", "ulimit -f 256; exec " + program + " run tenants.csv --limit kolena=1000/1s"}
	require.NoError(t, p.Start())
	_ = p.Wait()
	require.Contains(t, []int{1, 3}, p.ProcessState.ExitCode(), p.said())
	require.Contains(t, p.out.String(), "3 times in a row: the ledger fails; is its disk full")
	require.Contains(t, p.out.String(), "To go on: agentcopy run tenants.csv")
	b.run(0, "run", "tenants.csv", "--limit", "kolena=1000/1s")
	b.requireEachOnce(400)
	require.Equal(t, 400, b.copyRequests(), "nothing was sent that the ledger did not remember")
}

// The run succeeds although its results cannot be written, and says so.
func TestResultsOnAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("left out: this system has no /dev/full")
	}
	b := newBench(t)
	b.tenants(3)
	p := b.run(1, "run", "tenants.csv", "--results", "/dev/full")
	require.Contains(t, p.errOut.String(), "the results could not be written: ")
	require.Contains(t, p.errOut.String(), "agentcopy status has them from the ledger")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "3 copied")
}
