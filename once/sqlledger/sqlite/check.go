package sqlite

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	driver "modernc.org/sqlite"
)

const magic = "SQLite format 3\x00"

// checkHeader reports a file that SQLite would take for a new database, or that is
// no whole database.
func checkHeader(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("it cannot be written: %w", err)
	case err != nil:
		return fmt.Errorf("it cannot be opened: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if info.Size() == 0 {
		return errors.New("the file is empty, and a ledger never is: its records are lost; restore a backup, " +
			"or remove the file if no ledger was ever here")
	}
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil || string(header[:len(magic)]) != magic {
		return errors.New("it is not a ledger (not a SQLite file)")
	}
	// While the log beside it is not empty, the file may lack what is in the log.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return nil
	}
	pageSize := int64(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	if want := pageSize * int64(binary.BigEndian.Uint32(header[28:])); info.Size() < want {
		return fmt.Errorf("the file is truncated: it has %d bytes of %d; restore a backup", info.Size(), want)
	}
	return nil
}

// checkTable reports a database that is not a ledger's.
func checkTable(db *sql.DB) error {
	var n int
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond + rand.N(time.Millisecond)) {
		err := db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'agentcopy_ledger'").Scan(&n)
		busy, failed := errors.AsType[*driver.Error](err)
		switch {
		case failed && busy.Code()&0xff == 5 && time.Now().Before(end): // another process has it locked
		case err != nil:
			return fmt.Errorf("it cannot be read, or its -wal and -shm files cannot be made or written: %w", err)
		case n == 0:
			return errors.New("it is a database, but not a ledger")
		default:
			return nil
		}
	}
}
