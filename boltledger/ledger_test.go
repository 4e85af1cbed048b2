package boltledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/boltledger"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestLedger(t *testing.T) {
	oncetest.TestLedger(t, func(t *testing.T) once.Ledger { return open(t, newPath(t)) })
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "copies.ledger") }

// open opens the ledger at path until the test ends.
func open(t testing.TB, path string, opts ...boltledger.Option) *boltledger.Ledger {
	t.Helper()
	l, err := boltledger.Open(path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// intent is a record as Once begins it.
func intent(i int) once.Record {
	return once.Record{
		Key:      fmt.Sprintf("key %06d", i),
		Identity: agentcopy.Identity{Provider: "kolena", Origin: "https://agents-api.kolena.com", Template: "{}", Mark: fmt.Sprint("copy ", i)},
		Request:  agentcopy.CopyRequest{SourceID: fmt.Sprint(i), Name: fmt.Sprint("copy ", i)},
		Since:    time.Now().UTC(),
		Rounds:   1,
	}
}

func done(r once.Record) once.Record {
	r.Copy = agentcopy.Copy{Provider: "kolena", SourceID: r.Request.SourceID, ID: "1" + r.Request.SourceID, Name: r.Request.Name, CreatedAt: time.Now().UTC()}
	return r
}

func begin(t testing.TB, l once.Ledger, i int) once.Record {
	t.Helper()
	r, _, err := l.Begin(t.Context(), intent(i), time.Hour)
	require.NoError(t, err)
	return r
}

func TestWhatWasWrittenIsThereAfterwards(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	pending, finished, abandoned := begin(t, l, 1), begin(t, l, 2), begin(t, l, 3)
	pending.Outcome, pending.Rounds = agentcopy.OutcomeCopied, 2
	require.NoError(t, l.Update(t.Context(), pending, time.Hour))
	finished = done(finished)
	require.NoError(t, l.Finish(t.Context(), finished))
	require.NoError(t, l.Abandon(t.Context(), abandoned))
	require.NoError(t, l.Close())

	l = open(t, path)
	got, found, err := l.Begin(t.Context(), intent(1), time.Hour) // although the lease was held for an hour
	require.NoError(t, err)
	require.True(t, found)
	pending.Token = got.Token
	require.Equal(t, pending, got)
	got, found, err = l.Begin(t.Context(), intent(2), time.Hour)
	require.NoError(t, err)
	require.True(t, found)
	finished.Token = 0
	require.Equal(t, finished, got)
	_, found, err = l.Begin(t.Context(), intent(3), time.Hour)
	require.NoError(t, err)
	require.False(t, found)
	another := intent(4)
	r, _, err := l.Begin(t.Context(), another, time.Hour)
	require.NoError(t, err)
	r.Copy = finished.Copy
	require.ErrorIs(t, l.Finish(t.Context(), r), once.ErrCopyTaken)
}

func TestASecondProcessIsToldThatTheLedgerIsOpen(t *testing.T) {
	path := newPath(t)
	first := open(t, path)
	start := time.Now()
	_, err := boltledger.Open(path, boltledger.WithLockTimeout(200*time.Millisecond))
	require.ErrorIs(t, err, boltledger.ErrLocked)
	require.ErrorContains(t, err, path)
	require.Less(t, time.Since(start), 10*time.Second)
	_, err = boltledger.Open(path, boltledger.WithLockTimeout(0))
	require.ErrorIs(t, err, boltledger.ErrLocked)

	time.AfterFunc(100*time.Millisecond, func() { _ = first.Close() })
	open(t, path, boltledger.WithLockTimeout(10*time.Second))
}

func TestProcessesThatMakeALedgerAtOnceGetTheSame(t *testing.T) {
	path := newPath(t)
	var processes sync.WaitGroup
	for i := range 16 {
		processes.Go(func() {
			l, err := boltledger.Open(path, boltledger.WithLockTimeout(time.Minute))
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := l.Begin(t.Context(), intent(i), time.Hour); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
	require.Equal(t, 16, count(t, open(t, path)))
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
}

func count(t testing.TB, l *boltledger.Ledger) (n int) {
	for _, err := range l.List(t.Context()) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestAClosedLedgerSaysSo(t *testing.T) {
	l := open(t, newPath(t))
	r := begin(t, l, 1)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, _, err := l.Begin(t.Context(), intent(2), time.Hour)
	require.ErrorIs(t, err, boltledger.ErrClosed)
	require.ErrorIs(t, l.Update(t.Context(), r, time.Hour), boltledger.ErrClosed)
	require.ErrorIs(t, l.Finish(t.Context(), done(r)), boltledger.ErrClosed)
	require.ErrorIs(t, l.Abandon(t.Context(), r), boltledger.ErrClosed)
	require.ErrorIs(t, l.Remove(t.Context(), "k"), boltledger.ErrClosed)
	_, _, err = l.Owner(t.Context(), r.Ref())
	require.ErrorIs(t, err, boltledger.ErrClosed)
	for _, err := range l.List(t.Context()) {
		require.ErrorIs(t, err, boltledger.ErrClosed)
	}
}

func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	for range 20 {
		l, err := boltledger.Open(newPath(t))
		require.NoError(t, err)
		var calls sync.WaitGroup
		for i := range 20 {
			calls.Go(func() {
				_, _, err := l.Begin(t.Context(), intent(i), time.Hour)
				if err != nil && !errors.Is(err, boltledger.ErrClosed) {
					t.Error(err)
				}
			})
		}
		require.NoError(t, l.Close())
		calls.Wait()
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign")
	db, err := bbolt.Open(foreign, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("somebody's"))
		return err
	}))
	require.NoError(t, db.Close())
	newer := filepath.Join(dir, "newer")
	open(t, newer).Close()
	db, err = bbolt.Open(newer, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("format")).Put([]byte("format"), []byte("agentcopy ledger 2"))
	}))
	require.NoError(t, db.Close())
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte("a file of another kind\n"), 0o600))

	for _, tt := range []struct {
		path string
		opts []boltledger.Option
		want string
	}{
		{path: filepath.Join(dir, "no", "such", "directory"), want: "no such file or directory"},
		{path: dir, want: "not a regular file"},
		{path: foreign, want: "no ledger"},
		{path: newer, want: "agentcopy ledger 2"},
		{path: text, want: boltledger.ErrDamaged.Error()},
		{path: newPath(t), opts: []boltledger.Option{nil}, want: "option 1 is nil"},
		{path: newPath(t), opts: []boltledger.Option{boltledger.WithLockTimeout(-1)}, want: "negative"},
	} {
		_, err := boltledger.Open(tt.path, tt.opts...)
		require.ErrorContains(t, err, tt.want)
	}
	content, err := os.ReadFile(text)
	require.NoError(t, err)
	require.Equal(t, "a file of another kind\n", string(content), "it is left as it is")
}

func TestAnEmptyFileBecomesALedger(t *testing.T) {
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	begin(t, open(t, path), 1)
}

func TestALedgerWorksInABubble(t *testing.T) {
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, err := boltledger.Open(path)
		require.NoError(t, err)
		defer l.Close()
		begin(t, l, 1)
		time.Sleep(59 * time.Minute)
		_, _, err = l.Begin(t.Context(), intent(1), time.Hour)
		require.ErrorIs(t, err, once.ErrInProgress)
		time.Sleep(time.Minute)
		_, found, err := l.Begin(t.Context(), intent(1), time.Hour)
		require.NoError(t, err)
		require.True(t, found)
	})
}

func TestRenewalsDoNotTouchTheDisk(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	r := begin(t, l, 1)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, l.Update(t.Context(), r, time.Hour))
	}
	_, _, err = l.Begin(t.Context(), intent(1), time.Hour) // in progress
	require.ErrorIs(t, err, once.ErrInProgress)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestAnErrorNamesTheCauseOfAnEndedContext(t *testing.T) {
	errShutdown := errors.New("the service shuts down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errShutdown)
	err := open(t, newPath(t)).Remove(ctx, "k")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errShutdown)
}
