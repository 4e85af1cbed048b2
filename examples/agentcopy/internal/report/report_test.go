package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// results are one of each kind.
func results() []engine.Result {
	row := func(line int, name string) manifest.Row {
		return manifest.Row{Line: line, Vendor: vendor.Find("kolena"), Key: "kolena/7/" + name, Request: agentcopy.CopyRequest{SourceID: "7", Name: name}}
	}
	copied := func(id string) agentcopy.Copy {
		return agentcopy.Copy{Provider: "kolena", SourceID: "7", ID: id, Name: "as the vendor has it", CreatedAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	}
	return []engine.Result{
		{Row: row(2, "one"), Status: engine.Copied, Copy: copied("11")},
		{Row: row(3, "two, with a comma"), Status: engine.Copied, Copy: copied("12"), Existing: true},
		{Row: row(4, "three"), Status: engine.Failed, Err: errors.New("key \"kolena/7/three\": no such\x1b[2J agent")},
		{Row: row(5, "four"), Status: engine.Unknown, Err: errors.New("who knows")},
		{Row: row(6, "five"), Status: engine.NotStarted},
	}
}

func TestLines(t *testing.T) {
	var out strings.Builder
	show := Lines(&out, 5)
	show.Begin()
	for _, r := range results() {
		show.Result(r)
	}
	s := SummaryOf(results())
	s.LedgerFile, s.Again = "my ledger.db", "agentcopy run t.csv"
	show.End(s)
	require.Equal(t, `[1/5] kolena 7 "one" -> 11
[2/5] kolena 7 "two, with a comma" -> 12 (made before, or found)
[3/5] line 4: kolena 7 "three": FAILED: no such [2J agent
[4/5] line 5: key "kolena/7/four": UNKNOWN: who knows

5 to copy: 2 copied (1 of them by an earlier run, or found), 1 failed, 1 unknown, 1 not started. It took under 1s.
Ledger:  my ledger.db
- 1 failed, and no copy of them was made. Mend what the results say, then run it again.
- 1 may have been copied. Run it again: it looks for them first, and sends nothing twice.
  To settle one by hand: agentcopy resolve KEY --ledger 'my ledger.db'
- 1 were not sent. Run it again to go on: what is copied is not copied twice.
To run it again: agentcopy run t.csv
`, out.String())
}

func TestResultsFiles(t *testing.T) {
	dir := t.TempDir()
	asCSV, asJSON := filepath.Join(dir, "r.csv"), filepath.Join(dir, "r.jsonl")
	require.NoError(t, os.WriteFile(asCSV, []byte("an older and longer file, which is replaced as a whole"), 0o600))
	for _, path := range []string{asCSV, asJSON} {
		require.NoError(t, WriteResults(path, results()))
	}
	require.Equal(t, `line,key,provider,source_id,name,status,id,copy_name,created_at,existing,error
2,kolena/7/one,kolena,7,one,copied,11,as the vendor has it,2026-11-22T09:00:00Z,false,
3,"kolena/7/two, with a comma",kolena,7,"two, with a comma",copied,12,as the vendor has it,2026-11-22T09:00:00Z,true,
4,kolena/7/three,kolena,7,three,failed,,,,false,no such [2J agent
5,kolena/7/four,kolena,7,four,unknown,,,,false,who knows
6,kolena/7/five,kolena,7,five,not_started,,,,false,
`, read(t, asCSV))
	lines := strings.Split(read(t, asJSON), "\n")
	require.Len(t, lines, 6)
	require.JSONEq(t, `{"line":6,"key":"kolena/7/five","provider":"kolena","source_id":"7","name":"five","status":"not_started","existing":false}`, lines[4])
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing temporary is left")
	require.Error(t, WriteResults(filepath.Join(dir, "nowhere", "r.csv"), results()))
	require.NoError(t, WriteResults(os.DevNull, results()), "what is no file is written to, not replaced")
}

func read(t *testing.T, path string) string {
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestWhatStandsBesideABar(t *testing.T) {
	counts := engine.Counts{Copied: 10, Failed: 2, Unknown: 1}
	cases := []struct {
		progress engine.Progress
		want     string
	}{
		{engine.Progress{Total: 20, Left: 90 * time.Second}, "0/20  left 1m30s"},
		{engine.Progress{Counts: counts, Total: 20, Rate: 9.6, Left: time.Second}, "13/20  2 failed  1 unknown  10/s  left 1s"},
		{engine.Progress{Counts: counts, Total: 200, Rate: 0.5, Left: 2 * time.Hour}, "13/200  2 failed  1 unknown  30/min  left 2h0m"},
		{engine.Progress{Counts: counts, Total: 13, Rate: 1}, "13/13  2 failed  1 unknown"},
	}
	for _, tc := range cases {
		require.Equal(t, tc.want, beside(tc.progress))
	}
}

func TestCommandLine(t *testing.T) {
	require.Equal(t, `agentcopy run 'my file.csv' 'it'\''s' '' -x=1`, CommandLine([]string{"agentcopy", "run", "my file.csv", "it's", "", "-x=1"}))
}
