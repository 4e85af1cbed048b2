package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func TestRunAndRunAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(12)
	b.kolena.Inject(
		agentcopytest.Fault{Drop: true, AfterCopy: true},
		agentcopytest.Fault{Truncate: 10},
		agentcopytest.Fault{Status: 502, AfterCopy: true},
	)
	first := b.run(0, "run", "tenants.csv")
	require.Contains(t, first.out.String(), "12 to copy: 12 copied (3 of them by an earlier run, or found).")
	b.requireEachOnce(12)
	requests := b.copyRequests()
	results := b.results("tenants.results.csv")
	require.Len(t, results, 12)
	require.Equal(t, "copied", results["Tenant 07"]["status"])
	require.Equal(t, "8", results["Tenant 07"]["line"])
	require.NotEmpty(t, results["Tenant 07"]["id"])

	again := b.run(0, "run", "tenants.csv")
	require.Contains(t, again.out.String(), "12 copied (12 of them by an earlier run, or found)")
	require.Equal(t, requests, b.copyRequests(), "nothing is sent again")
	require.Equal(t, results["Tenant 07"]["id"], b.results("tenants.results.csv")["Tenant 07"]["id"])
	b.requireNoSecret()
}

func TestSeveralVendors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	zuduServer, cotoolServer, langsmithServer := agentcopytest.NewZudu(), agentcopytest.NewCotool(), agentcopytest.NewLangSmith()
	for _, s := range []*agentcopytest.Server{zuduServer.Server, cotoolServer.Server, langsmithServer.Server} {
		t.Cleanup(s.Close)
	}
	b.env = append(b.env,
		"ZUDU_API_KEY="+secret, "ZUDU_API_SECRET="+secret, "ZUDU_BASE_URL="+zuduServer.URL(),
		"COTOOL_API_KEY="+secret, "COTOOL_BASE_URL="+cotoolServer.URL(),
		"LANGSMITH_API_KEY="+secret, "LANGSMITH_ENDPOINT="+langsmithServer.URL())
	b.write("all.jsonl", strings.Join([]string{
		fmt.Sprintf(`{"provider":"zudu","source_id":%q,"name":"Berlin"}`, zuduServer.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID),
		fmt.Sprintf(`{"provider":"cotool","source_id":%q}`, cotoolServer.AddAgent(cotool.Agent{Name: "Triage", SyncKey: "triage"}).ID),
		fmt.Sprintf(`{"provider":"langsmith","source_id":%q,"name":"EU law","permissions_visibility":"user","user_timezone":"Europe/Berlin"}`,
			langsmithServer.AddAgent(langsmith.Agent{Name: "Researcher"}).ID),
		fmt.Sprintf(`{"provider":"kolena","source_id":%s,"name":"Hamburg","target_folder_id":7,"key":"the one in Hamburg"}`, b.source),
	}, "\n"))
	b.run(0, "run", "all.jsonl")
	for _, s := range []*agentcopytest.Server{zuduServer.Server, cotoolServer.Server, langsmithServer.Server, b.kolena.Server} {
		require.Len(t, s.Copies(), 1)
	}
	clone := langsmithServer.Requests()[0]
	require.Equal(t, "Europe/Berlin", clone.Header.Get("X-User-Timezone"))
	require.Contains(t, string(clone.Body), `"visibility":"user"`)
	require.Contains(t, string(b.kolena.Requests()[0].Body), `"target_folder_id":7`)

	var entry struct{ Key, Status, ID string }
	lines := strings.Split(strings.TrimSpace(b.read("all.results.jsonl")), "\n")
	require.Len(t, lines, 4)
	require.NoError(t, json.Unmarshal([]byte(lines[3]), &entry))
	require.Equal(t, "the one in Hamburg", entry.Key)
	require.Equal(t, b.kolena.Copies()[0].ID, entry.ID)
}

func TestFaultsOfAManifestComeAllAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("bad.csv", strings.Join([]string{
		"provider,source_id,name,user_timezone",
		"kolena," + b.source + ",Tenant 1,",
		"kolena,agent-7,Tenant 2,",
		"zudu,agent_1,,",
		"kolenna,7,Tenant 4,",
		"kolena," + b.source + ",Tenant 5,UTC",
		"kolena," + b.source + ",Tenant 1,",
	}, "\n"))
	p := b.run(2, "run", "bad.csv")
	for _, want := range []string{
		"bad.csv:3: source_id: ", "bad.csv:4: name: ", "bad.csv:5: provider: ", "bad.csv:6: user_timezone: ",
		"bad.csv:7: asks for the same copy as line 2", "5 faults; nothing was sent",
	} {
		require.Contains(t, p.errOut.String(), want)
	}
	require.Empty(t, b.kolena.Requests())
	require.NoFileExists(t, filepath.Join(b.dir, "bad.ledger.db"))
}

func TestDryRunSendsNothingAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(121)
	b.env = b.env[:3] // without a key
	p := b.run(0, "run", "tenants.csv", "--dry-run")
	require.Contains(t, p.out.String(), "121 to copy; no faults.")
	require.Contains(t, p.out.String(), "takes 2m2s, and")
	require.Contains(t, p.out.String(), "The environment lacks KOLENA_API_KEY.")
	require.Empty(t, b.kolena.Requests())
	entries, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "the manifest")

	p = b.run(0, "run", "tenants.csv", "--dry-run", "--json", "--limit", "kolena=10/1m")
	require.JSONEq(t, `{"event":"plan","rows":121,"already_copied":0,"expected_seconds":720,"missing_variables":["KOLENA_API_KEY"],
		"providers":[{"provider":"kolena","rows":121,"already_copied":0,"limit":"10 in any 1m0s","expected_seconds":720}]}`, p.out.String())

	p = b.run(2, "run", "tenants.csv")
	require.Contains(t, p.errOut.String(), "the environment lacks KOLENA_API_KEY; nothing was sent")
}

func TestDryRunKnowsTheLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tenants(3)
	b.run(0, "run", "tenants.csv")
	b.tenants(5)
	require.Contains(t, b.run(0, "run", "tenants.csv", "--dry-run").out.String(), "5 to copy, 3 of them copied already")

	b.write("other.csv", "provider,source_id,name,key\nkolena,"+b.source+",Another,kolena/"+b.source+"/Tenant 01\n")
	p := b.run(2, "run", "other.csv", "--ledger", "tenants.ledger.db")
	require.Contains(t, p.errOut.String(), "other.csv:2: key: in the ledger, ")
	require.Equal(t, 3, b.copyRequests())
}

func TestStandardInputAndJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.command("run", "-", "--json", "--results", "out.csv")
	p.Stdin = strings.NewReader(fmt.Sprintf(`{"provider":"kolena","source_id":%s,"name":"Tenant 1"}`, b.source))
	require.NoError(t, p.Start())
	p.ends(0)
	lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], `{"event":"result","line":1,"key":"kolena/`)
	require.Contains(t, lines[1], `{"event":"summary","counts":{"copied":1,"existing":0,"failed":0,"unknown":0,"not_started":0}`)
	require.FileExists(t, filepath.Join(b.dir, "agentcopy.ledger.db"))
	require.Equal(t, "copied", b.results("out.csv")["Tenant 1"]["status"])
}

func TestCopyOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	args := []string{"copy", "--provider", "kolena", "--source", b.source, "--name", "Tenant 1", "--target-folder-id", "7"}
	require.Contains(t, b.run(0, args...).out.String(), "kolena "+b.source+` "Tenant 1" -> `+b.kolena.Copies()[0].ID)
	require.Contains(t, b.run(0, args...).out.String(), "made before, or found")
	require.Len(t, b.kolena.Copies(), 1)
	b.run(0, append(args, "--key", "a second one")...)
	require.Len(t, b.kolena.Copies(), 2)
	require.Contains(t, b.run(2, "copy", "--provider", "kolena", "--source", "x").errOut.String(), "--source: ")
}

func TestExitCodesOfWhatFails(t *testing.T) {
	t.Parallel()
	t.Run("some failed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.write("m.csv", "provider,source_id,name\nkolena,"+b.source+",Tenant 1\nkolena,999999,Tenant 2\n")
		p := b.run(1, "run", "m.csv")
		require.Contains(t, p.out.String(), `line 3: kolena 999999 "Tenant 2": FAILED: kolena: CopyAgent: 404`)
		require.Contains(t, p.out.String(), "1 failed, and no copy of them was made")
		require.Equal(t, "failed", b.results("m.results.csv")["Tenant 2"]["status"])
	})
	t.Run("some unknown", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tenants(2)
		b.kolena.Inject(agentcopytest.Fault{Status: 200, Body: `{"name":"which one?"}`}) // copied, it says
		p := b.run(3, "run", "tenants.csv", "--settle", "500ms", "--concurrency", "1")
		require.Contains(t, p.out.String(), "1 may have been copied")
		require.Contains(t, p.out.String(), "agentcopy resolve KEY --ledger tenants.ledger.db")
		require.Equal(t, "unknown", b.results("tenants.results.csv")["Tenant 01"]["status"])
		require.Equal(t, 2, b.copyRequests(), "what the vendor says it copied is not sent again")
	})
	t.Run("a wrong key", func(t *testing.T) {
		t.Parallel()
		server := agentcopytest.NewKolena(agentcopytest.WithCredential("another one"))
		t.Cleanup(server.Close)
		b := newBench(t)
		b.env = append(b.env, "KOLENA_API_URL="+server.URL())
		b.tenants(100)
		p := b.run(1, "run", "tenants.csv")
		require.Contains(t, p.out.String(), "401")
		require.Contains(t, p.out.String(), "were not sent")
		require.LessOrEqual(t, len(server.Requests()), 20, "a key that is refused is not tried for every row")
	})
	t.Run("usage", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.tenants(1)
		for _, args := range [][]string{
			{"run"}, {"run", "missing.csv"}, {"run", "tenants.csv", "--settle", "0s"}, {"run", "tenants.csv", "--concurrency", "0"},
			{"run", "tenants.csv", "--limit", "kolena"}, {"run", "tenants.csv", "--limit", "acme=1/1s"}, {"run", "tenants.csv", "--json", "--plain"},
			{"run", "tenants.csv", "--results", "tenants.csv"}, {"run", "tenants.csv", "--key", "x"}, {"fly"}, {"copy"},
			{"status", "nowhere.csv"}, {"resolve", "x", "nowhere.csv"}, {"resolve"},
		} {
			p := b.run(2, args...)
			require.True(t, strings.HasPrefix(p.errOut.String(), "agentcopy: "), "%q: %s", args, &p.errOut)
		}
		require.Empty(t, b.kolena.Requests())
	})
}

func TestHelpTeachesByExample(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	help := b.run(0, "--help").out.String()
	for _, want := range []string{"agentcopy demo", "--dry-run", "Exit codes:", "KOLENA_API_KEY", "completion"} {
		require.Contains(t, help, want)
	}
	for _, column := range []string{"provider", "source_id", "permissions_visibility", "target_folder_id"} {
		require.Contains(t, b.run(0, "run", "--help").out.String(), column)
	}
	require.Contains(t, b.run(0, "completion", "bash").out.String(), "agentcopy")
	require.Contains(t, b.run(0, "__complete", "copy", "--provider", "").out.String(), "langsmith")
}

func TestDemo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env = b.env[:3] // without keys
	begun := time.Now()
	p := b.run(0, "demo")
	require.Less(t, time.Since(begun), time.Minute)
	require.Contains(t, p.out.String(), "200 to copy: 200 copied")
	require.Contains(t, p.out.String(), "On the servers: 200 copies, none of them twice;")
}
