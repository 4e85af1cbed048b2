package boltledger

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// write is one change that waits to be committed.
type write struct {
	// do makes the change, and reports whether it has made one. When it returns an
	// error, it has made none: the others in the transaction are committed all the
	// same.
	do   func(*bbolt.Tx) (changed bool, err error)
	err  error
	done bool // guarded by Ledger.writing
}

// commit makes a change durable. While one commit is on its way to the disk,
// others gather and go with the next one, all together: whoever comes first
// takes the rest along.
func (l *Ledger) commit(ctx context.Context, do func(*bbolt.Tx) (changed bool, err error)) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	w := &write{do: do}
	l.queuing.Lock()
	l.queue = append(l.queue, w)
	l.queuing.Unlock()

	l.writing.Lock()
	defer l.writing.Unlock()
	if !w.done {
		l.commitAll()
	}
	return w.err
}

// commitAll commits what has gathered. The lock writing is held.
func (l *Ledger) commitAll() {
	l.queuing.Lock()
	batch := l.queue
	l.queue = nil
	l.queuing.Unlock()
	err := l.use(func() error { return l.transact(batch) })
	for _, w := range batch {
		w.done = true
		if err != nil {
			w.err = err
		}
	}
}

// errUnchanged ends a transaction that has nothing to commit.
var errUnchanged = errors.New("nothing has changed")

// transact makes the changes of batch in one transaction.
func (l *Ledger) transact(batch []*write) error {
	changed := false
	err := l.db.Update(func(tx *bbolt.Tx) error {
		for _, w := range batch {
			var did bool
			if did, w.err = w.do(tx); errors.Is(w.err, ErrDamaged) {
				return w.err
			}
			changed = changed || did
		}
		if !changed {
			return errUnchanged
		}
		return nil
	})
	switch {
	case err == nil || errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, ErrDamaged):
		return err
	}
	// What of it is on the disk is not known, and bbolt would write over it. Only
	// a new look at the file tells.
	err = fmt.Errorf("%w: %w", errWrite, err)
	l.end(err)
	return fmt.Errorf("boltledger: %s: %w", l.path, err)
}

var errWrite = errors.New("the file could not be written; open the ledger again to go on")

// contextError is why ctx ended, or nil.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
