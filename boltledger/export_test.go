package boltledger

import "go.etcd.io/bbolt"

// BreakFile makes every write fail, as that of a disk that is gone.
func (l *Ledger) BreakFile() { _ = l.file.Close() }

// Commits is how many transactions the file has seen.
func (l *Ledger) Commits() (n int) {
	_ = l.db.View(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	})
	return n
}
