//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// A statement that waits for a lock, or for a server that is stopped, ends with its
// context.
func TestAContextEndsAWait(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := p.open(t, p.newSchema(t))
	l := open(t, db)
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("SELECT 1 FROM agentcopy_ledger FOR UPDATE")
	require.NoError(t, err)
	ends := func(what string) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := l.Update(ctx, claim, time.Minute)
		require.ErrorIs(t, err, context.DeadlineExceeded, what)
		require.ErrorContains(t, err, "it may have been done", what)
		require.Less(t, time.Since(start), 2*time.Second, what)
	}
	ends("locked row")
	require.NoError(t, tx.Rollback())
	require.NoError(t, l.Update(t.Context(), claim, time.Minute))
	p.freeze()
	ends("stopped server")
	_, err = sqlledger.Open(t.Context(), db, sqlledger.Postgres, sqlledger.WithPatience(100*time.Millisecond))
	require.ErrorIs(t, err, sqlledger.ErrUnavailable)
}

func TestALateWriteOfTheSameClaimChangesNothing(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := p.open(t, p.newSchema(t))
	l := open(t, db)
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("SELECT 1 FROM agentcopy_ledger FOR UPDATE")
	require.NoError(t, err)
	// Three writes wait for the row; whichever comes first, the last one counts.
	var wg sync.WaitGroup
	for i := 1; i <= 3; i++ {
		claim.Sends = i
		r := claim
		wg.Go(func() { require.NoError(t, l.Update(t.Context(), r, time.Minute)) })
		require.Eventually(t, func() bool { return waiting(t, db) == i }, 10*time.Second, time.Millisecond)
	}
	require.NoError(t, tx.Rollback())
	wg.Wait()
	r, _, err := l.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, 3, r.Sends)
}

// waiting is how many statements wait for a lock.
func waiting(t testing.TB, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").Scan(&n))
	return n
}
