package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestRunAndRunAgain(t *testing.T) {
	b := newBench(t)
	b.tenants(12)
	b.kolena.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}, agentcopytest.Fault{Status: 502, AfterCopy: true})
	first := b.run(0, "run", "tenants.csv", "--settle", "1s")
	require.Contains(t, first.out.String(), "12 rows: 12 copied (2 of them before, or found).")
	b.requireEachOnce(12)
	requests := b.copyRequests()
	results := b.results("tenants.results.csv")
	require.Len(t, results, 12)
	require.Equal(t, "copied", results["Tenant 07"]["status"])
	require.NotEmpty(t, results["Tenant 07"]["copy_id"])

	again := b.run(0, "run", "tenants.csv")
	require.Contains(t, again.out.String(), "12 copied (12 of them before, or found)")
	require.Equal(t, requests, b.copyRequests(), "nothing is sent again")
	require.Equal(t, results["Tenant 07"]["copy_id"], b.results("tenants.results.csv")["Tenant 07"]["copy_id"])

	b.run(0, "run", "tenants.results.csv", "--results", "second.csv")
	require.Equal(t, requests, b.copyRequests(), "results are a manifest")
	b.requireNoSecret()
}

func TestSeveralVendors(t *testing.T) {
	b := newBench(t)
	zudu, support := b.vendor("zudu")
	cotool, triage := b.vendor("cotool")
	langsmith, research := b.vendor("langsmith")
	b.write("all.jsonl", strings.Join([]string{
		fmt.Sprintf(`{"provider":"zudu","source_id":%q,"name":"Berlin"}`, support),
		fmt.Sprintf(`{"provider":"cotool","source_id":%q}`, triage),
		fmt.Sprintf(`{"provider":"langsmith","source_id":%q,"name":"EU law","permissions_visibility":"user","user_timezone":"Europe/Berlin"}`,
			research),
		fmt.Sprintf(`{"provider":"kolena","source_id":%s,"name":"Hamburg","target_folder_id":7,"key":"the one in Hamburg","region":"north","size":5,"tags":["a",{"b":null}],"big":12345678901234567890}`, b.source),
	}, "\n"))
	b.run(0, "run", "all.jsonl")
	for _, s := range []*agentcopytest.Server{zudu.Server, cotool.Server, langsmith.Server, b.kolena.Server} {
		require.Len(t, s.Copies(), 1)
	}
	require.Contains(t, string(b.kolena.Requests()[0].Body), `"target_folder_id":7`)
	lines := strings.Split(strings.TrimSpace(b.read("all.results.jsonl")), "\n")
	require.Len(t, lines, 4)
	var entry map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[3]), &entry))
	require.Equal(t, "the one in Hamburg", entry["key"])
	require.Contains(t, lines[3], `"big":12345678901234567890,`, "other columns keep their types")
	require.Contains(t, lines[3], `"region":"north","size":5,"source_id":`+b.source+`,`)
	require.Contains(t, lines[3], `"tags":["a",{"b":null}]`)
	b.run(0, "run", "all.results.jsonl", "--results", "again.csv")
	require.Contains(t, b.read("again.csv"), `"[""a"",{""b"":null}]"`)
	require.Equal(t, b.kolena.Copies()[0].ID, entry["copy_id"])
}

func TestPlanSendsNothingAndLeavesNothingBehind(t *testing.T) {
	b := newBench(t)
	b.tenants(121)
	withKey := b.env
	b.env = b.env[:3]
	p := b.run(0, "plan", "tenants.csv")
	require.Contains(t, p.out.String(), "121 rows: 0 copied, 121 not started")
	require.Contains(t, p.out.String(), "takes 2m2s, plus")
	require.Contains(t, p.out.String(), "The environment lacks KOLENA_API_KEY.")
	entries, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "the manifest")
	require.Contains(t, b.run(2, "run", "tenants.csv").errOut.String(), "the environment lacks KOLENA_API_KEY; nothing was sent")
	require.Contains(t, b.run(0, "run", "-n", "tenants.csv", "--json", "--limit", "kolena=10/1m").out.String(), `"expected_seconds":720`)
	require.Empty(t, b.kolena.Requests())

	b.env = withKey
	b.tenants(3)
	b.run(0, "run", "tenants.csv")
	b.write("tenants.csv", "provider,source_id,name\nkolena,"+b.source+",Tenant 01\nkolena,"+b.source+",New\n")
	p = b.run(0, "plan", "tenants.csv")
	require.Contains(t, p.out.String(), "2 rows: 1 copied, 1 not started; 2 more in the ledger")
	require.Contains(t, p.out.String(), b.kolena.URL())
}

// A key stands for one copy as long as the ledger lasts.
func TestReusedKeysAreFoundBeforeAnythingIsSent(t *testing.T) {
	b := newBench(t)
	row := func(source, name, folder string) string {
		return "provider,source_id,name,key,target_folder_id\nkolena," + source + "," + name + ",k," + folder + "\n"
	}
	b.write("m.csv", row(b.source, "A", "7"))
	b.run(0, "run", "m.csv")
	b.write("m.csv", row("0"+b.source, "A", "7"))
	b.run(0, "run", "m.csv") // the same ID
	for want, content := range map[string]string{"another copy": row(b.source, "B", "7"), "other values": row(b.source, "A", "8")} {
		b.write("m.csv", content)
		require.Contains(t, b.run(2, "run", "m.csv").errOut.String(), want)
		require.Contains(t, b.run(2, "plan", "m.csv").errOut.String(), want)
	}
	require.Len(t, b.kolena.Copies(), 1)
}

func TestALedgerKnowsItsAccount(t *testing.T) {
	b := newBench(t)
	b.tenants(3)
	b.run(0, "run", "tenants.csv")
	b.env = append(b.env, "KOLENA_API_KEY=another-key")
	p := b.run(2, "run", "tenants.csv")
	require.Contains(t, p.errOut.String(), "--same-account")
	require.Contains(t, b.run(2, "plan", "tenants.csv").errOut.String(), "--same-account")
	require.Contains(t, b.run(0, "run", "tenants.csv", "--same-account").out.String(), "3 copied (3 of them")
	b.run(0, "run", "tenants.csv") // from now on, it knows both
	b.env = append(b.env, "KOLENA_API_KEY="+secret)
	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(3)
	b.requireNoSecret()
}

func TestALostLedgerStopsTheRun(t *testing.T) {
	b := newBench(t)
	b.tenants(3)
	b.run(0, "run", "tenants.csv")
	for _, name := range []string{"tenants.ledger.db", "tenants.ledger.db-wal", "tenants.ledger.db-shm"} {
		_ = os.Remove(filepath.Join(b.dir, name))
	}
	require.Contains(t, b.run(2, "run", "tenants.csv").errOut.String(), "--adopt")
	require.Contains(t, b.run(0, "run", "tenants.csv", "--adopt").out.String(), "3 copied (3 of them")
	b.requireEachOnce(3)
}

func retryAfter(seconds string) agentcopytest.Fault {
	return agentcopytest.Fault{Status: 429, Header: map[string][]string{"Retry-After": {seconds}}}
}

func TestWhatAVendorAsksForIsWaitedOut(t *testing.T) {
	b := newBench(t)
	b.tenants(10)
	b.inject(1, retryAfter("3"))
	p := b.run(0, "run", "tenants.csv", "--stats", "100ms")
	require.Contains(t, p.errOut.String(), "kolena: told to slow down (429 or Retry-After): waits 3s")
	require.Regexp(t, `kolena: [1-9]\d* of 10 rows to go after .*: waits [123]s, left [1-9]`, p.errOut.String())
	b.requireEachOnce(10)

	b.write("more.csv", "provider,source_id,name\nkolena,"+b.source+",More\n")
	b.inject(1, retryAfter("600"))
	p = b.run(1, "run", "more.csv", "--max-wait", "1m")
	require.Contains(t, p.out.String(), "longer than --max-wait 1m")
	require.Contains(t, p.out.String(), "1 not started")
}

// Each refusal costs what the vendor asks for, and no rest beyond that: twelve rests of
// the limiter's own would take seven minutes, and b.run waits for two.
func TestManyRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rows, refusals int
		refusal        agentcopytest.Fault
	}{
		"with a time":    {10, 12, retryAfter("1")},
		"without a time": {3, 6, agentcopytest.Fault{Status: 429}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.tenants(tc.rows)
			b.inject(tc.refusals, tc.refusal)
			b.run(0, "run", "tenants.csv", "--json")
			require.Equal(t, tc.rows+tc.refusals, b.copyRequests())
			b.requireEachOnce(tc.rows)
		})
	}
}

func TestFailuresAreGroupedRememberedAndTriedAlone(t *testing.T) {
	b := newBench(t)
	b.write("m.csv", "provider,source_id,name\nkolena,"+b.source+",Tenant 1\nkolena,999998,Tenant 2\nkolena,999999,Tenant 3\n")
	p := b.run(1, "run", "m.csv")
	require.Contains(t, p.out.String(), "2 failed, kolena: 404 Not Found (lines 3, 4)")
	require.Equal(t, "failed", b.results("m.results.csv")["Tenant 2"]["status"])
	require.Contains(t, b.run(0, "status", "m.csv").out.String(), "1 copied, 2 failed")
	require.Equal(t, 2, strings.Count(b.run(0, "plan", "m.csv", "--json").out.String(), `"cause":"404 Not Found"`), "remembered")
	b.write("m.csv", b.read("m.csv")+"kolena,"+b.source+",Tenant 4\n")
	sent := b.copyRequests()
	b.run(1, "run", "m.csv", "--failed")
	require.Equal(t, sent+2, b.copyRequests())
	require.Len(t, b.kolena.Copies(), 1)
}

func TestWhatTheVendorSaysItCopiedIsNotSentAgain(t *testing.T) {
	b := newBench(t)
	b.tenants(2)
	b.inject(1, agentcopytest.Fault{Status: 200, Body: `{"name":"which one?"}`})
	p := b.start("run", "tenants.csv", "--settle", "300ms", "--concurrency", "1", "--stats", "100ms")
	p.says("2 of 2 rows to go after")
	p.says("looks for 1, left")
	until(t, "the fourth look", func() bool { return len(b.kolena.Requests()) >= 5 })
	require.NoError(t, p.Process.Signal(os.Interrupt))
	p.ends(130)
	require.Contains(t, p.out.String(), "1 in doubt")
	require.Equal(t, "in_doubt", b.results("tenants.results.csv")["Tenant 01"]["status"])
	require.Equal(t, 1, b.copyRequests())
}

func TestBadCommandLines(t *testing.T) {
	b := newBench(t)
	b.tenants(1)
	for _, args := range [][]string{
		{"run"}, {"run", "missing.csv"}, {"run", "tenants.csv", "--settle", "0s"}, {"run", "tenants.csv", "--concurrency", "0"},
		{"run", "tenants.csv", "--limit", "kolena"}, {"run", "tenants.csv", "--limit", "acme=1/1s"}, {"run", "tenants.csv", "--json", "--plain"},
		{"run", "tenants.csv", "--results", "tenants.csv"}, {"run", "tenants.csv", "--key", "x"}, {"fly"}, {"run", "tenants.csv", "-q", "-v"},
		{"run", "tenants.csv", "--results", "no/such/folder.csv"}, {"run", "tenants.csv", "--ledger", "no/such/folder.db"},
		{"plan", "tenants.csv", "--results", "no/such/folder.csv"}, {"run", "tenants.csv", "--limiter", "http://x"},
		{"run", "tenants.csv", "--log-file", "no/such/file"}, {"run", "tenants.csv", "--results", "."},
		{"status", "nowhere.csv"}, {"resolve", "nowhere.csv", "x"}, {"resolve"},
	} {
		p := b.run(2, args...)
		require.True(t, strings.HasPrefix(p.errOut.String(), "agentcopy: "), "%q: %s", args, &p.errOut)
	}
	b.env = append(b.env, "KOLENA_API_URL=http://example.com")
	require.Contains(t, b.run(2, "run", "tenants.csv").errOut.String(), "http")
	require.Empty(t, b.kolena.Requests())
	entries, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left behind: %v", entries)
}

func TestHelpAndVersion(t *testing.T) {
	b := newBench(t)
	help := b.run(0, "--help").out.String()
	for _, want := range []string{"agentcopy plan", "Exit codes:", "143", "KOLENA_API_KEY", "completion"} {
		require.Contains(t, help, want)
	}
	for _, column := range []string{"provider", "source_id", "permissions_visibility", "target_folder_id"} {
		require.Contains(t, b.run(0, "run", "--help").out.String(), column)
	}
	require.Contains(t, b.run(0, "completion", "bash").out.String(), "agentcopy")
	require.Contains(t, b.run(0, "version").out.String(), "go1.")
}

func TestOutput(t *testing.T) {
	b := newBench(t)
	b.write("m.jsonl", fmt.Sprintf(`{"provider":"kolena","source_id":%s,"name":"Tenant 1"}`, b.source))
	p := b.command("run", "-", "--json", "--results", "out.csv", "--log-file", "log")
	p.Stdin = strings.NewReader(b.read("m.jsonl"))
	require.NoError(t, p.Start())
	p.ends(0)
	require.Empty(t, p.errOut.String())
	lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `"event":"row","existing":false,"key":"kolena/\d+/Tenant 1","line":1,`, lines[0])
	require.Contains(t, lines[1], `"counts":{"copied":1}`)
	require.FileExists(t, filepath.Join(b.dir, "agentcopy.ledger.db"))
	require.Contains(t, b.read("log"), "sending the request", "what package once logs")
	require.Contains(t, b.read("log"), "status=200", "what the client logs")
	b.requireNoSecret()
	require.Empty(t, b.run(0, "run", "m.jsonl", "--quiet").said())

	b.tenants(1)
	p = b.run(0, "run", "tenants.csv", "--verbose")
	for _, want := range []string{"sending the request", "status=200", `kolena 1 "Tenant 01" -> `} {
		require.Contains(t, p.errOut.String(), want)
	}
	require.NotContains(t, p.errOut.String(), "time=", "each line has one time")
}

func TestEveryEventIsJSON(t *testing.T) {
	b := newBench(t)
	b.tenants(2)
	b.inject(1, retryAfter("2"))
	b.inject(1, agentcopytest.Fault{Status: 400, Body: `{"detail":"no"}`})
	out := b.run(1, "run", "tenants.csv", "--json", "--verbose", "--stats", "100ms", "--concurrency", "1").out.String()
	b.write("bad.csv", "provider,source_id,name\nkolena,x,A\n")
	out += b.run(2, "run", "bad.csv", "--json").out.String()
	out += b.run(2, "run", "nowhere.csv", "--json").out.String()
	out += b.run(0, "plan", "tenants.csv", "--json").out.String()
	out += b.run(0, "status", "tenants.csv", "--json").out.String()
	events := make(map[string]int)
	for line := range strings.Lines(out) {
		var event struct{ Event string }
		require.NoError(t, json.Unmarshal([]byte(line), &event), line)
		events[event.Event]++
	}
	for _, want := range []string{"row", "notice", "progress", "summary", "fault", "error", "plan"} {
		require.Positive(t, events[want], want)
	}
	require.Contains(t, out, `{"event":"fault","line":2,"column":"source_id","value":"x"`)
	require.Contains(t, out, `{"event":"error","exit_code":2,"text":"faults in the manifest: 1; nothing was sent"}`)
}

func TestResolve(t *testing.T) {
	b := newBench(t)
	b.tenants(3)
	var ids []string
	for i := range 3 { // made by hand, or by a run whose ledger is lost
		ids = append(ids, fmt.Sprint(b.kolena.AddAgent(kolena.Agent{Name: fmt.Sprintf("Tenant %02d", i+1)}).ID))
	}
	key := func(n int) string { return fmt.Sprintf("kolena/%s/Tenant %02d", b.source, n) }
	p := b.run(3, "run", "tenants.csv", "--adopt")
	require.Contains(t, p.out.String(), "3 need you to say which agent is the copy: agentcopy resolve tenants.csv KEY")
	require.Contains(t, b.run(0, "__complete", "resolve", "tenants.csv", "kolena/"+b.source+"/Tenant 03").out.String(), key(3)+"\n")
	require.Contains(t, b.run(2, "resolve", "tenants.csv", key(1), "--assign", "77777").errOut.String(), "--force")
	for n, id := range ids {
		shown := b.run(0, "resolve", "tenants.csv", key(n+1)).out.String()
		require.Contains(t, shown, key(n+1)+": ambiguous; sent 0 times\n  "+id+"  ")
	}
	for _, args := range [][]string{
		{"unknown key"}, {key(1), "--ledger", "none.db"}, {key(1), "--assign", ids[0], "--forget"}, {key(1), "--dismiss", ids[0], "--assign", ids[0]},
	} {
		b.run(2, append([]string{"resolve", "tenants.csv"}, args...)...)
	}
	require.Contains(t, b.run(0, "resolve", "tenants.csv", key(1), "--assign", ids[0]).out.String(), "copied, as "+ids[0])
	require.Contains(t, b.run(0, "resolve", "tenants.csv", key(2), "--dismiss", ids[1]).out.String(), "the next run goes on")
	require.Contains(t, b.run(0, "resolve", "tenants.csv", key(3), "--forget").out.String(), "the next run makes a copy")
	require.Contains(t, b.run(0, "resolve", "tenants.csv", key(1)).out.String(), "copied, as "+ids[0])
	require.Empty(t, b.kolena.Copies(), "nobody was asked")
	require.Contains(t, b.run(0, "status", "tenants.csv").out.String(), "1 copied, 2 not started")

	b.run(0, "run", "tenants.csv")
	b.requireEachOnce(2)
	results := b.results("tenants.results.csv")
	require.Equal(t, ids[0], results["Tenant 01"]["copy_id"])
	for _, c := range b.kolena.Copies() { // of Tenant 02 and Tenant 03
		require.Equal(t, c.ID, results[c.Name]["copy_id"])
	}
}
