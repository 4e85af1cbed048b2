package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// create makes the file at path if there is none. It makes it whole under another
// name and then gives it its own, so that a crash or a full disk leaves no part of a
// ledger.
func create(path string) error {
	_, noLog := os.Lstat(path + "-wal") // before the file, which is there first
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if noLog == nil { // SQLite would put it into the new file
		return errors.New("the file is missing, but its -wal file is there, which has records: restore a backup, and remove the -wal file")
	}
	dir, base := filepath.Split(path)
	aside, err := os.MkdirTemp(dir, "."+base+".new-")
	if err != nil {
		return fmt.Errorf("it cannot be created: %w", err)
	}
	defer os.RemoveAll(aside) //nolint:errcheck // it is in nobody's way
	made := filepath.Join(aside, base)
	if err := makeLedger(made); err != nil {
		return fmt.Errorf("it cannot be created: %w", err)
	}
	switch err := link(made, path); {
	case errors.Is(err, fs.ErrExist): // another process was faster
		return nil
	case err != nil: // this file system knows no hard links
		if err := renameAlone(made, path); err != nil {
			return fmt.Errorf("it cannot be created: %w", err)
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // not every system can
	return d.Close()
}

var link = os.Link // tests have file systems without it

// makeLedger makes a ledger in a new file and leaves nothing beside it.
func makeLedger(path string) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	db, err := connect(path)
	if err != nil {
		return err
	}
	_, err = db.Exec("PRAGMA journal_mode = WAL")
	if err == nil {
		_, err = sqlledger.Open(context.Background(), db, sqlledger.SQLite)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return checkHeader(path)
}

// renameAlone renames a file unless the new name is taken. The lock of a second
// SQLite file, which stays, keeps others from doing so meanwhile.
func renameAlone(from, to string) error {
	lock, err := connect(to + ".create")
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := os.WriteFile(to+".create", nil, 0o600); err != nil {
		return err
	}
	if _, err := lock.Exec("PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
