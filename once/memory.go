package once

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// MemoryLedger is a [Ledger] that lives as long as the process.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[string]*entry
	pending map[string]*entry          // those that are not done
	owners  map[CopyRef]string         // the key of each that is
	keeping map[agentcopy.Identity]int // by scope: done records that show that names are kept
	tokens  uint64
}

// entry is a record, and until when it is claimed.
type entry struct {
	record Record
	lease  time.Time
}

// NewMemoryLedger returns an empty ledger. Two calls with one key make one copy, and
// unknown outcomes are settled, but a crash forgets everything. Use it in tests, and
// where a person checks the vendor's agents after a crash.
func NewMemoryLedger() *MemoryLedger {
	return &MemoryLedger{
		entries: make(map[string]*entry),
		pending: make(map[string]*entry),
		owners:  make(map[CopyRef]string),
		keeping: make(map[agentcopy.Identity]int),
	}
}

// Begin implements [Ledger].
func (l *MemoryLedger) Begin(ctx context.Context, r Record, lease time.Duration) (Record, bool, error) {
	if err := l.lock(ctx); err != nil {
		return Record{}, false, err
	}
	defer l.mu.Unlock()
	now := time.Now()
	e, found := l.entries[r.Key]
	switch {
	case !found:
		e = &entry{record: cloned(r)}
		l.entries[r.Key], l.pending[r.Key] = e, e
	case !e.record.SameRequest(&r):
		return Record{}, false, ErrKeyReused
	case e.record.Done():
		return cloned(e.record), true, nil
	case now.Before(e.lease):
		e.lease = earlier(e.lease, now.Add(lease))
		return Record{}, false, ErrInProgress
	}
	l.tokens++
	e.record.Token = l.tokens
	e.lease = now.Add(lease)
	return cloned(e.record), found, nil
}

// Update implements [Ledger].
func (l *MemoryLedger) Update(ctx context.Context, r Record, lease time.Duration) error {
	return l.store(ctx, r, time.Now().Add(lease))
}

// Release implements [Ledger].
func (l *MemoryLedger) Release(ctx context.Context, r Record) error {
	return l.store(ctx, r, time.Time{})
}

func (l *MemoryLedger) store(ctx context.Context, r Record, lease time.Time) error {
	return l.change(ctx, r, func(e *entry) error {
		e.record, e.lease = cloned(r), lease
		return nil
	})
}

// Finish implements [Ledger].
func (l *MemoryLedger) Finish(ctx context.Context, r Record) error {
	return l.change(ctx, r, func(e *entry) error {
		if _, taken := l.owners[r.Ref()]; taken {
			return ErrCopyTaken
		}
		e.record = cloned(r)
		l.owners[r.Ref()] = r.Key
		delete(l.pending, r.Key)
		if r.ShowsKeptName() {
			l.keeping[scope(r.Identity)]++
		}
		return nil
	})
}

// Abandon implements [Ledger].
func (l *MemoryLedger) Abandon(ctx context.Context, r Record) error {
	return l.change(ctx, r, func(e *entry) error {
		l.forget(e)
		return nil
	})
}

// lock takes the lock, unless ctx has ended.
func (l *MemoryLedger) lock(ctx context.Context) error {
	err := check.ContextError(ctx)
	if err == nil {
		l.mu.Lock()
	}
	return err
}

// change runs f on the entry of r if the claim of r is the latest.
func (l *MemoryLedger) change(ctx context.Context, r Record, f func(*entry) error) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	e := l.pending[r.Key]
	if e == nil || e.record.Token != r.Token {
		return ErrLeaseLost
	}
	return f(e)
}

// Owners implements [Ledger].
func (l *MemoryLedger) Owners(ctx context.Context, refs []CopyRef) (map[CopyRef]Record, error) {
	if err := l.lock(ctx); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	owners := make(map[CopyRef]Record, len(refs))
	for _, ref := range refs {
		if key, found := l.owners[ref]; found {
			owners[ref] = cloned(l.entries[key].record)
		}
	}
	return owners, nil
}

// Pending implements [Ledger].
func (l *MemoryLedger) Pending(ctx context.Context, id agentcopy.Identity, sentSince time.Time) iter.Seq2[Record, error] {
	return l.records(ctx, l.pending, func(r *Record) bool { return isRival(r, id, sentSince) })
}

// List implements [Ledger].
func (l *MemoryLedger) List(ctx context.Context) iter.Seq2[Record, error] {
	return l.records(ctx, l.entries, func(*Record) bool { return true })
}

// records yields those of from that keep accepts, as they are when the loop
// begins.
func (l *MemoryLedger) records(ctx context.Context, from map[string]*entry, keep func(*Record) bool) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := l.lock(ctx); err != nil {
			yield(Record{}, err)
			return
		}
		var records []Record
		for _, e := range from {
			if keep(&e.record) {
				records = append(records, cloned(e.record))
			}
		}
		l.mu.Unlock()
		slices.SortFunc(records, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Remove implements [Ledger].
func (l *MemoryLedger) Remove(ctx context.Context, key string) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	if e := l.entries[key]; e != nil {
		l.forget(e)
	}
	return nil
}

// forget removes an entry. The lock is held.
func (l *MemoryLedger) forget(e *entry) {
	delete(l.entries, e.record.Key)
	delete(l.pending, e.record.Key)
	if !e.record.Done() {
		return
	}
	delete(l.owners, e.record.Ref())
	if e.record.ShowsKeptName() {
		l.keeping[scope(e.record.Identity)]--
	}
}

// Get implements [Index].
func (l *MemoryLedger) Get(ctx context.Context, key string) (Record, bool, error) {
	if err := l.lock(ctx); err != nil {
		return Record{}, false, err
	}
	defer l.mu.Unlock()
	e := l.entries[key]
	if e == nil {
		return Record{}, false, nil
	}
	return cloned(e.record), true, nil
}

// KeepsNames implements [Index].
func (l *MemoryLedger) KeepsNames(ctx context.Context, id agentcopy.Identity) (bool, error) {
	if err := l.lock(ctx); err != nil {
		return false, err
	}
	defer l.mu.Unlock()
	return l.keeping[scope(id)] > 0, nil
}

// isRival reports whether Pending of id and sentSince yields r, which is not done.
func isRival(r *Record, id agentcopy.Identity, sentSince time.Time) bool {
	everywhere := id.Provider == "" && id.Origin == "" && id.Account == ""
	return r.Sent() && !r.SentAt.Before(sentSince) && (everywhere ||
		r.Identity.Provider == id.Provider && r.Identity.Origin == id.Origin && r.Identity.Account == id.Account)
}

// cloned is what a ledger keeps of r, or gives of it: a copy that shares nothing.
func cloned(r Record) Record {
	r.Seen, r.Dismissed = slices.Clone(r.Seen), slices.Clone(r.Dismissed)
	r.Request.IdempotencyKey = ""
	r.Copy = stripped(r.Copy)
	return r
}
