// Package store is what a run remembers: the ledger of the SDK and, in a table
// beside it, whose account it is of and which rows failed.
package store

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // for PostgreSQL

	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// Store is a ledger with the table agentcopy_tool beside it, in the same database.
type Store struct {
	*sqlledger.Ledger
	Shared bool // several machines may be at work on it
	db     *sql.DB
}

// ErrNone means that there is no ledger.
var ErrNone = errors.New("there is no ledger")

// Open opens a ledger: a file of SQLite, or postgres://... Without create, a file
// that is not there is ErrNone.
func Open(ctx context.Context, where string, create bool) (*Store, error) {
	s := &Store{Shared: IsURL(where)}
	var err error
	if s.Shared {
		if s.db, err = sql.Open("pgx", where); err == nil {
			s.Ledger, err = sqlledger.Open(ctx, s.db, sqlledger.Postgres)
		}
	} else {
		if _, err = os.Stat(where); os.IsNotExist(err) && !create {
			return nil, fmt.Errorf("%w at %s", ErrNone, where)
		}
		if s.Ledger, err = sqlite.Open(where); err == nil {
			s.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: where}).EscapedPath()+"?_pragma=busy_timeout(10000)&_txlock=immediate")
		}
	}
	if err == nil {
		err = s.exec(ctx, `CREATE TABLE IF NOT EXISTS agentcopy_tool (kind text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (kind, name))`)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("the ledger %s cannot be opened: %w", Redacted(where), err)
	}
	return s, nil
}

// IsURL reports whether a ledger is in a database of its own.
func IsURL(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Redacted is where without a password.
func Redacted(where string) string {
	if u, err := url.Parse(where); err == nil && IsURL(where) {
		u.RawQuery = ""
		return u.Redacted()
	}
	return where
}

// Close closes the ledger.
func (s *Store) Close() error {
	var errs []error
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if c, ok := any(s.Ledger).(interface{ Close() error }); ok && s.Ledger != nil && !s.Shared {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// exec runs a statement, once more if it failed: of two processes that create the
// table at once, PostgreSQL fails one.
func (s *Store) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		_, err = s.db.ExecContext(ctx, statement, args...)
	}
	return err
}

// put stores a value.
func (s *Store) put(ctx context.Context, kind, name, value string) error {
	return s.exec(ctx, `INSERT INTO agentcopy_tool (kind, name, value) VALUES ($1, $2, $3)
		ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value`, kind, hexed(name), value)
}

// putNew stores a value unless there is one, and returns the one that holds.
func (s *Store) putNew(ctx context.Context, kind, name, value string) (string, error) {
	err := s.exec(ctx, `INSERT INTO agentcopy_tool (kind, name, value) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO NOTHING`, kind, hexed(name), value)
	if err != nil {
		return "", err
	}
	all, err := s.all(ctx, kind)
	return all[name], err
}

// all returns the values of a kind.
func (s *Store) all(ctx context.Context, kind string) (map[string]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, value FROM agentcopy_tool WHERE kind = $1`, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make(map[string]string)
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		plain, _ := hex.DecodeString(name)
		values[string(plain)] = value
	}
	return values, rows.Err()
}

// hexed is a name that every database takes: a key may hold a NUL.
func hexed(name string) string { return hex.EncodeToString([]byte(name)) }

// ErrOtherAccount means that the ledger is of another account.
var ErrOtherAccount = errors.New("the ledger is of another account")

// Account returns what the ledger calls the account of a credential at place, a
// vendor and its origin. The ledger holds no credential, but a salted digest by which
// it knows one again. A credential that is unknown where others are known is
// ErrOtherAccount: of another account, or new for the same one, which same says.
func (s *Store) Account(ctx context.Context, place, credential string, same bool) (string, error) {
	salt, err := s.putNew(ctx, "salt", "", rand.Text())
	if err != nil {
		return "", err
	}
	sum, err := pbkdf2.Key(sha256.New, place+"\x00"+credential, []byte(salt), 200_000, 12)
	if err != nil {
		return "", err
	}
	digest := hex.EncodeToString(sum)
	known, err := s.all(ctx, "account "+place)
	if account := known[digest]; account != "" || err != nil {
		return account, err
	}
	account := digest
	for _, first := range known {
		if !same {
			return "", ErrOtherAccount
		}
		account = first
	}
	// The name that all processes agree on: the first one's.
	if account, err = s.putNew(ctx, "first "+place, "", account); err != nil {
		return "", err
	}
	if account != digest && !same {
		return "", ErrOtherAccount
	}
	return s.putNew(ctx, "account "+place, digest, account)
}

// Failure is why a row failed when it was last tried.
type Failure struct {
	Cause string `json:"cause"`
	Error string `json:"error"`
}

// Failures returns the rows that failed, by key.
func (s *Store) Failures(ctx context.Context) (map[string]Failure, error) {
	all, err := s.all(ctx, "failure")
	failures := make(map[string]Failure, len(all))
	for key, value := range all {
		var f Failure
		_ = json.Unmarshal([]byte(value), &f) // an entry that cannot be read still counts as a failure
		failures[key] = f
	}
	return failures, err
}

// SetFailure remembers that a row failed.
func (s *Store) SetFailure(ctx context.Context, key string, f Failure) error {
	value, _ := json.Marshal(f) // two texts
	return s.put(ctx, "failure", key, string(value))
}

// ClearFailure forgets that a row failed.
func (s *Store) ClearFailure(ctx context.Context, key string) error {
	return s.exec(ctx, `DELETE FROM agentcopy_tool WHERE kind = $1 AND name = $2`, "failure", hexed(key))
}
