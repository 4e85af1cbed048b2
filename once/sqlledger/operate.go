package sqlledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Prune forgets the records that were done before doneBefore, and returns how many.
// A key that it forgets can make a second copy: the next call with it starts anew,
// and a look of another key may claim the copy as its own. Prune what nobody will
// ask for again. It works in short steps, and never on a record that is not done.
func (l *Ledger) Prune(ctx context.Context, doneBefore time.Time) (forgotten int64, err error) {
	for from := ""; ; {
		var end sql.NullString
		err := l.do(ctx, "Prune", func(ctx context.Context, _ bool) error {
			if err := l.db.QueryRowContext(ctx, l.sql.pageEnd, from).Scan(&end); err != nil || !end.Valid {
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

// Check reads the whole ledger and reports what is damaged. On SQLite it runs PRAGMA
// quick_check as well, which keeps writers of this process waiting meanwhile.
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
