package sqlledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"
)

// ErrUnavailable means that the database did not complete the operation in the time that
// [WithMaxOutage] allows.
var ErrUnavailable = errors.New("the database is unavailable")

// fault is what an error says about the statement that failed.
type fault struct {
	again bool // it may succeed if it is run again
	done  bool // it may have been done
	busy  bool // another process holds the lock of the file
}

// do runs f until it succeeds, for as long as ctx and maxOutage allow. f must do
// nothing more if it is run again after it was done; doubt says that it may have been.
func (l *Ledger) do(ctx context.Context, what string, f func(ctx context.Context, doubt bool) error) error {
	limited, cancel := context.WithTimeout(ctx, l.maxOutage)
	defer cancel()
	failed := &failure{what: what}
	waiting := false // for another process's lock
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if limited.Err() != nil {
			return failed.because(ctx, l.maxOutage)
		}
		err := f(limited, failed.doubt)
		if err == nil {
			return nil
		}
		kind := faultOf(err)
		failed.doubt = failed.doubt || kind.done || limited.Err() != nil
		if limited.Err() != nil {
			return failed.because(ctx, l.maxOutage)
		}
		failed.last = err
		pause := wait/2 + rand.N(wait)
		if kind.busy {
			// All processes wait alike: with waits that grow, newcomers would pass. Of each
			// process one call tries, or they would keep the lock's holder from the processor.
			wait, pause = 10*time.Millisecond, time.Millisecond/2+rand.N(2*time.Millisecond)
			if !waiting {
				select {
				case l.waiting <- struct{}{}:
					waiting = true
					defer func() { <-l.waiting }()
				case <-limited.Done():
				}
			}
		}
		if !kind.again || !sleep(limited, pause) {
			return failed.because(ctx, l.maxOutage)
		}
	}
}

// failure is the error of a call.
type failure struct {
	what   string
	doubt  bool
	last   error // of the database
	reason error // why it was not tried again
}

// because says why the call is not tried again.
func (f *failure) because(ctx context.Context, maxOutage time.Duration) error {
	switch cause := context.Cause(ctx); {
	case cause != nil && !errors.Is(cause, ctx.Err()):
		f.reason = fmt.Errorf("%w: %w", ctx.Err(), cause)
	case cause != nil:
		f.reason = cause
	case f.last == nil || faultOf(f.last).again:
		f.reason = fmt.Errorf("%w (waited %v)", ErrUnavailable, maxOutage)
	}
	return f
}

func (f *failure) Error() string {
	text := "sqlledger: " + f.what
	if f.doubt && !reading[f.what] {
		text += " (the write may have happened)"
	}
	if f.reason != nil {
		text += ": " + f.reason.Error()
	}
	if f.last != nil {
		text += ": " + f.last.Error() + advice[sqlState(f.last)]
	}
	return text
}

// reading are the methods that change nothing.
var reading = map[string]bool{"Check": true, "Get": true, "KeepsNames": true, "List": true, "Owners": true, "Pending": true}

func (f *failure) Unwrap() []error {
	return slices.DeleteFunc([]error{f.reason, f.last}, func(err error) bool { return err == nil })
}

// advice is what helps against errors of PostgreSQL, by their SQLSTATE.
var advice = map[string]string{
	"42P05": poolerAdvice,
	"26000": poolerAdvice,
	"08P01": poolerAdvice,
	"42501": "; the first Open creates the tables: run it with a role that may create them, and grant the other roles SELECT, INSERT, UPDATE and DELETE on them",
}

const poolerAdvice = "; if the connection goes through a pooler in transaction mode, set default_query_exec_mode=exec for pgx, or use PgBouncer 1.21 or newer with max_prepared_statements"

// faultOf says what is known after a statement failed.
func faultOf(err error) fault {
	safe, isSafe := errors.AsType[interface {
		error
		SafeToRetry() bool // pgx
	}](err)
	_, isNet := errors.AsType[net.Error](err)
	op, isOp := errors.AsType[*net.OpError](err)
	state, code := sqlState(err), sqliteCode(err)
	switch {
	case code == 5 || code == 6 || code == 15: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL
		return fault{again: true, busy: true}
	case code != 0:
		return fault{done: code == 10} // SQLITE_IOERR
	case slices.Contains(passing, state):
		return fault{again: true}
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57P"), state == "40003":
		// The connection broke (PgBouncer's 08P01 as well), the server ends, or it cannot tell.
		return fault{again: true, done: true}
	case strings.HasPrefix(state, "53"), strings.HasPrefix(state, "58"), strings.HasPrefix(state, "XX"):
		return fault{done: true} // the disk is full, or worse: a server that ends by it may have written the commit
	case state != "":
		return fault{}
	case errors.Is(err, driver.ErrBadConn), isSafe && safe.SafeToRetry(), isOp && op.Op == "dial":
		return fault{again: true}
	case isNet, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return fault{again: true, done: true}
	}
	return fault{done: true}
}

// passing are the SQLSTATEs of statements that were not done and may be done later.
var passing = []string{
	"40001", "40P01", "55P03", // serialization failure, deadlock, lock not available
	"57P03", "53300", "25006", // the server starts, has too many connections, is a standby
}

func sqlState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// sqliteCode is SQLite's primary result code.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// sleep reports whether d went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
