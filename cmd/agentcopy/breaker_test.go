//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

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
			t.Parallel()
			b := newBench(t)
			zudu, support := b.zudu()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
