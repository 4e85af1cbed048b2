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
	vendor, err := os.OpenFile(t.Vendor, os.O_APPEND|os.O_WRONLY, 0)
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
					done, err := workKey(l, vendor, t.Vendor, key)
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

func workKey(l *sqlledger.Ledger, vendor *os.File, path, key string) (done bool, err error) {
	ctx := context.Background()
	r, _, err := l.Begin(ctx, recordOf(key), crashLease)
	if err != nil || r.Done() {
		return r.Done(), err
	}
	made := copiesOf(path, key)
	if len(made) == 0 {
		if time.Since(r.SentAt) < crashSettle {
			return false, l.Release(ctx, r)
		}
		asked := time.Now()
		r.Since, r.SentAt, r.Sends = asked, asked, r.Sends+1
		if err := l.Update(ctx, r, crashLease); err != nil || time.Since(asked) > crashLease {
			return false, err // not sent
		}
		made = []string{fmt.Sprint("copy-", rand.Uint64())}
		if _, err := fmt.Fprintf(vendor, "%s %s\n", key, made[0]); err != nil {
			return false, err
		}
	}
	r.Copy = agentcopy.Copy{Provider: "acme", ID: made[0]}
	return false, l.Finish(ctx, r) // the next Begin tells
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
	f, err := os.Open(path)
	if err != nil {
		panic(err)
	}
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

// Three processes work on the same keys; at random moments one is killed and
// started again.
func TestProcessesAreKilled(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		kills := rounds("AGENTCOPY_KILLS", 4)
		work := newWork(t, newPlace(t), 150*kills)
		children := make([]*child, 3)
		for i := range children {
			children[i] = startChild(t, "workKeys", work)
		}
		killed := 0
		for range kills {
			time.Sleep(rand.N(300 * time.Millisecond))
			require.Less(t, work.sent(t), len(work.Jobs), "sendings when a process is killed")
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
// processes work.
func TestPostgreSQLIsKilled(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	kills := rounds("AGENTCOPY_KILLS", 1)
	work := newWork(t, p.url(p.newSchema(t)), 1000*kills)
	children := make([]*child, 8)
	for i := range children {
		children[i] = startChild(t, "workKeys", work)
	}
	for range kills {
		time.Sleep(500*time.Millisecond + rand.N(500*time.Millisecond))
		require.Less(t, work.sent(t), len(work.Jobs), "sendings when the server is killed")
		p.kill()
		p.start(t)
	}
	for _, c := range children {
		require.True(t, c.wait(t))
	}
	sends := work.check(t)
	t.Logf("%d kills of the server, %d keys, %d copies, %d sendings written down, 0 duplicates", kills, len(work.Jobs), len(work.Jobs), sends)
}

// Two processes open a new ledger at the same moment.
func TestTwoProcessesMakeALedger(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		for range rounds("AGENTCOPY_STARTS", 3) {
			work := task{Ledger: newPlace(t), Start: time.Now().Add(150 * time.Millisecond)}
			children := []*child{startChild(t, "openOnly", work), startChild(t, "openOnly", work)}
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
