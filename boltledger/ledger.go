package boltledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
	"go.etcd.io/bbolt"
)

// Begin claims the key of r; see [once.Ledger].
func (l *Ledger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = l.commit(ctx, func(tx *bbolt.Tx) (changed bool, err error) {
		stored, found, err = get(tx, r.Key)
		switch {
		case err != nil:
			return false, err
		case !found:
			stored = r
			return true, l.beginNew(tx, &stored, lease)
		case !stored.SameRequest(&r):
			return false, once.ErrKeyReused
		case stored.Done():
			return false, nil
		}
		value := clone(tx.Bucket(recordsBucket).Get([]byte(r.Key)))
		token, ok := l.claims.take(r.Key, value, lease)
		if !ok {
			return false, once.ErrInProgress
		}
		stored.Token = token
		return false, nil
	})
	if err != nil {
		return once.Record{}, false, err
	}
	return stored, found, nil
}

// beginNew stores and claims the first record of a key.
func (l *Ledger) beginNew(tx *bbolt.Tx, r *once.Record, lease time.Duration) error {
	value, err := put(tx, r)
	if err != nil {
		return err
	}
	l.claims.drop(r.Key) // of a record that was removed meanwhile
	r.Token, _ = l.claims.take(r.Key, value, lease)
	return nil
}

// Update stores r and renews its lease; see [once.Ledger]. Without a change
// it does not touch the disk.
func (l *Ledger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	value, err := encode(&r)
	if err != nil {
		return err
	}
	if l.claims.renew(r.Key, r.Token, value, lease) {
		return l.use(func() error { return nil })
	}
	return l.change(ctx, &r, func(tx *bbolt.Tx) error {
		value, err := put(tx, &r)
		if err == nil {
			l.claims.stored(r.Key, value, lease)
		}
		return err
	})
}

// Finish stores r, which is done; see [once.Ledger].
func (l *Ledger) Finish(ctx context.Context, r once.Record) error {
	return l.change(ctx, &r, func(tx *bbolt.Tx) error {
		copies, ref := tx.Bucket(copiesBucket), digest(r.Ref())
		if copies.Get(ref) != nil {
			return once.ErrCopyTaken
		}
		if _, err := put(tx, &r); err != nil {
			return err
		}
		l.claims.drop(r.Key)
		return copies.Put(ref, []byte(r.Key))
	})
}

// Abandon removes the record of r; see [once.Ledger].
func (l *Ledger) Abandon(ctx context.Context, r once.Record) error {
	return l.change(ctx, &r, func(tx *bbolt.Tx) error {
		l.claims.drop(r.Key)
		return remove(tx, &r)
	})
}

// change commits what f does if the claim of r is the latest.
func (l *Ledger) change(ctx context.Context, r *once.Record, f func(*bbolt.Tx) error) error {
	return l.commit(ctx, func(tx *bbolt.Tx) (bool, error) {
		if !l.claims.holds(r.Key, r.Token) {
			return false, once.ErrLeaseLost
		}
		err := f(tx)
		return err == nil, err
	})
}

// Remove removes the record of key; see [once.Ledger].
func (l *Ledger) Remove(ctx context.Context, key string) error {
	return l.commit(ctx, func(tx *bbolt.Tx) (bool, error) {
		r, found, err := get(tx, key)
		if err != nil || !found {
			return false, err
		}
		l.claims.drop(key)
		return true, remove(tx, &r)
	})
}

// Owner returns the record of the copy ref; see [once.Ledger].
func (l *Ledger) Owner(ctx context.Context, ref once.CopyRef) (r once.Record, found bool, err error) {
	if err := contextError(ctx); err != nil {
		return once.Record{}, false, err
	}
	err = l.use(func() error {
		return l.db.View(func(tx *bbolt.Tx) error {
			key := tx.Bucket(copiesBucket).Get(digest(ref))
			if key == nil {
				return nil
			}
			r, found, err = get(tx, string(key))
			if err == nil && !found {
				err = errors.Join(ErrDamaged, errors.New("a copy belongs to a key that has no record"))
			}
			return err
		})
	})
	return r, found && err == nil, err
}

// get reads the record of key.
func get(tx *bbolt.Tx, key string) (r once.Record, found bool, err error) {
	value := tx.Bucket(recordsBucket).Get([]byte(key))
	if value == nil {
		return once.Record{}, false, nil
	}
	r, err = decode(key, value)
	return r, err == nil, err
}

// put stores r and returns what it wrote. When it fails, nothing was.
func put(tx *bbolt.Tx, r *once.Record) ([]byte, error) {
	value, err := encode(r)
	if err != nil {
		return nil, err
	}
	key := []byte(r.Key)
	if err := tx.Bucket(recordsBucket).Put(key, value); err != nil {
		return nil, err
	}
	if pending := tx.Bucket(pendingBucket); r.Done() {
		err = pending.Delete(key)
	} else {
		err = pending.Put(key, nil)
	}
	return value, err
}

// remove removes all that is stored of r.
func remove(tx *bbolt.Tx, r *once.Record) error {
	key := []byte(r.Key)
	if r.Done() {
		if err := tx.Bucket(copiesBucket).Delete(digest(r.Ref())); err != nil {
			return err
		}
	}
	if err := tx.Bucket(pendingBucket).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(recordsBucket).Delete(key)
}

// digest is the key of a CopyRef in the file, which must not be too long.
func digest(ref once.CopyRef) []byte {
	sum := sha256.Sum256([]byte(ref.String()))
	return sum[:]
}

// clone copies what belongs to a transaction.
func clone(value []byte) []byte { return append([]byte(nil), value...) }
