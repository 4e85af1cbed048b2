package sqlledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type stateError string

func (e stateError) Error() string    { return "ERROR: SQLSTATE " + string(e) }
func (e stateError) SQLState() string { return string(e) }

type codeError int

func (e codeError) Error() string { return fmt.Sprint("sqlite: ", int(e)) }
func (e codeError) Code() int     { return int(e) }

func TestWhatIsKnownAfterAStatementFailed(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want fault
	}{
		{stateError("40001"), fault{again: true}},
		{stateError("40P01"), fault{again: true}},
		{stateError("57P03"), fault{again: true}}, // starting up
		{stateError("57014"), fault{again: true}}, // statement_timeout
		{stateError("25006"), fault{again: true}}, // a standby
		{stateError("57P01"), fault{again: true, done: true}},
		{stateError("08006"), fault{again: true, done: true}},
		{stateError("08P01"), fault{again: true, done: true}}, // PgBouncer: server conn crashed?
		{stateError("40003"), fault{again: true, done: true}},
		{stateError("42P05"), fault{}},
		{stateError("53100"), fault{done: true}}, // disk full: PostgreSQL may have ended by it
		{stateError("42501"), fault{}},
		{codeError(5), fault{again: true, busy: true}},
		{codeError(5 | 2<<8), fault{again: true, busy: true}},
		{codeError(15), fault{again: true, busy: true}},
		{codeError(13), fault{}},
		{codeError(10), fault{done: true}},
		{driver.ErrBadConn, fault{again: true}},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, fault{again: true}},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, fault{again: true, done: true}},
		{errors.New("something else"), fault{done: true}},
	} {
		require.Equal(t, tt.want, faultOf(fmt.Errorf("wrapped: %w", tt.err)), "%v", tt.err)
	}
}

func TestAnErrorSaysWhatIsKnown(t *testing.T) {
	l := &Ledger{maxOutage: 50 * time.Millisecond}
	fail := func(what string, err error) error {
		return l.do(t.Context(), what, func(context.Context, bool) error { return err })
	}
	err := fail("Update", io.ErrUnexpectedEOF)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "sqlledger: Update (the write may have happened): the database is unavailable (waited 50ms): unexpected EOF")
	require.NotContains(t, fail("Pending", io.ErrUnexpectedEOF).Error(), "may have happened")
	require.NotContains(t, fail("Update", stateError("40001")).Error(), "may have happened")
	require.ErrorContains(t, fail("Begin", stateError("26000")), "default_query_exec_mode=exec")

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.EOF)
	err = l.do(ctx, "Update", func(context.Context, bool) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, io.EOF)
	require.EqualError(t, err, "sqlledger: Update: context canceled: EOF")
}

// What may have been done is done again until it is known.
func TestAgainUntilItIsKnown(t *testing.T) {
	l := &Ledger{maxOutage: time.Minute}
	var doubts []bool
	errs := []error{stateError("40001"), io.ErrUnexpectedEOF, stateError("40P01"), nil}
	err := l.do(t.Context(), "Update", func(_ context.Context, doubt bool) error {
		doubts = append(doubts, doubt)
		return errs[len(doubts)-1]
	})
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, true, true}, doubts)
}

// Of the calls that wait for another process's lock, one tries again.
func TestOneCallTriesWhileTheFileIsLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Ledger{maxOutage: time.Second, waiting: make(chan struct{}, 1)}
		var wg sync.WaitGroup
		var tries [20]int
		for i := range tries {
			wg.Go(func() {
				assert.ErrorIs(t, l.do(t.Context(), "Update", func(context.Context, bool) error {
					tries[i]++
					return codeError(5)
				}), ErrUnavailable)
			})
		}
		wg.Wait()
		slices.Sort(tries[:])
		require.LessOrEqual(t, tries[18], 2)
		require.Greater(t, tries[19], 100)
	})
}
