package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// Open opens the ledger in the file at path, and creates the file if it does not exist.
// Its folder must exist. Several processes of a machine may open the same file. Opening
// it twice in one process shares the database handle. Close the ledger when you are done.
func Open(path string) (*sqlledger.Ledger, error) {
	files.Lock()
	defer files.Unlock()
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: the ledger %s: %w", path, err)
	}
	release := sync.OnceValue(f.release)
	l, err := sqlledger.Open(context.Background(), f.db, sqlledger.SQLite, sqlledger.WithClose(func() error {
		files.Lock()
		defer files.Unlock()
		return release()
	}))
	if err != nil {
		_ = release()
		return nil, fmt.Errorf("sqlite: the ledger %s: %w", path, err)
	}
	return l, nil
}

// files are those that this process has open. Opening and closing a file once more
// would end the locks that SQLite holds on it (POSIX).
var files struct {
	sync.Mutex
	open []*file
}

type file struct {
	path    string
	info    os.FileInfo
	db      *sql.DB
	handles int
}

// openFile returns the file at path, checked. files is locked.
func openFile(path string) (*file, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	for _, f := range files.open {
		switch {
		case !os.SameFile(f.info, info):
		case f.path != path:
			return nil, fmt.Errorf("this process has the same file open as %s: SQLite knows a file by one name", f.path)
		default:
			f.handles++
			return f, nil
		}
	}
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	db, err := connect(path)
	if err != nil {
		return nil, err
	}
	if err := checkTable(db); err != nil {
		_ = db.Close()
		return nil, err
	}
	f := &file{path, info, db, 1}
	files.open = append(files.open, f)
	return f, nil
}

// release gives one handle up; the last one closes the file. files is locked.
func (f *file) release() error {
	if f.handles--; f.handles > 0 {
		return nil
	}
	files.open = slices.DeleteFunc(files.open, func(other *file) bool { return other == f })
	return f.db.Close()
}

// connect returns a pool of one connection: SQLite has one writer at a time, and
// one connection keeps its cache. The ledger itself waits for other processes, in a
// way that is fair and ends with the context.
func connect(path string) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: url.Values{
		"_pragma": {"busy_timeout(0)", "synchronous(FULL)", "cache_size(-65536)", "journal_size_limit(67108864)"},
		"_txlock": {"immediate"},
		"mode":    {"rw"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// realPath is the one name of a file, whatever links lead to it.
func realPath(path string) (string, error) {
	if strings.HasPrefix(path, "file:") {
		return "", errors.New("this is a DSN; give the path of the file, without file: and parameters")
	}
	if path == "" || path == ":memory:" {
		return "", errors.New("not a file name; for a ledger in memory, use once.NewMemoryLedger")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("its folder cannot be opened: %w", err)
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}
