//go:build unix

package conformance_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// childVariable makes this test binary a program that a test starts, and kills: the
// variable says which, and its standard input has its task.
const childVariable = "SQLLEDGER_TEST_CHILD"

var programs = map[string]func(task) error{
	"makeCopies": makeCopies, "openOnly": openOnly, "suspended": suspended, "copyAtOnce": copyAtOnce,
}

// shortLease is how long a Runner of the programs claims a key for, so that tests need
// not wait for long. Renewals may fail on a busy machine: the tests reckon with it.
const shortLease = 2 * time.Second

func TestMain(m *testing.M) {
	lease.Time = shortLease
	program := programs[os.Getenv(childVariable)]
	if program == nil {
		flag.Parse()
		if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
			_ = f.Value.Set("8") // the tests wait more than they work
		}
		os.Exit(m.Run())
	}
	parent := os.Getppid()
	go func() { // no child outlives its test, however that ends
		for os.Getppid() == parent {
			time.Sleep(100 * time.Millisecond)
		}
		os.Exit(1)
	}()
	var t task
	err := json.NewDecoder(os.Stdin).Decode(&t)
	if err == nil {
		err = program(t)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// task is what a child is to do.
type task struct {
	Ledger  string // a path or a PostgreSQL URL
	Vendor  string // a URL
	Name    string // of the vendor, or of a boundary
	Jobs    []job
	Callers int
}

type job struct{ Key, SourceID, Name string }

func (work task) open() (*sqlledger.Ledger, error) {
	if !strings.HasPrefix(work.Ledger, "postgres:") {
		return sqlite.Open(work.Ledger)
	}
	db, err := sql.Open("pgx", work.Ledger)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return sqlledger.Open(context.Background(), db, sqlledger.Postgres, sqlledger.WithClose(db.Close))
}

func recordOf(key string) once.Record {
	return once.Record{
		Key:      key,
		Identity: agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SearchKey: "new"},
		Request:  agentcopy.CopyRequest{SourceID: "source-1", Name: "new"},
	}
}

// pause tells the test that this process is ready, and waits until it is resumed.
func pause() {
	fmt.Print(".")
	_, _ = os.Stdin.Read(make([]byte, 1))
}

func openOnly(t task) error {
	pause()
	l, err := t.open()
	if err != nil {
		return err
	}
	_, _, err = l.Begin(context.Background(), once.Record{Key: fmt.Sprint(os.Getpid())}, time.Minute)
	return errors.Join(err, l.Close())
}

type child struct {
	cmd  *exec.Cmd
	in   io.Writer
	out  io.Reader
	said bytes.Buffer
}

func startChild(t testing.TB, program string, job task) *child {
	t.Helper()
	input, err := json.Marshal(job)
	require.NoError(t, err)
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childVariable+"="+program)
	c.cmd.Stderr = &c.said
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	c.out, err = c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() { // none outlives a test that failed
		if c.cmd.ProcessState == nil {
			c.kill()
			_ = c.cmd.Wait()
		}
	})
	_, err = c.in.Write(input)
	require.NoError(t, err)
	return c
}

// paused waits until the child calls pause.
func (c *child) paused(t testing.TB) {
	t.Helper()
	said := make([]byte, 1)
	if _, err := c.out.Read(said); err != nil || said[0] != '.' {
		rest, _ := io.ReadAll(c.out)
		_ = c.cmd.Wait()
		require.Fail(t, "the child ended", "%v %s%s %s", err, said, rest, c.said.String())
	}
}

func (c *child) resume() { _, _ = c.in.Write([]byte{'.'}) }

func (c *child) kill() { _ = c.cmd.Process.Signal(syscall.SIGKILL) }

// wait reports whether the child came to its end, and was not killed.
func (c *child) wait(t testing.TB) bool {
	t.Helper()
	err := c.cmd.Wait()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed && exit.Sys().(syscall.WaitStatus).Signaled() {
		return false
	}
	require.NoError(t, err, "%s", c.said.String())
	return true
}

// startChildren starts n children with one task.
func startChildren(t testing.TB, n int, program string, job task) []*child {
	t.Helper()
	children := make([]*child, n)
	for i := range children {
		children[i] = startChild(t, program, job)
	}
	return children
}

// resumeTogether waits until all children have called pause, and then resumes them.
func resumeTogether(t testing.TB, children []*child) {
	t.Helper()
	for _, c := range children {
		c.paused(t)
	}
	if b, ok := t.(*testing.B); ok {
		b.ResetTimer()
	}
	for _, c := range children {
		c.resume()
	}
}

// waitForAll requires that all children come to their end.
func waitForAll(t testing.TB, children []*child) {
	t.Helper()
	for _, c := range children {
		require.True(t, c.wait(t))
	}
}

// places are the ledgers that the tests of this folder are run on: each returns
// where a new ledger is to be.
func places(t *testing.T, test func(t *testing.T, newPlace func(t testing.TB) string)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, func(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		p := startPostgres(t)
		test(t, func(t testing.TB) string { return p.url(p.newSchema(t)) })
	})
}

// rounds is how often a test is to be done: as often as the variable says, or n
// times by default.
func rounds(variable string, n int) int {
	if more, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return more
	}
	return n
}
