package sqlledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Prune forgets the records that were done before doneBefore, and returns how many.
// A forgotten key can make a second copy: the next call with it starts anew, and
// another key that looks for its copy may claim this one. Prune only keys that nobody
// will use again. It works in short steps, and never removes a record that is not done.
func (l *Ledger) Prune(ctx context.Context, doneBefore time.Time) (forgotten int64, err error) {
	for from := ""; ; {
		var end sql.NullString
		err := l.do(ctx, "Prune", func(ctx context.Context, _ bool) error {
			if err := l.queryRow(ctx, pageEnd, from).Scan(&end); err != nil || !end.Valid {
				return err
			}
			n, err := l.exec(ctx, l.sql.prune, from, end.String, time.Until(doneBefore).Seconds())
			forgotten += n
			return err
		})
		if err != nil || !end.Valid {
			return forgotten, err
		}
		from = after(end.String)
	}
}

const pageEnd = "SELECT max(key) FROM (SELECT key FROM agentcopy_ledger WHERE key >= $1 ORDER BY key LIMIT 1000) AS page"

// Check reads the whole ledger and returns an error if something is damaged. On SQLite it
// also runs PRAGMA quick_check, during which the writers of this process wait.
func (l *Ledger) Check(ctx context.Context) error {
	if l.dialect == SQLite {
		var result string
		err := l.do(ctx, "Check", func(context.Context, bool) error { // which may take longer than maxOutage
			return l.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result)
		})
		if err != nil {
			return err
		}
		if result != "ok" {
			return fmt.Errorf("sqlledger: Check: the file is damaged: %s", result)
		}
	}
	for _, err := range l.List(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}
