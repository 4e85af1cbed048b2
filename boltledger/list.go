package boltledger

import (
	"context"
	"iter"

	"github.com/agentcopy/agentcopy-go/once"
	"go.etcd.io/bbolt"
)

// pageSize is how many records are read at a time. No transaction is open while
// a loop looks at them, since the loop may write.
const pageSize = 100

// Pending yields the records that are not done; see [once.Ledger].
func (l *Ledger) Pending(ctx context.Context) iter.Seq2[once.Record, error] {
	return l.records(ctx, pendingBucket)
}

// List yields all records, in the order of their keys; see [once.Ledger].
func (l *Ledger) List(ctx context.Context) iter.Seq2[once.Record, error] {
	return l.records(ctx, recordsBucket)
}

// records yields the records of the keys in bucket.
func (l *Ledger) records(ctx context.Context, bucket []byte) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		var last []byte
		for {
			page, err := l.page(ctx, bucket, last)
			if err != nil {
				yield(once.Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				last = []byte(r.Key)
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// page reads the records of the keys in bucket after last.
func (l *Ledger) page(ctx context.Context, bucket, last []byte) (page []once.Record, err error) {
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	err = l.use(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			cursor := tx.Bucket(bucket).Cursor()
			key, _ := cursor.Seek(last)
			if last != nil && string(key) == string(last) {
				key, _ = cursor.Next()
			}
			for ; key != nil && len(page) < pageSize; key, _ = cursor.Next() {
				r, found, err := get(tx, string(key))
				switch {
				case err != nil:
					return err
				case found:
					page = append(page, r)
				}
			}
			return nil
		})
	})
	return page, err
}
