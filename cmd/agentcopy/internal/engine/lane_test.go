package engine

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// lane is a lane of n rows in its queue.
func lane(n int) *Lane {
	var rows []*manifest.Row
	for range n {
		rows = append(rows, &manifest.Row{Vendor: vendor.All["kolena"]})
	}
	r := New(&manifest.Manifest{Rows: rows}, Settings{MaxWait: time.Hour, SettleTime: 30 * time.Second, Concurrency: 8})
	r.Store = &store.Store{}
	r.Lanes[0].fill()
	return r.Lanes[0]
}

func refused(after time.Duration) error {
	return fmt.Errorf("key: %w", &agentcopy.Error{StatusCode: 429, RetryAfter: after, Outcome: agentcopy.OutcomeNotCopied})
}

// take takes a row and brings it back after a time, and says how long it was until it
// could be taken.
func take(t *testing.T, l *Lane, works time.Duration, err error) (waited time.Duration) {
	begun := time.Now()
	row := l.next()
	require.NotNil(t, row)
	waited = time.Since(begun)
	time.Sleep(works)
	if err == nil {
		l.measured, l.busy = l.measured+1, l.busy+works
	}
	l.breaker(err)
	l.back(row, err)
	return waited
}

func TestARefusedRowComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane(2)
		require.Zero(t, take(t, l, 0, refused(7*time.Second)))
		require.Equal(t, 2, l.Progress().Left)
		require.Equal(t, 7*time.Second, l.Progress().Paused)
		require.Equal(t, 7*time.Second, take(t, l, 0, refused(0)), "what the vendor asked for")
		require.Equal(t, time.Second, take(t, l, 0, refused(0)), "it did not say")
		require.Equal(t, 2*time.Second, take(t, l, 0, nil))
		require.Zero(t, take(t, l, 0, nil))
		require.Zero(t, l.Progress().Left)
		require.Nil(t, l.next())
	})
}

func TestManyRowsOfOneOutageWaitOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane(3)
		for _, row := range []*Row{l.next(), l.next(), l.next()} {
			l.back(row, refused(0))
		}
		require.Equal(t, time.Second, l.Progress().Paused)
	})
}

func TestTheLongestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane(2)
		take(t, l, 0, refused(2*time.Hour))
		require.Contains(t, l.Progress().Halted, "longer than --max-wait 1h0m0s")
		require.Nil(t, l.next())

		l = lane(2)
		for l.Progress().Halted == "" {
			take(t, l, 0, refused(10*time.Minute))
			require.LessOrEqual(t, time.Since(l.limited), time.Hour)
		}
		l.run.saying.Wait()
	})
}

// A database that does not answer fails no row. One that cannot be written halts.
func TestTheLedgerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrap := func(err error) error {
			return &agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, Err: fmt.Errorf("%w: %w", store.ErrFails, err)}
		}
		l, said := lane(1), ""
		l.run.OnSay = func(_ *Lane, text string) { said = text }
		take(t, l, 0, wrap(sqlledger.ErrUnavailable))
		l.run.saying.Wait()
		require.Equal(t, "the ledger's database does not answer: waits 1s", said)
		require.Equal(t, time.Second, take(t, l, 0, nil))

		l = lane(5)
		for range 3 {
			require.Empty(t, l.Progress().Halted)
			take(t, l, 0, wrap(errors.New("disk I/O error")))
		}
		require.Contains(t, l.Progress().Halted, "3 times in a row: the ledger fails")
		l.run.saying.Wait()
	})
}

// The time left is that of the slower of limit, vendor and looks.
func TestTheTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane(121)
		require.Equal(t, 2*61*time.Second, l.Progress().ETA, "three windows, the first at once")
		for range 60 {
			l.sent = append(l.sent, time.Now())
			take(t, l, 0, nil)
		}
		time.Sleep(5 * time.Second)
		require.Equal(t, (56+61)*time.Second, l.Progress().ETA, "in a window")

		l = lane(17)
		take(t, l, 3*time.Second, nil)
		require.Equal(t, 2*3*time.Second, l.Progress().ETA, "16 rows of 3 s each, 8 at a time")
		take(t, l, 0, refused(10*time.Second))
		require.Equal(t, 16*time.Second, l.Progress().ETA, "in a pause")

		l = lane(1)
		l.looking[l.Rows[0]] = time.Now()
		time.Sleep(10 * time.Second)
		require.Equal(t, 20*time.Second, l.Progress().ETA, "while it looks")
	})
}
