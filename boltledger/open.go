package boltledger

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
	"go.etcd.io/bbolt"
)

// Match these with errors.Is.
var (
	// ErrLocked: another process has the ledger open, or this one has it open
	// already.
	ErrLocked = errors.New("the ledger is open elsewhere")
	// ErrDamaged: the file is no ledger any more. Nothing in it is changed. Restore
	// a backup, or look after the keys it held by hand before you start a new one:
	// a new ledger knows of no copy.
	ErrDamaged = errors.New("the ledger's file is damaged")
	// ErrClosed: the ledger was closed before.
	ErrClosed = errors.New("the ledger is closed")
)

// Ledger is an [once.Ledger] in a local file. Open makes one. Its methods
// may be called from any number of goroutines.
//
// When the file cannot be written or makes no sense any more, every call fails
// from then on: open the ledger again to go on with what is on the disk.
type Ledger struct {
	path   string
	db     *bbolt.DB
	file   *os.File // what db writes to; closing it ends the lock
	claims *claims

	life sync.RWMutex // held for reading while the database is in use

	ending sync.Mutex
	ended  error // why the database must not be used any more; guarded by ending

	queuing sync.Mutex
	queue   []*write // not committed yet; guarded by queuing

	writing sync.Mutex // held by whoever commits
}

var _ once.Ledger = (*Ledger)(nil)

// Option changes how [Open] works.
type Option func(*settings) error

type settings struct{ lockTimeout time.Duration }

// WithLockTimeout is how long Open waits for another process to close the ledger
// before it fails with [ErrLocked]. Zero does not wait. Default: 1s.
func WithLockTimeout(d time.Duration) Option {
	return func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("WithLockTimeout: the timeout is negative: %v", d)
		}
		s.lockTimeout = d
		return nil
	}
}

// Open opens the ledger in the file at path, and makes a new one if there is no
// file. It reads the whole file, to see whether it is sound, which takes about a
// second for 100,000 records. Close the ledger when it is no longer used.
//
// Records that a former process was at work on are free to be taken up: it is
// provably gone, since it does not hold the file any more.
func Open(path string, opts ...Option) (*Ledger, error) {
	s := settings{lockTimeout: time.Second}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("boltledger: option %d is nil", i+1)
		}
		if err := opt(&s); err != nil {
			return nil, fmt.Errorf("boltledger: %w", err)
		}
	}
	db, file, err := openFile(path, s.lockTimeout)
	if err != nil {
		return nil, fmt.Errorf("boltledger: %s: %w", path, err)
	}
	return &Ledger{path: path, db: db, file: file, claims: newClaims()}, nil
}

// String names the file.
func (l *Ledger) String() string { return "boltledger " + l.path }

// Close closes the file, once the calls that are under way have ended. Calls
// that come later fail with [ErrClosed]. Closing again does nothing.
func (l *Ledger) Close() error {
	l.life.Lock()
	defer l.life.Unlock()
	ended := l.whyEnded()
	if errors.Is(ended, ErrClosed) {
		return nil
	}
	l.end(ErrClosed)
	if errors.Is(ended, ErrDamaged) { // bbolt may hold a lock of its own for ever
		release(l.file)
		return nil
	}
	return guarded(l.db.Close)
}

// end says why the ledger is not to be used any more.
func (l *Ledger) end(why error) {
	l.ending.Lock()
	defer l.ending.Unlock()
	l.ended = why
}

func (l *Ledger) whyEnded() error {
	l.ending.Lock()
	defer l.ending.Unlock()
	return l.ended
}

// use calls f, which reads or writes the database.
func (l *Ledger) use(f func() error) error {
	l.life.RLock()
	defer l.life.RUnlock()
	if why := l.whyEnded(); why != nil {
		return fmt.Errorf("boltledger: %s: %w", l.path, why)
	}
	err := guarded(f)
	if errors.Is(err, ErrDamaged) {
		l.end(err)
		return fmt.Errorf("boltledger: %s: %w", l.path, err)
	}
	return err
}
