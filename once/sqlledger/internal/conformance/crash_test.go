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

// Three processes work on the same keys; at random moments one is killed and
// started again.
func TestProcessesAreKilled(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		kills := rounds("AGENTCOPY_KILLS", 4)
		work := newWork(t, newPlace(t), 40*(kills+1))
		children := make([]*child, 3)
		for i := range children {
			children[i] = startChild(t, "workKeys", work)
		}
		killed := 0
		for n := range kills {
			work.waitForSent(t, 40*n+1+rand.IntN(40))
			i := rand.IntN(len(children))
			children[i].kill()
			if !children[i].wait(t) {
				killed++
			}
			children[i] = startChild(t, "workKeys", work)
		}
		for _, c := range children {
			require.True(t, c.wait(t))
		}
		sends := work.check(t)
		t.Logf("%d kills, %d keys, %d copies, %d sendings written down, 0 duplicates", killed, len(work.Jobs), len(work.Jobs), sends)
	})
}

// PostgreSQL is killed, all its processes at once, and started again while eight
// processes work, on connections of their own and on PgBouncer's.
func TestPostgreSQLIsKilled(t *testing.T) {
	for _, name := range []string{"directly", "through PgBouncer"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPostgres(t)
			url := func(schema, _ string) string { return p.url(schema) }
			if name != "directly" {
				url = startBouncer(t, p)
			}
			kills := rounds("AGENTCOPY_KILLS", 1)
			work := newWork(t, url(p.newSchema(t), "&default_query_exec_mode=exec"), 120*(kills+1))
			children := make([]*child, 8)
			for i := range children {
				children[i] = startChild(t, "workKeys", work)
			}
			for n := range kills {
				work.waitForSent(t, 120*n+1+rand.IntN(120))
				p.kill()
				p.start(t)
			}
			for _, c := range children {
				require.True(t, c.wait(t))
			}
			sends := work.check(t)
			t.Logf("%d kills of the server, %d keys, %d copies, %d sendings written down, 0 duplicates", kills, len(work.Jobs), len(work.Jobs), sends)
		})
	}
}

// Two processes open a new ledger at the same moment.
func TestTwoProcessesMakeALedger(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		for range rounds("AGENTCOPY_STARTS", 3) {
			work := task{Ledger: newPlace(t)}
			children := []*child{startChild(t, "openOnly", work), startChild(t, "openOnly", work)}
			for _, c := range children {
				c.paused(t)
			}
			for _, c := range children {
				c.resume()
			}
			for _, c := range children {
				require.True(t, c.wait(t))
			}
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
