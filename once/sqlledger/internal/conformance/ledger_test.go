//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

func TestLedger(t *testing.T) {
	withAndWithoutPgBouncer(t, func(t *testing.T, p *postgres, url func(schema string) string) {
		oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
			t.Parallel()
			return newStore(t, p, url)
		})
	})
}

// What pgx does by default needs more of PgBouncer; the error says so. In newer ones
// it works.
func TestPgBouncerWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	url := startBouncer(t, p)(p.newSchema(t))
	require.NoError(t, open(t, connect(t, url)).Remove(t.Context(), "k"))
	l, err := sqlledger.Open(t.Context(), connect(t, strings.TrimSuffix(url, execMode)), sqlledger.Postgres)
	if err == nil {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for range 20 {
					_, _, beginErr := l.Begin(t.Context(), recordOf(fmt.Sprint(i)), time.Minute)
					if beginErr != nil && !errors.Is(beginErr, once.ErrInProgress) {
						mu.Lock()
						err = beginErr
						mu.Unlock()
						return
					}
				}
			})
		}
		wg.Wait()
	}
	if err == nil {
		t.Skip("left out: this PgBouncer knows prepared statements")
	}
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
}

// Writes wait for a lock of their row. The last one of a claim counts, whichever comes
// first. A wait for a lock, or for a server that is stopped, ends with its context.
func TestWritesWaitForALock(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := connect(t, p.url(p.newSchema(t)))
	l := open(t, db, sqlledger.WithMaxOutage(time.Minute))
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)

	unlock := lockRows(t, db)
	var wg sync.WaitGroup
	for i := 1; i <= 3; i++ {
		claim.Sends = i
		r := claim
		wg.Go(func() { assert.NoError(t, l.Update(t.Context(), r, time.Minute)) })
		waitForLocks(t, db, i)
	}
	unlock()
	wg.Wait()
	r, _, err := l.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, 3, r.Sends)

	unlock = lockRows(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	updated := make(chan error)
	go func() { updated <- l.Update(ctx, claim, time.Minute) }()
	waitForLocks(t, db, 1)
	cancel()
	err = <-updated
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "the write may have happened")
	unlock()
	require.NoError(t, l.Update(t.Context(), claim, time.Minute))

	p.Freeze()
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.Update(ctx, claim, time.Minute), context.DeadlineExceeded)
	_, err = sqlledger.Open(t.Context(), db, sqlledger.Postgres, sqlledger.WithMaxOutage(100*time.Millisecond))
	require.ErrorIs(t, err, sqlledger.ErrUnavailable)
}

// lockRows keeps all writers waiting.
func lockRows(t testing.TB, db *sql.DB) (unlock func()) {
	t.Helper()
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("SELECT 1 FROM agentcopy_ledger FOR UPDATE")
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback()) }
}

// waitForLocks waits until n statements wait for a lock.
func waitForLocks(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	for deadline, waiting := time.Now().Add(time.Minute), -1; waiting != n; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "%d statements wait for a lock", waiting)
		require.NoError(t, db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").Scan(&waiting))
	}
}

func TestPruneForgetsWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		l, err := task{Ledger: newPlace(t)}.open()
		require.NoError(t, err)
		defer l.Close()
		var refs int
		for i := range 30 {
			r, _, err := l.Begin(t.Context(), recordOf(fmt.Sprint("key ", i)), time.Minute)
			require.NoError(t, err)
			if i%3 == 0 {
				r.Since, r.SentAt = time.Now(), time.Now()
				require.NoError(t, l.Release(t.Context(), r))
				continue
			}
			r.Copy = agentcopy.Copy{Provider: "acme", ID: fmt.Sprint(i)}
			require.NoError(t, l.Finish(t.Context(), r))
			refs++
		}
		n, err := l.Prune(t.Context(), time.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Zero(t, n, "what was done since")
		n, err = l.Prune(t.Context(), time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.EqualValues(t, refs, n)
		left := 0
		for r, err := range l.List(t.Context()) {
			require.NoError(t, err)
			require.False(t, r.Done())
			left++
		}
		require.Equal(t, 10, left)
	})
}
