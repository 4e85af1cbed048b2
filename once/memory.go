package once

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// NewMemoryLedger returns a [Ledger] that lives as long as the process. Two
// callers of one key make one copy, and unknown outcomes are settled; what a
// crash leaves unsettled is forgotten. Use it in tests, and where a run that
// crashed is looked after by hand.
func NewMemoryLedger() Ledger {
	return &memoryLedger{
		entries: make(map[string]*memoryEntry),
		pending: make(map[string]*memoryEntry),
		owners:  make(map[CopyRef]string),
	}
}

type memoryLedger struct {
	mu      sync.Mutex
	entries map[string]*memoryEntry
	pending map[string]*memoryEntry // those that are not done
	owners  map[CopyRef]string      // the key of each that is
	tokens  uint64
}

// memoryEntry is a record, and until when it is claimed.
type memoryEntry struct {
	record Record
	lease  time.Time
}

func (l *memoryLedger) Begin(ctx context.Context, r Record, lease time.Duration) (Record, bool, error) {
	if err := check.ContextError(ctx); err != nil {
		return Record{}, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry, found := l.entries[r.Key]
	switch {
	case !found:
		entry = &memoryEntry{record: r}
		l.entries[r.Key], l.pending[r.Key] = entry, entry
	case !entry.record.SameRequest(&r):
		return Record{}, false, ErrKeyReused
	case entry.record.Done():
		return entry.record, true, nil
	case time.Now().Before(entry.lease):
		return Record{}, false, ErrInProgress
	}
	l.tokens++
	entry.record.Token = l.tokens
	entry.lease = time.Now().Add(lease)
	return entry.record, found, nil
}

func (l *memoryLedger) Update(ctx context.Context, r Record, lease time.Duration) error {
	return l.change(ctx, &r, func(entry *memoryEntry) error {
		entry.record = r
		entry.lease = time.Now().Add(lease)
		return nil
	})
}

func (l *memoryLedger) Finish(ctx context.Context, r Record) error {
	return l.change(ctx, &r, func(entry *memoryEntry) error {
		if _, taken := l.owners[r.Ref()]; taken {
			return ErrCopyTaken
		}
		l.owners[r.Ref()] = r.Key
		delete(l.pending, r.Key)
		entry.record = r
		return nil
	})
}

func (l *memoryLedger) Abandon(ctx context.Context, r Record) error {
	return l.change(ctx, &r, func(entry *memoryEntry) error {
		l.forget(entry)
		return nil
	})
}

// change runs f on the entry of r if the claim of r is the latest.
func (l *memoryLedger) change(ctx context.Context, r *Record, f func(*memoryEntry) error) error {
	if err := check.ContextError(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := l.pending[r.Key]
	if entry == nil || entry.record.Token != r.Token {
		return ErrLeaseLost
	}
	return f(entry)
}

func (l *memoryLedger) Owner(ctx context.Context, ref CopyRef) (Record, bool, error) {
	if err := check.ContextError(ctx); err != nil {
		return Record{}, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key, found := l.owners[ref]
	if !found {
		return Record{}, false, nil
	}
	return l.entries[key].record, true, nil
}

func (l *memoryLedger) Pending(ctx context.Context) iter.Seq2[Record, error] {
	return l.records(ctx, l.pending)
}

func (l *memoryLedger) List(ctx context.Context) iter.Seq2[Record, error] {
	return l.records(ctx, l.entries)
}

// records yields those of from, as they are when the loop begins.
func (l *memoryLedger) records(ctx context.Context, from map[string]*memoryEntry) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := check.ContextError(ctx); err != nil {
			yield(Record{}, err)
			return
		}
		for _, r := range l.snapshot(from) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *memoryLedger) snapshot(from map[string]*memoryEntry) []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	records := make([]Record, 0, len(from))
	for _, entry := range from {
		records = append(records, entry.record)
	}
	slices.SortFunc(records, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
	return records
}

func (l *memoryLedger) Remove(ctx context.Context, key string) error {
	if err := check.ContextError(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry := l.entries[key]; entry != nil {
		l.forget(entry)
	}
	return nil
}

// forget removes an entry. The lock is held.
func (l *memoryLedger) forget(entry *memoryEntry) {
	delete(l.entries, entry.record.Key)
	delete(l.pending, entry.record.Key)
	if entry.record.Done() {
		delete(l.owners, entry.record.Ref())
	}
}
