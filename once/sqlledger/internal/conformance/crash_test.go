//go:build unix

package conformance_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

const (
	crashLease  = 500 * time.Millisecond
	crashSettle = time.Second
)

// workKeys brings keys to their end by what a ledger promises and nothing else: it
// sends what was not sent, and finds what was. The vendor is a file, to which a
// sending adds a line.
func workKeys(t task) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	open := make(chan string, len(t.Jobs))
	for _, i := range rand.Perm(len(t.Jobs)) {
		open <- t.Jobs[i].Key
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				select {
				case key := <-open:
					done, err := workKey(l, t.Vendor, key)
					if err != nil && !errors.Is(err, sqlledger.ErrUnavailable) && !errors.Is(err, once.ErrLeaseLost) && !errors.Is(err, once.ErrInProgress) {
						failed <- err
						return
					}
					if !done {
						time.Sleep(time.Millisecond)
						open <- key
					}
				default:
					failed <- nil
					return
				}
			}
		}()
	}
	for range 4 {
		err = errors.Join(err, <-failed)
	}
	return errors.Join(err, l.Close())
}

func workKey(l *sqlledger.Ledger, vendor, key string) (done bool, err error) {
	ctx := context.Background()
	r, _, err := l.Begin(ctx, recordOf(key), crashLease)
	if err != nil || r.Done() {
		return r.Done(), err
	}
	settled := time.Since(r.SentAt) >= crashSettle // before the look begins
	made := copiesOf(vendor, key)
	if len(made) == 0 {
		if !settled {
			return false, l.Release(ctx, r)
		}
		asked := time.Now()
		r.Since, r.SentAt, r.Sends = asked, asked, r.Sends+1
		if err := l.Update(ctx, r, crashLease); err != nil {
			return false, err // not sent
		}
		if made = sendBefore(vendor, key, asked.Add(crashLease)); made == nil {
			return false, nil
		}
	}
	r.Copy = agentcopy.Copy{Provider: "acme", ID: made[0]}
	return false, l.Finish(ctx, r) // the next Begin tells
}

// sendBefore makes a copy of key, unless it is late. Looks wait meanwhile: a process that
// stops between its last look at the clock and the wire is not the ledger's to prevent.
func sendBefore(vendor, key string, end time.Time) (made []string) {
	f := lockVendor(vendor)
	defer f.Close()
	if time.Now().After(end) {
		return nil
	}
	made = []string{fmt.Sprint("copy-", rand.Uint64())}
	if _, err := fmt.Fprintf(f, "%s %s\n", key, made[0]); err != nil {
		panic(err)
	}
	return made
}

// lockVendor opens the vendor's file, which is locked until it is closed.
func lockVendor(path string) *os.File {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		panic(err)
	}
	return f
}

func recordOf(key string) once.Record {
	return once.Record{
		Key:      key,
		Identity: agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SearchKey: "new"},
		Request:  agentcopy.CopyRequest{SourceID: "source-1", Name: "new"},
	}
}

// copiesOf are the copies that the vendor made of key.
func copiesOf(path, key string) (ids []string) {
	f := lockVendor(path)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, id, _ := strings.Cut(lines.Text(), " "); k == key {
			ids = append(ids, id)
		}
	}
	return ids
}

func newWork(t testing.TB, place string, keys int) task {
	work := task{Ledger: place, Vendor: filepath.Join(t.TempDir(), "vendor")}
	require.NoError(t, os.WriteFile(work.Vendor, nil, 0o600))
	for i := range keys {
		work.Jobs = append(work.Jobs, job{Key: fmt.Sprintf("key-%04d", i)})
	}
	return work
}

// sent is how many copies the vendor made.
func (work task) sent(tb testing.TB) int {
	tb.Helper()
	lines, err := os.ReadFile(work.Vendor)
	require.NoError(tb, err)
	return bytes.Count(lines, []byte("\n"))
}

// check requires one copy of each key, which the ledger knows.
func (work task) check(tb testing.TB) (sends int) {
	tb.Helper()
	l, err := work.open()
	require.NoError(tb, err)
	defer l.Close()
	known := map[string]once.Record{}
	for r, err := range l.List(tb.Context()) {
		require.NoError(tb, err)
		known[r.Key] = r
		sends += r.Sends
	}
	require.Len(tb, known, len(work.Jobs))
	for _, j := range work.Jobs {
		require.Equal(tb, []string{known[j.Key].Copy.ID}, copiesOf(work.Vendor, j.Key), j.Key)
	}
	require.NoError(tb, l.Check(tb.Context()))
	return sends
}

// waitForSent waits until the vendor has made n copies.
func (work task) waitForSent(tb testing.TB, n int) {
	tb.Helper()
	for deadline := time.Now().Add(2 * time.Minute); work.sent(tb) < n; time.Sleep(3 * time.Millisecond) {
		require.True(tb, time.Now().Before(deadline), "the processes have come to a halt at %d copies", work.sent(tb))
	}
}

// interrupted has processes work on the same keys, and interrupts them so many times: each time
// that they have made about so many more copies. No key has two copies then.
func (work task) interrupted(t *testing.T, times, copies, processes int, interrupt func(children []*child)) {
	t.Helper()
	children := startChildren(t, processes, "workKeys", work)
	for n := range times {
		work.waitForSent(t, copies*n+1+rand.IntN(copies))
		interrupt(children)
	}
	waitForAll(t, children)
	sends := work.check(t)
	t.Logf("%d kills, %d keys, %d copies, %d sendings written down, 0 duplicates", times, len(work.Jobs), len(work.Jobs), sends)
}

// Three processes work on the same keys; at random moments one is killed and
// started again.
func TestProcessesAreKilled(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		kills := rounds("AGENTCOPY_KILLS", 4)
		work := newWork(t, newPlace(t), 40*(kills+1))
		work.interrupted(t, kills, 40, 3, func(children []*child) {
			i := rand.IntN(len(children))
			children[i].kill()
			children[i].wait(t)
			children[i] = startChild(t, "workKeys", work)
		})
	})
}

// PostgreSQL is killed, all its processes at once, and started again while eight
// processes work.
func TestPostgreSQLIsKilled(t *testing.T) {
	withAndWithoutPgBouncer(t, func(t *testing.T, p *postgres, url func(schema string) string) {
		kills := rounds("AGENTCOPY_KILLS", 1)
		work := newWork(t, url(p.newSchema(t)), 120*(kills+1))
		work.interrupted(t, kills, 120, 8, func([]*child) {
			p.Kill()
			p.Start()
		})
	})
}

// Two processes open a new ledger at the same moment.
func TestTwoProcessesMakeALedger(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		for range rounds("AGENTCOPY_STARTS", 3) {
			work := task{Ledger: newPlace(t)}
			children := startChildren(t, 2, "openOnly", work)
			resumeTogether(t, children)
			waitForAll(t, children)
			l, err := work.open()
			require.NoError(t, err)
			n := 0
			for _, err := range l.List(t.Context()) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 2, n)
			require.NoError(t, l.Close())
		}
	})
}

// pg_dump takes a backup while processes write; it is restored in another database, and
// gone on with: what it does not know of is looked for, and nothing is copied again.
func TestABackupOfPostgreSQLIsGoneOnWith(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	schema := p.newSchema(t)
	work := newWork(t, p.url(schema), 200)
	before := startChild(t, "workKeys", work)
	work.waitForSent(t, 50)
	backup, err := p.Command("pg_dump", "-h", p.Dir, "-U", "postgres", "-n", schema, "postgres").Output()
	require.NoError(t, err)
	require.True(t, before.wait(t))
	p.exec(t, "CREATE DATABASE restored")
	restore := p.Command("psql", "-h", p.Dir, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "restored")
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
	p.Kill()
	disk := p.Dir + "/disk"
	require.NoError(t, os.Mkdir(disk, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=100m,mode=777", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("left out: a full disk needs a file system of its own: %v %s", err, out)
	}
	t.Cleanup(func() { p.Kill(); _ = exec.Command("umount", "-l", disk).Run() })
	out, err := exec.Command("cp", "-a", p.Dir+"/data", disk).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.RemoveAll(p.Dir+"/data"))
	require.NoError(t, os.Symlink(disk+"/data", p.Dir+"/data"))
	p.Start()
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
	p.Kill()
	require.NoError(t, os.Remove(disk+"/ballast"))
	p.Start()
	for i := range begun - 1 {
		_, found, err := l.Get(t.Context(), fmt.Sprint("key ", i))
		require.NoError(t, err)
		require.True(t, found, i)
	}
	require.NoError(t, l.Check(t.Context()))
	_, _, err = l.Begin(t.Context(), recordOf("with room again"), time.Minute)
	require.NoError(t, err)
}
