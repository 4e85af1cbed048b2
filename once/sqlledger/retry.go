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

	"github.com/agentcopy/agentcopy-go/once"
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

// answers are what a method returns of these: the statements did what they should.
var answers = []error{once.ErrKeyReused, once.ErrInProgress, once.ErrLeaseLost, once.ErrCopyTaken}

// do runs f until it succeeds or has an answer, for as long as ctx and maxOutage allow. f must
// do nothing more if it is run again after it was done; doubt says that it may have been.
func (l *Ledger) do(ctx context.Context, what string, f func(ctx context.Context, doubt bool) error) error {
	limited, cancel := context.WithTimeout(ctx, l.maxOutage)
	defer cancel()
	var last error // of the database
	doubt := false
	waiting := false // for another process's lock
	for wait := 10 * time.Millisecond; limited.Err() == nil; wait = min(2*wait, time.Second) {
		err := f(limited, doubt)
		if err == nil || slices.Contains(answers, err) {
			return err
		}
		kind := faultOf(err)
		doubt = doubt || kind.done || limited.Err() != nil
		if limited.Err() != nil {
			break
		}
		last = err
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
			break
		}
	}
	return l.failure(ctx, what, doubt, last)
}

// failure is the error of a call that is not tried again after the last one of the database.
func (l *Ledger) failure(ctx context.Context, what string, doubt bool, last error) error {
	if doubt && !reading[what] {
		what += " (the write may have happened)"
	}
	var reason error
	switch cause := context.Cause(ctx); {
	case cause != nil && !errors.Is(cause, ctx.Err()):
		reason = fmt.Errorf("%w: %w", ctx.Err(), cause)
	case cause != nil:
		reason = cause
	case last == nil || faultOf(last).again:
		reason = fmt.Errorf("%w (waited %v)", ErrUnavailable, l.maxOutage)
	default:
		return fmt.Errorf("sqlledger: %s: %w%s", what, last, advice[sqlState(last)])
	}
	if last == nil {
		return fmt.Errorf("sqlledger: %s: %w", what, reason)
	}
	return fmt.Errorf("sqlledger: %s: %w: %w%s", what, reason, last, advice[sqlState(last)])
}

// reading are the methods that change nothing.
var reading = map[string]bool{"Check": true, "Get": true, "KeepsNames": true, "List": true, "Owners": true, "Pending": true}

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
	var safe interface{ SafeToRetry() bool } // pgx
	isSafe := errors.As(err, &safe)
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
	"57P03", "53300", "25006", "57014", // the server starts, has too many connections, is a standby; statement_timeout
}

func sqlState(err error) string {
	var e interface{ SQLState() string }
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return ""
}

// sqliteCode is SQLite's primary result code.
func sqliteCode(err error) int {
	var e interface{ Code() int }
	if errors.As(err, &e) {
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
