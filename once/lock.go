package once

import (
	"context"
	"fmt"
	"reflect"
	"sync"
)

// keyLocks makes the callers of one key take turns within the process, so that
// the second one waits for the first where the ledger could only refuse it. It
// holds an entry for each key that is being worked on, and no others.
var keyLocks = keyedLocks{held: make(map[keyName]*keyLock)}

type keyedLocks struct {
	mu   sync.Mutex
	held map[keyName]*keyLock
}

// keyName is a key of a ledger.
type keyName struct {
	ledger any
	key    string
}

type keyLock struct {
	taken chan struct{} // holds an element while the lock is taken
	users int           // those who have it or wait for it
}

// lock waits until nobody else has the key of o's ledger, or ctx ends.
func (l *keyedLocks) lock(ctx context.Context, o *Runner, key string) (unlock func(), err error) {
	name := keyName{ledgerOf(o), key}
	lock := l.join(name)
	if err := contextError(ctx); err != nil { // also when the lock is free
		l.leave(name, lock)
		return nil, err
	}
	select {
	case lock.taken <- struct{}{}:
		return func() { <-lock.taken; l.leave(name, lock) }, nil
	case <-ctx.Done():
		l.leave(name, lock)
		return nil, fmt.Errorf("while waiting for another call with the key: %w", contextError(ctx))
	}
}

func (l *keyedLocks) join(name keyName) *keyLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	lock := l.held[name]
	if lock == nil {
		lock = &keyLock{taken: make(chan struct{}, 1)}
		l.held[name] = lock
	}
	lock.users++
	return lock
}

func (l *keyedLocks) leave(name keyName, lock *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock.users--; lock.users == 0 {
		delete(l.held, name)
	}
}

// ledgerOf is what tells o's ledger from others: the ledger itself, or o where
// its type cannot be compared.
func ledgerOf(o *Runner) any {
	if reflect.ValueOf(o.Ledger).Comparable() {
		return o.Ledger
	}
	return o
}
