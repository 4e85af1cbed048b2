package redisstore_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/redisstore"
)

// intent is the record of a key that is begun now.
func intent(key string) once.Record {
	return once.Record{
		Key:      key,
		Identity: agentcopy.Identity{Provider: "kolena", Origin: "https://example.com", Mark: key},
		Request:  agentcopy.CopyRequest{SourceID: "1", Name: key},
		Since:    time.Now().UTC(),
		Rounds:   1,
	}
}

// done is r with a copy of that ID.
func done(r once.Record, id string) once.Record {
	r.Copy = agentcopy.Copy{Provider: "kolena", SourceID: r.Request.SourceID, ID: id, Name: r.Request.Name}
	return r
}

func begin(t *testing.T, l once.Ledger, r once.Record, lease time.Duration) once.Record {
	t.Helper()
	stored, _, err := l.Begin(t.Context(), r, lease)
	require.NoError(t, err)
	return stored
}

func TestAHolderThatLostItsLeaseCannotFinish(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	a, b := redisstore.NewLedger(server.client(), "p"), redisstore.NewLedger(server.client(), "p")
	const lease = 300 * time.Millisecond
	stale := begin(t, a, intent("k"), lease)
	_, _, err := b.Begin(t.Context(), intent("k"), time.Minute)
	require.ErrorIs(t, err, once.ErrInProgress, "while the lease runs")
	for range 3 { // renewed, it goes on
		time.Sleep(lease / 2)
		require.NoError(t, a.Update(t.Context(), stale, lease))
	}
	_, _, err = b.Begin(t.Context(), intent("k"), time.Minute)
	require.ErrorIs(t, err, once.ErrInProgress, "after it was renewed")

	time.Sleep(2 * lease)
	fresh, found, err := b.Begin(t.Context(), intent("k"), time.Minute)
	require.NoError(t, err)
	require.True(t, found, "the record of the holder that is gone")
	require.Greater(t, fresh.Token, stale.Token)
	require.ErrorIs(t, a.Finish(t.Context(), done(stale, "2")), once.ErrLeaseLost)
	require.ErrorIs(t, a.Update(t.Context(), stale, lease), once.ErrLeaseLost)
	require.ErrorIs(t, a.Abandon(t.Context(), stale), once.ErrLeaseLost)
	require.NoError(t, b.Finish(t.Context(), done(fresh, "3")))
	kept, found, err := a.Begin(t.Context(), intent("k"), lease)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "3", kept.Copy.ID)
}

func TestSinceIsOnTheReadersClockAndNeverLater(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	l := redisstore.NewLedger(server.client(), "p")
	r := intent("k")
	r.Since = r.Since.Add(-time.Hour)
	for range 5 {
		stored := begin(t, l, r, 0)
		require.WithinDuration(t, r.Since, stored.Since, time.Second)
		for pending, err := range l.Pending(t.Context()) {
			require.NoError(t, err)
			require.WithinDuration(t, r.Since, pending.Since, time.Second)
			stored.Since = pending.Since
		}
		require.NoError(t, l.Update(t.Context(), stored, 0))
	}
	earlier := begin(t, l, r, 0)
	earlier.Since = r.Since.Add(-time.Hour)
	require.NoError(t, l.Update(t.Context(), earlier, 0))
	require.WithinDuration(t, r.Since.Add(-time.Hour), begin(t, l, r, 0).Since, time.Second)
}

func TestManyRecordsAreAllListed(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	l := redisstore.NewLedger(server.client(), "p")
	const n = 1000
	for i := range n {
		r := begin(t, l, intent(strconv.Itoa(i)), 0)
		if i%2 == 0 {
			require.NoError(t, l.Finish(t.Context(), done(r, "copy "+r.Key)))
		}
	}
	listed, pending := 0, 0
	for r, err := range l.List(t.Context()) {
		require.NoError(t, err)
		require.NotEmpty(t, r.Key)
		listed++
	}
	for r, err := range l.Pending(t.Context()) {
		require.NoError(t, err)
		require.False(t, r.Done(), "a record that is done is not pending: %v", r.Key)
		pending++
	}
	require.Equal(t, n, listed)
	require.Equal(t, n/2, pending)
}

func TestLedgersOfOtherPrefixesAreOthers(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	for _, prefix := range []string{"a", "b", "{a}", "}", "a}b", "%7D"} {
		l := redisstore.NewLedger(server.client(), prefix)
		_, found, err := l.Begin(t.Context(), intent("k"), time.Minute)
		require.NoError(t, err)
		require.False(t, found, "prefix %q", prefix)
		require.NoError(t, l.Remove(t.Context(), "k"))
		_, found, err = l.Begin(t.Context(), intent("k"), time.Minute)
		require.NoError(t, err)
		require.False(t, found, "prefix %q, after the record was removed", prefix)
	}
}

func TestLedgerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	l := redisstore.NewLedger(server.client(), "p")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := l.Begin(ctx, intent("k"), time.Minute)
	require.Equal(t, context.Canceled, err)
	for _, err := range l.List(t.Context()) {
		t.Fatalf("something was written although the context had ended: %v", err)
	}
}
