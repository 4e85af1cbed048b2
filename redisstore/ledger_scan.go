package redisstore

import (
	"context"
	"iter"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
)

// page is how many records are read at a time.
const page = 200

// Pending yields the records that are not done; see once.Ledger.
func (l *Ledger) Pending(ctx context.Context) iter.Seq2[once.Record, error] {
	return l.scan(ctx, 1)
}

// List yields all records; see once.Ledger.
func (l *Ledger) List(ctx context.Context) iter.Seq2[once.Record, error] {
	return l.scan(ctx, 0)
}

// scan reads page by page. Redis may give a record twice, but never leaves out
// one that is there all the time.
func (l *Ledger) scan(ctx context.Context, pending int) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		seen := make(map[string]bool)
		for cursor := "0"; ; {
			records, next, err := l.page(ctx, cursor, pending)
			if err != nil {
				yield(once.Record{}, err)
				return
			}
			for _, r := range records {
				if err := contextErrorOf(ctx); err != nil {
					yield(once.Record{}, err)
					return
				}
				if seen[r.Key] {
					continue
				}
				seen[r.Key] = true
				if !yield(r, nil) {
					return
				}
			}
			if next == "0" {
				return
			}
			cursor = next
		}
	}
}

func (l *Ledger) page(ctx context.Context, cursor string, pending int) (records []once.Record, next string, err error) {
	asked := time.Now()
	reply, err := l.store.run(ctx, command{script: scanScript, keys: l.keys, args: []any{cursor, page, pending}})
	if err != nil {
		return nil, "", err
	}
	for _, value := range reply[2].([]any) {
		r, err := decode(reply[1], value, asked)
		if err != nil {
			return nil, "", err
		}
		records = append(records, r)
	}
	return records, reply[0].(string), nil
}
