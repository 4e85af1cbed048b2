package sqlledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// Ledger is a once.Ledger, and a once.Index, in a database. Its methods may be
// called from any number of goroutines.
type Ledger struct {
	db        *sql.DB
	dialect   Dialect
	sql       *statements
	maxOutage time.Duration
	onClose   func() error
	waiting   chan struct{} // holds an element while a call waits for another process's lock
}

var (
	_ once.Ledger = (*Ledger)(nil)
	_ once.Index  = (*Ledger)(nil)
)

// Option is an option of [Open].
type Option func(*Ledger)

// WithMaxOutage sets how long a call waits while the database is unreachable,
// restarting, failing over or not answering before it fails with [ErrUnavailable].
// Default: 10s. The call's context ends the wait as well. [Open] returns an error
// unless d is positive.
func WithMaxOutage(d time.Duration) Option { return func(l *Ledger) { l.maxOutage = d } }

// WithClose makes [Ledger.Close] call f. Default: Close does nothing.
func WithClose(f func() error) Option { return func(l *Ledger) { l.onClose = f } }

// Open returns the ledger in a database. It creates or migrates the ledger's tables if
// necessary, and reads no record. The caller still has to close db.
func Open(ctx context.Context, db *sql.DB, d Dialect, opts ...Option) (*Ledger, error) {
	if db == nil || d.dialect == nil {
		return nil, errors.New("sqlledger: Open: the *sql.DB or the Dialect is missing")
	}
	l := &Ledger{db: db, dialect: d, sql: newStatements(d), maxOutage: 10 * time.Second, onClose: func() error { return nil }, waiting: make(chan struct{}, 1)}
	for _, opt := range opts {
		opt(l)
	}
	if l.maxOutage <= 0 {
		return nil, fmt.Errorf("sqlledger: WithMaxOutage(%v): must be positive", l.maxOutage)
	}
	err := l.do(ctx, "Open", func(ctx context.Context, _ bool) error { return migrate(ctx, db, d) })
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Close calls the func given to [WithClose], if any.
func (l *Ledger) Close() error { return l.onClose() }

// writes numbers the writes of this process, so that one that arrives late does not
// undo a later one.
var writes atomic.Int64

// Begin implements once.Ledger. If ctx ends it, it may have claimed the key, which is
// then held for one lease.
func (l *Ledger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	r.Token = rand.Uint64() >> 1 // by which a claim whose answer was lost is known
	args, err := arguments(r, writes.Add(1), lease)
	if err != nil {
		return once.Record{}, false, err
	}
	err = l.do(ctx, "Begin", func(ctx context.Context, _ bool) error {
		for {
			claimed, err := l.query(ctx, l.sql.begin, args...)
			if err != nil {
				return err
			}
			if len(claimed) == 1 {
				stored, found = claimed[0].record, claimed[0].claims > 1
				return nil
			}
			there, err := l.get(ctx, r.Key)
			if err != nil {
				return err
			}
			if len(there) == 0 {
				continue // it was removed a moment ago
			}
			switch has := there[0]; {
			case !has.record.SameRequest(&r):
				return once.ErrKeyReused
			case has.record.Done():
				stored, found = has.record, true
				return nil
			case has.left > lease.Seconds():
				_, err = l.exec(ctx, l.sql.cut, args[0], lease.Seconds())
			}
			return cmp.Or(err, once.ErrInProgress)
		}
	})
	return stored, found, err
}

// Update implements once.Ledger.
func (l *Ledger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return l.write(ctx, "Update", r, lease)
}

// Release implements once.Ledger.
func (l *Ledger) Release(ctx context.Context, r once.Record) error {
	return l.write(ctx, "Release", r, 0)
}

// Finish implements once.Ledger.
func (l *Ledger) Finish(ctx context.Context, r once.Record) error {
	return l.write(ctx, "Finish", r, 0)
}

func (l *Ledger) write(ctx context.Context, what string, r once.Record, lease time.Duration) error {
	args, err := arguments(r, writes.Add(1), lease)
	if err != nil {
		return err
	}
	args = args[:len(args)-requestArguments]
	return l.do(ctx, what, func(ctx context.Context, _ bool) error {
		for {
			changed, err := l.exec(ctx, l.sql.write, args...)
			taken := sqlState(err) == "23505" // a unique violation: of two Finish at once
			if err != nil && !taken || changed == 1 {
				return err
			}
			there, err := l.get(ctx, r.Key)
			if err != nil {
				return err
			}
			switch {
			case len(there) == 0 || there[0].record.Token != r.Token:
				return once.ErrLeaseLost
			case there[0].record.Done():
				if there[0].record.Ref() == r.Ref() {
					return nil // an earlier Finish, whose answer was lost, did it
				}
				return once.ErrLeaseLost
			case taken || there[0].number <= args[2].(int64):
				return once.ErrCopyTaken
			case !r.Done():
				return nil
			}
			args[2] = writes.Add(1) // a later write of this claim came first, and must not be the last
		}
	})
}

// Abandon implements once.Ledger.
func (l *Ledger) Abandon(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Abandon", func(ctx context.Context, doubt bool) error {
		const abandon = "DELETE FROM agentcopy_ledger WHERE key = $1 AND token = $2 AND ref IS NULL"
		removed, err := l.exec(ctx, abandon, escape(r.Key), int64(r.Token))
		if err != nil || removed == 1 {
			return err
		}
		if doubt { // then it may be gone because a run before removed it
			there, err := l.get(ctx, r.Key)
			if err != nil || len(there) == 0 {
				return err
			}
		}
		return once.ErrLeaseLost
	})
}

// Remove implements once.Ledger.
func (l *Ledger) Remove(ctx context.Context, key string) error {
	return l.do(ctx, "Remove", func(ctx context.Context, _ bool) error {
		_, err := l.exec(ctx, "DELETE FROM agentcopy_ledger WHERE key = $1", escape(key))
		return err
	})
}

// Get implements once.Index.
func (l *Ledger) Get(ctx context.Context, key string) (r once.Record, found bool, err error) {
	err = l.do(ctx, "Get", func(ctx context.Context, _ bool) error {
		rows, err := l.get(ctx, key)
		if len(rows) == 1 {
			r, found = rows[0].record, true
		}
		return err
	})
	return r, found, err
}

// KeepsNames implements once.Index.
func (l *Ledger) KeepsNames(ctx context.Context, id agentcopy.Identity) (keeps bool, err error) {
	err = l.do(ctx, "KeepsNames", func(ctx context.Context, _ bool) error {
		const names = "SELECT EXISTS (SELECT 1 FROM agentcopy_ledger WHERE keeps_names_of = $1)"
		return l.queryRow(ctx, names, namesText(id)).Scan(&keeps)
	})
	return keeps, err
}

// Owners implements once.Ledger.
func (l *Ledger) Owners(ctx context.Context, refs []once.CopyRef) (map[once.CopyRef]once.Record, error) {
	owners := make(map[once.CopyRef]once.Record, len(refs))
	for some := range slices.Chunk(refs, 256) {
		// The number of parameters is a power of two, so that there are few different statements.
		size := 1 << bits.Len(uint(len(some)-1))
		params, args := make([]string, size), make([]any, size)
		for i := range args {
			params[i], args[i] = fmt.Sprint("$", i+1), some[min(i, len(some)-1)].String()
		}
		rows, err := l.read(ctx, "Owners", "ref IN ("+strings.Join(params, ", ")+")", args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			owners[r.record.Ref()] = r.record
		}
	}
	return owners, nil
}

// Pending implements once.Ledger. It holds what it yields in memory.
func (l *Ledger) Pending(ctx context.Context, id agentcopy.Identity, sentSince time.Time) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		var where string
		var args []any
		if !sentSince.IsZero() {
			since := sentSince.Add(-time.Second) // the columns have milliseconds
			args = append(args, time.Until(since).Seconds(), since.UTC().Format(timeFormat))
			where = l.sql.sentSince + " AND "
		}
		if id.Provider == "" && id.Origin == "" && id.Account == "" {
			where += "rival_of IS NOT NULL"
		} else {
			args = append(args, rivalText(id))
			where += fmt.Sprint("rival_of = $", len(args))
		}
		rows, err := l.read(ctx, "Pending", where, args...)
		if err != nil {
			yield(once.Record{}, err)
			return
		}
		for _, r := range rows {
			if !r.record.SentAt.Before(sentSince) && !yield(r.record, nil) {
				return
			}
		}
	}
}

const listPage = 500 // records that List reads at a time

// List implements once.Ledger. It reads some hundred records at a time.
func (l *Ledger) List(ctx context.Context) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		for from := ""; ; {
			rows, err := l.read(ctx, "List", fmt.Sprint("key >= $1 ORDER BY key LIMIT ", listPage), from)
			if err != nil {
				yield(once.Record{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r.record, nil) {
					return
				}
			}
			if len(rows) < listPage {
				return
			}
			from = after(escape(rows[len(rows)-1].record.Key))
		}
	}
}

// after is the least key after an escaped one, which has no NUL.
func after(key string) string { return key + "\x01" }

// read reads the rows where a condition holds, again and again if need be.
func (l *Ledger) read(ctx context.Context, what, where string, args ...any) (rows []row, err error) {
	err = l.do(ctx, what, func(ctx context.Context, _ bool) error {
		rows, err = l.query(ctx, l.sql.read+where, args...)
		return err
	})
	return rows, err
}

// get reads the row of a key, if there is one.
func (l *Ledger) get(ctx context.Context, key string) ([]row, error) {
	return l.query(ctx, l.sql.read+"key = $1", escape(key))
}

// text is a statement as the dialect writes it.
func (l *Ledger) text(statement string) string {
	return strings.ReplaceAll(statement, "$", l.dialect.param)
}

func (l *Ledger) exec(ctx context.Context, statement string, args ...any) (changed int64, err error) {
	result, err := l.db.ExecContext(ctx, l.text(statement), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (l *Ledger) queryRow(ctx context.Context, statement string, args ...any) *sql.Row {
	return l.db.QueryRowContext(ctx, l.text(statement), args...)
}

// query reads to the end, where a commit that failed shows.
func (l *Ledger) query(ctx context.Context, statement string, args ...any) (all []row, err error) {
	asked := time.Now()
	rows, err := l.db.QueryContext(ctx, l.text(statement), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows, asked)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}
