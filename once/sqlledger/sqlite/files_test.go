//go:build unix

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// childVariable makes this test binary a program that opens the ledger it names and
// begins a key, or says why not.
const childVariable = "SQLITE_TEST_OPEN"

func TestMain(m *testing.M) {
	path, isChild := os.LookupEnv(childVariable)
	if !isChild {
		os.Exit(m.Run())
	}
	l, err := sqlite.Open(path)
	if err == nil {
		_, _, err = l.Begin(context.Background(), record("of the child"), time.Minute)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// filled makes a ledger of so many keys, alone in its folder.
func filled(t testing.TB, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, n)
	return path
}

// fill puts some records into a ledger and closes it.
func fill(t testing.TB, path string, n int) {
	t.Helper()
	l, err := sqlite.Open(path)
	require.NoError(t, err)
	for i := range n {
		begin(t, l, fmt.Sprint("key ", i))
	}
	require.NoError(t, l.Close())
}

func count(t testing.TB, l *sqlledger.Ledger) (n int) {
	t.Helper()
	for _, err := range l.List(t.Context()) {
		require.NoError(t, err)
		n++
	}
	return n
}

// connect opens a file as another program does.
func connect(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestWhatIsNoLedgerIsRefused(t *testing.T) {
	path := filled(t, 100)
	dir := filepath.Dir(path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	database := filepath.Join(dir, "other.db")
	_, err = connect(t, database).Exec("CREATE TABLE t (x)")
	require.NoError(t, err)
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	write("gone-wal", []byte("log"))
	for path, want := range map[string]string{
		filepath.Join(dir, "gone"):                   "its -wal file is there",
		filepath.Join(dir, "no folder", "ledger.db"): "its folder cannot be opened",
		dir:                                  "cannot be opened",
		"":                                   "not a file name",
		":memory:":                           "not a file name",
		"file:copies.db?mode=ro":             "this is a DSN",
		write("empty", nil):                  "the file is empty",
		write("short", whole[:50]):           "not a ledger",
		write("text", make([]byte, 5000)):    "not a ledger",
		write("cut", whole[:len(whole)-100]): "the file is truncated",
		write("cut more", whole[:4096]):      "the file is truncated",
		database:                             "a database, but not a ledger",
	} {
		if l, err := sqlite.Open(path); err == nil {
			t.Errorf("%s was opened", path)
			require.NoError(t, l.Close())
		} else if path != "" {
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, path)
		}
	}
	left, err := os.ReadFile(filepath.Join(dir, "empty"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestDamageIsFoundByCheck(t *testing.T) {
	path, byHand := filled(t, 150), filled(t, 2)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	clear(content[5*4096 : 9*4096])
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.Error(t, open(t, path).Check(t.Context()))
	_, err = connect(t, byHand).Exec("UPDATE agentcopy_ledger SET record = '{}' WHERE key = 'key 1'")
	require.NoError(t, err)
	require.ErrorContains(t, open(t, byHand).Check(t.Context()), `the record of key "key 1" is damaged`)
}

func TestTheHandlesOfAProcessShareTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	first, second := open(t, path), open(t, filepath.Join(dir, ".", "ledger.db"))
	begin(t, first, "a")
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "symlink")))
	third := open(t, filepath.Join(dir, "symlink"))
	begin(t, second, "b")
	begin(t, third, "c")
	require.NoError(t, os.Link(path, filepath.Join(dir, "other name")))
	_, err := sqlite.Open(filepath.Join(dir, "other name"))
	require.ErrorContains(t, err, "the same file open")
	require.NoError(t, second.Close())
	require.NoError(t, second.Close(), "Close again")
	require.Equal(t, 3, count(t, first))
	require.NoError(t, exec.Command("rm", filepath.Join(dir, "other name")).Run())
}

func TestNothingIsLeftBesideALedger(t *testing.T) {
	entries, err := os.ReadDir(filepath.Dir(filled(t, 1)))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAFileSystemWithoutHardLinks(t *testing.T) {
	defer sqlite.WithoutLinks()()
	require.Equal(t, 10, count(t, open(t, filled(t, 10))))
}

// openAs opens a ledger in another process, as user nobody if it can be.
func openAs(t *testing.T, path string) error {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	if os.Getuid() == 0 {
		binary := filepath.Join("/tmp", fmt.Sprintf("sqlite-test-%d", os.Getpid())) // where nobody may read
		content, err := os.ReadFile(os.Args[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(binary, content, 0o755))
		defer os.Remove(binary)
		cmd.Path = binary
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	dir, err := os.MkdirTemp("", "agentcopy-sqlite-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ledger.db")
	fill(t, path, 1)
	require.NoError(t, os.Chmod(dir, 0o555)) // so no log can be made beside it
	require.NoError(t, os.Chmod(path, 0o444))
	require.ErrorContains(t, openAs(t, path), "it cannot be written")
	require.NoError(t, os.Chmod(path, 0o666))
	require.ErrorContains(t, openAs(t, path), "its -wal and -shm files cannot be made")
	require.ErrorContains(t, openAs(t, filepath.Join(dir, "new.db")), "it cannot be created")
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, openAs(t, path))
}

// tmpfs is a small file system, or the test is skipped.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("left out: a full disk needs a file system of its own: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

func TestAFullDisk(t *testing.T) {
	dir := tmpfs(t, "1m")
	ballast := filepath.Join(dir, "ballast")
	for size := 1024 * 1024; size > 512*1024; size -= 64 * 1024 { // ever more room
		require.NoError(t, os.WriteFile(ballast, nil, 0o600))
		_ = os.WriteFile(ballast, make([]byte, size), 0o600)
		path := filepath.Join(dir, "ledger.db")
		l, err := sqlite.Open(path)
		if err != nil {
			_, err := os.Stat(path)
			require.ErrorIs(t, err, os.ErrNotExist, "what is left of a ledger that could not be made")
			continue
		}
		var begun []string
		for i := range 10_000 {
			key := fmt.Sprint("key ", i)
			if _, _, err = l.Begin(t.Context(), record(key), time.Minute); err != nil {
				break
			}
			begun = append(begun, key)
		}
		require.ErrorContains(t, err, "full")
		require.NoError(t, os.Remove(ballast))
		for _, key := range begun {
			_, found, err := l.Get(t.Context(), key)
			require.NoError(t, err)
			require.True(t, found, key)
		}
		if len(begun) > 0 {
			require.NoError(t, l.Check(t.Context()))
			begin(t, l, "with room again")
		}
		require.NoError(t, l.Close())
		require.NoError(t, os.Remove(path))
	}
}

// A backup that is taken by VACUUM INTO or sqlite3's .backup while others write is
// whole, and is gone on with.
func TestABackupIsGoneOnWith(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("left out: sqlite3 is not installed")
	}
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "backup.db")
	l := open(t, path)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				stopped <- i
				return
			default:
				if _, _, err := l.Begin(t.Context(), record(fmt.Sprint("key ", i)), time.Minute); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	before := 0
	for before < 20 {
		before = count(t, l)
	}
	out, err := exec.Command("sqlite3", "-cmd", ".timeout 10000", path, ".backup '"+backup+"'").CombinedOutput()
	require.NoError(t, err, "%s", out)
	close(stop)
	written := <-stopped
	restored := open(t, backup)
	require.NoError(t, restored.Check(t.Context()))
	n := count(t, restored)
	require.GreaterOrEqual(t, n, before)
	require.LessOrEqual(t, n, written)
	begin(t, restored, "after the backup")
}

func TestAContextEndsAWaitForALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	lock, err := connect(t, path).Conn(t.Context())
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = l.Begin(ctx, record("k"), time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	begun := make(chan error)
	go func() { _, _, err := l.Begin(t.Context(), record("k"), time.Minute); begun <- err }()
	_, err = lock.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, <-begun)
}
