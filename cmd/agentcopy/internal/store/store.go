// Package store is the memory of the tool: the ledger of the SDK and, in a table
// beside it, whose account it belongs to and which rows failed.
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
	"regexp"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for PostgreSQL

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// Store is a ledger with the table agentcopy_tool beside it, in the same database.
type Store struct {
	*sqlledger.Ledger
	Shared bool // several machines may use it
	db     *sql.DB
}

var (
	// ErrNone means that there is no ledger.
	ErrNone = errors.New("there is no ledger")
	// ErrOtherAccount means that the ledger belongs to another account.
	ErrOtherAccount = errors.New("it belongs to an account with another key than the environment has now. " +
		"If you replaced the key of the same account, say so once with --same-account; " +
		"for another account, name another file with --ledger. Nothing was sent")
	// ErrFails marks what a database said that could not store a record.
	ErrFails = errors.New("the ledger fails")
)

// Open opens a ledger: an SQLite file, or postgres://... Without create, a file that
// does not exist is ErrNone.
func Open(ctx context.Context, where string, create bool) (*Store, error) {
	s := &Store{Shared: strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")}
	var err error
	if s.Shared {
		if s.db, err = sql.Open("pgx", where); err == nil {
			s.db.SetMaxOpenConns(16) // PostgreSQL allows 100 by default, for all processes
			s.db.SetMaxIdleConns(16)
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
		_ = s.Close()
		return nil, fmt.Errorf("the ledger %s cannot be opened: %w", Redacted(where), err)
	}
	return s, nil
}

var passwords = regexp.MustCompile(`(://[^/@\s]*:)[^/@\s]+(@)|([?&]password=)[^&\s"']+`)

// Redacted is text without the passwords of the URLs in it.
func Redacted(text string) string { return passwords.ReplaceAllString(text, "${1}${3}xxxxx${2}") }

func (s *Store) Close() (err error) {
	if s.db != nil {
		err = s.db.Close()
	}
	if s.Ledger != nil {
		err = errors.Join(err, s.Ledger.Close())
	}
	return err
}

// failed marks errors of the database, which are those that once does not know.
func failed(ctx context.Context, err error) error {
	own := []error{once.ErrKeyReused, once.ErrInProgress, once.ErrLeaseLost}
	if err == nil || ctx.Err() != nil || slices.ContainsFunc(own, func(known error) bool { return errors.Is(err, known) }) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrFails, err)
}

// Begin implements once.Ledger.
func (s *Store) Begin(ctx context.Context, r once.Record, lease time.Duration) (once.Record, bool, error) {
	stored, found, err := s.Ledger.Begin(ctx, r, lease)
	return stored, found, failed(ctx, err)
}

// Update implements once.Ledger.
func (s *Store) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return failed(ctx, s.Ledger.Update(ctx, r, lease))
}

// exec runs a statement, once more if it failed: when two processes create the table
// at the same moment, PostgreSQL fails one of them.
func (s *Store) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		_, err = s.db.ExecContext(ctx, statement, args...)
	}
	return err
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

// Account returns what the ledger calls the account of a credential at place, a vendor
// and its origin. The ledger stores no credential, only a salted digest. If it knows
// others of the place and not this one, it returns ErrOtherAccount; with same, the
// credential is a new one of the same account.
func (s *Store) Account(ctx context.Context, place, credential string, same bool) (string, error) {
	salt, err := s.putNew(ctx, "salt", "", rand.Text())
	if err != nil {
		return "", err
	}
	digest, err := Digest(place+"\x00"+credential, salt)
	if err != nil {
		return "", err
	}
	// All processes agree on the name that the first one stored.
	account, err := s.putNew(ctx, "first "+place, "", digest)
	if err != nil || account == digest {
		return account, err
	}
	if same {
		return s.putNew(ctx, "account "+place, digest, account)
	}
	known, err := s.all(ctx, "account "+place)
	if err == nil && known[digest] == "" {
		err = ErrOtherAccount
	}
	return account, err
}

// Digest is what tells a credential from others without telling what it is.
func Digest(credential, salt string) (string, error) {
	sum, err := pbkdf2.Key(sha256.New, credential, []byte(salt), 200_000, 12)
	return hex.EncodeToString(sum), err
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
		_ = json.Unmarshal([]byte(value), &f) // an entry that cannot be read is still a failure
		failures[key] = f
	}
	return failures, err
}

func (s *Store) SetFailure(ctx context.Context, key string, f Failure) error {
	value, _ := json.Marshal(f) // two strings
	return s.exec(ctx, `INSERT INTO agentcopy_tool (kind, name, value) VALUES ('failure', $1, $2)
		ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value`, hexed(key), string(value))
}

func (s *Store) ClearFailure(ctx context.Context, key string) error {
	return s.exec(ctx, `DELETE FROM agentcopy_tool WHERE kind = 'failure' AND name = $1`, hexed(key))
}
