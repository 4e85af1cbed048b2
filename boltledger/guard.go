package boltledger

import (
	"fmt"
	"runtime/debug"
)

// guarded calls f, which reads or writes the database. bbolt panics on a page
// that makes no sense, and reading what has been cut off a mapped file is a
// fault; both become ErrDamaged.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return f()
}
