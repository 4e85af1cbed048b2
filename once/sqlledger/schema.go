package sqlledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// migrations made the table that there is: one for each version of it. Each must be
// safe to run again.
var migrations = []func(d Dialect) []string{
	func(d Dialect) []string {
		return []string{`CREATE TABLE IF NOT EXISTS agentcopy_ledger (
	key              ` + d.keyType + ` NOT NULL PRIMARY KEY,
	provider         text NOT NULL,
	origin           text NOT NULL,
	account          text NOT NULL,
	template         text NOT NULL,
	source_id        text NOT NULL,
	name             text NOT NULL,
	copy_id          text,
	copy_name        text,
	sends            bigint NOT NULL,
	since            ` + d.timeType + `,
	sent_at          ` + d.timeType + `,
	writer_since     ` + d.timeType + `,
	writer_sent_at   ` + d.timeType + `,
	begun_at         ` + d.timeType + ` NOT NULL,
	written_at       ` + d.timeType + ` NOT NULL,
	lease_end        ` + d.timeType + `,
	token            bigint NOT NULL,
	claims           bigint NOT NULL,
	write_no         bigint NOT NULL,
	rival_of         text,
	ref              text,
	keeps_names_of   text,
	record           text NOT NULL
)`,
			`CREATE UNIQUE INDEX IF NOT EXISTS agentcopy_ledger_ref ON agentcopy_ledger (ref) WHERE ref IS NOT NULL`,
			`CREATE INDEX IF NOT EXISTS agentcopy_ledger_rivals ON agentcopy_ledger (rival_of, ` + sentBound(d) + `) WHERE rival_of IS NOT NULL`,
			`CREATE INDEX IF NOT EXISTS agentcopy_ledger_names ON agentcopy_ledger (keeps_names_of) WHERE keeps_names_of IS NOT NULL`,
		}
	},
}

// sentBound is when a request was sent at the latest, by either clock.
func sentBound(d Dialect) string { return d.greatest + "(sent_at, writer_sent_at)" }

// migrate brings the table to the newest version. Any number of processes may do
// so at once. One that has nothing to do needs no right to create tables.
func migrate(ctx context.Context, db *sql.DB, d Dialect) error {
	if v, err := version(ctx, db); err == nil && v >= len(migrations) {
		return tooNew(v)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if d == Postgres {
		// Held until the transaction ends, not the session.
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(7234169253)"); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS agentcopy_ledger_version (version bigint NOT NULL PRIMARY KEY)"); err != nil {
		return err
	}
	v, err := version(ctx, tx)
	if err != nil {
		return err
	}
	for n := v + 1; n <= len(migrations); n++ {
		for _, statement := range migrations[n-1](d) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("to version %d: %w", n, err)
			}
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO agentcopy_ledger_version VALUES (%d)", n)); err != nil {
			return err
		}
	}
	return errors.Join(tooNew(v), tx.Commit())
}

// version is that of the table; 0 if there is none yet.
func version(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (v int, err error) {
	err = q.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM agentcopy_ledger_version").Scan(&v)
	return v, err
}

func tooNew(v int) error {
	if v > len(migrations) {
		return fmt.Errorf("the table has version %d, made by a newer version of this module, which knows %d", v, len(migrations))
	}
	return nil
}
