//go:build unix

package conformance_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pg_dump takes a backup while processes write; it is restored in another database, and
// gone on with: what it does not know of is looked for, and nothing is copied again.
func TestABackupOfPostgreSQLIsGoneOnWith(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	schema := p.newSchema(t)
	work := newWork(t, p.url(schema), 200)
	before := startChild(t, "workKeys", work)
	work.waitForSent(t, 50)
	backup, err := p.command("pg_dump", "-h", p.dir, "-U", "postgres", "-n", schema, "postgres").Output()
	require.NoError(t, err)
	require.True(t, before.wait(t))
	p.exec(t, "CREATE DATABASE restored")
	restore := p.command("psql", "-h", p.dir, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "restored")
	restore.Stdin = bytes.NewReader(backup)
	out, err := restore.CombinedOutput()
	require.NoError(t, err, "%s", out)
	work.Ledger = strings.Replace(work.Ledger, "/postgres?", "/restored?", 1)
	require.True(t, startChild(t, "workKeys", work).wait(t))
	work.check(t)
}

// What was confirmed before the disk was full is there when it has room again. A full disk
// ends the server where it cannot write ahead.
func TestPostgreSQLOnAFullDisk(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	p.kill()
	disk := p.dir + "/disk"
	require.NoError(t, os.Mkdir(disk, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=100m,mode=777", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("left out: a full disk needs a file system of its own: %v %s", err, out)
	}
	t.Cleanup(func() { p.kill(); _ = exec.Command("umount", "-l", disk).Run() })
	out, err := exec.Command("cp", "-a", p.dir+"/data", disk).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.RemoveAll(p.dir+"/data"))
	require.NoError(t, os.Symlink(disk+"/data", p.dir+"/data"))
	p.start(t)
	l, err := task{Ledger: p.url(p.newSchema(t))}.open()
	require.NoError(t, err)
	defer l.Close()

	_ = os.WriteFile(disk+"/ballast", make([]byte, 100<<20), 0o600) // all that there is
	info, err := os.Stat(disk + "/ballast")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(disk+"/ballast", info.Size()-8<<20)) // less than a segment of the log
	p.exec(t, `SELECT pg_logical_emit_message(false, '', repeat('x', (16777216 - file_offset - 200000)::int))
		FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())`)
	begun := 0
	for ; err == nil; begun++ {
		_, _, err = l.Begin(t.Context(), recordOf(fmt.Sprint("key ", begun)), time.Minute)
	}
	require.ErrorContains(t, err, "Begin (the write may have happened)")
	t.Logf("%d keys, then %v", begun-1, err)
	p.kill()
	require.NoError(t, os.Remove(disk+"/ballast"))
	p.start(t)
	for i := range begun - 1 {
		_, found, err := l.Get(t.Context(), fmt.Sprint("key ", i))
		require.NoError(t, err)
		require.True(t, found, i)
	}
	require.NoError(t, l.Check(t.Context()))
	_, _, err = l.Begin(t.Context(), recordOf("with room again"), time.Minute)
	require.NoError(t, err)
}
