package boltledger

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// The buckets of the file.
var (
	recordsBucket = []byte("records") // every record, by key
	pendingBucket = []byte("pending") // the keys of those that are not done
	copiesBucket  = []byte("copies")  // the key that owns a copy, by the digest of its CopyRef
	formatBucket  = []byte("format")  // says what the file is
)

var (
	formatKey = []byte("format")
	format    = []byte("agentcopy ledger 1")
)

// verify checks that the database is a ledger and whole. A new one, in which
// nothing is, becomes a ledger.
func verify(db *bbolt.DB) error {
	empty := false
	err := db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			empty = true
			return nil
		}
		return verifyFormat(tx)
	})
	if err != nil || !empty {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{recordsBucket, pendingBucket, copiesBucket, formatBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(formatBucket).Put(formatKey, format)
	})
}

// verifyFormat checks that the file is a ledger of this version.
func verifyFormat(tx *bbolt.Tx) error {
	bucket := tx.Bucket(formatBucket)
	if bucket == nil {
		return errors.New("the file is a bbolt database, but no ledger")
	}
	if found := bucket.Get(formatKey); string(found) != string(format) {
		return fmt.Errorf("the file is of the format %q, and this version reads %q", found, format)
	}
	for _, name := range [][]byte{recordsBucket, pendingBucket, copiesBucket} {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: the bucket %q is missing", ErrDamaged, name)
		}
	}
	return verifyRecords(tx)
}

// verifyRecords reads every record, and checks that it can be found, and that the
// other buckets name each of them where they must, and nothing else.
func verifyRecords(tx *bbolt.Tx) error {
	records, pending, copies := tx.Bucket(recordsBucket), tx.Bucket(pendingBucket), tx.Bucket(copiesBucket)
	isPending, isDone := 0, 0
	err := records.ForEach(func(key, value []byte) error {
		r, err := decode(string(key), value)
		switch {
		case err != nil:
			return err
		case records.Get(key) == nil: // it is there, and no way leads to it
			return fmt.Errorf("%w: key %q cannot be found", ErrDamaged, key)
		case r.Done() && string(copies.Get(digest(r.Ref()))) != r.Key, !r.Done() && pending.Get(key) == nil:
			return fmt.Errorf("%w: the record of key %q is not where it should be", ErrDamaged, key)
		case r.Done():
			isDone++
		default:
			isPending++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a, b := size(pending), size(copies); a != isPending || b != isDone {
		return fmt.Errorf("%w: it names %d pending and %d finished keys, and has records of %d and %d", ErrDamaged, a, b, isPending, isDone)
	}
	return nil
}

func size(b *bbolt.Bucket) (n int) {
	cursor := b.Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		n++
	}
	return n
}
