package boltledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// openFile opens the database at path, creating it if there is none. It returns
// the file as well: closing that ends the lock, where db cannot be closed.
func openFile(path string, lockTimeout time.Duration) (db *bbolt.DB, file *os.File, err error) {
	if err := createFile(path); err != nil {
		return nil, nil, err
	}
	if err := inspectFile(path, lockTimeout); err != nil {
		return nil, nil, err
	}
	return openLedger(path, lockTimeout)
}

// openLedger opens a database whose pages are sound, or a new one.
func openLedger(path string, lockTimeout time.Duration) (db *bbolt.DB, file *os.File, err error) {
	if db, file, err = openDatabase(path, lockTimeout, false); err != nil {
		return nil, nil, err
	}
	if err := guarded(func() error { return verify(db) }); err != nil {
		_ = guarded(db.Close) // it was only read
		return nil, nil, err
	}
	return db, file, nil
}

// inspectFile checks the pages of the file at path, while nobody writes to it.
func inspectFile(path string, lockTimeout time.Duration) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case info.Size() == 0: // it was just made
		return nil
	}
	db, file, err := openDatabase(path, lockTimeout, true)
	if err != nil {
		return err
	}
	if info, err = file.Stat(); err == nil { // as it is now that it is locked
		err = checkPages(file, info.Size(), db.Info().PageSize)
	}
	return errors.Join(err, db.Close())
}

// createFile makes a new ledger at path if nothing is there. It appears under
// its name as a whole: a crash half-way leaves no damaged ledger behind.
func createFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	temp, err := os.CreateTemp(dir, "."+name+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := temp.Close(); err != nil {
		return err
	}
	db, _, err := openLedger(temp.Name(), time.Second)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	// Another process may have been quicker: then its file is the ledger. And some
	// file systems have no links: then bbolt creates the file in place.
	if os.Link(temp.Name(), path) == nil {
		return syncDir(dir)
	}
	return nil
}

// syncDir makes the name of a new file survive a crash of the machine.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // a directory cannot be synced there, and need not be
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openDatabase has bbolt open the file. When it is only read, its free pages are
// not looked at.
func openDatabase(path string, lockTimeout time.Duration, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout:      max(lockTimeout, 1), // bbolt waits for ever at zero
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		ReadOnly:     readOnly,
		OpenFile: func(path string, flag int, mode os.FileMode) (opened *os.File, err error) {
			opened, err = os.OpenFile(path, flag, mode)
			file = opened
			return opened, err
		},
	}
	err = guarded(func() (err error) {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case err == nil:
		return db, file, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, nil, ErrLocked
	case errors.Is(err, ErrDamaged):
		release(file) // bbolt panicked, and closed nothing
	case file != nil && !isSystemError(err): // then it was opened and locked, and not understood
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, nil, err
}

func isSystemError(err error) bool {
	_, ok := errors.AsType[syscall.Errno](err)
	return ok
}

// release ends the lock of a database that cannot be closed.
func release(file *os.File) {
	unlock(file) // as long as it is mapped, closing it is not enough
	_ = file.Close()
}
