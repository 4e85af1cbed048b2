//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// A statement that waits for a lock, or for a server that is stopped, ends with its
// context.
func TestAContextEndsAWait(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := p.open(t, p.newSchema(t))
	l := open(t, db, sqlledger.WithMaxOutage(time.Minute))
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)
	unlock := lockRows(t, db)
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

	p.freeze()
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.Update(ctx, claim, time.Minute), context.DeadlineExceeded)
	_, err = sqlledger.Open(t.Context(), db, sqlledger.Postgres, sqlledger.WithMaxOutage(100*time.Millisecond))
	require.ErrorIs(t, err, sqlledger.ErrUnavailable)
}

func TestALateWriteOfTheSameClaimChangesNothing(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := p.open(t, p.newSchema(t))
	l := open(t, db, sqlledger.WithMaxOutage(time.Minute))
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)
	unlock := lockRows(t, db)
	// Three writes wait for the row; whichever comes first, the last one counts.
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
