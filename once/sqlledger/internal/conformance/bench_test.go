//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

// durablePlaces are ledgers as they should be run: what is written is on the disk.
var durablePlaces = map[string]func(testing.TB) string{
	"SQLite": func(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") },
	"PostgreSQL": func(t testing.TB) string {
		return startPostgres(t, "-c", "fsync=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB").url("public")
	},
}

// BenchmarkCopies says how many copies a second a ledger records, by processes and by
// callers of each: Begin, the Update before the sending, and Finish, and for a lost answer
// the look that finds the copy. The vendor answers at once. Server and processes share the
// machine. AGENTCOPY_RECORDS=1000000 is how many records the ledger has before.
//
//	go test -run '^$' -bench Copies -benchtime 5000x ./once/sqlledger/internal/conformance
func BenchmarkCopies(b *testing.B) {
	for _, bm := range []struct {
		processes, callers int
		answers            string
	}{{1, 1, "come"}, {1, 8, "come"}, {1, 64, "come"}, {8, 8, "come"}, {1, 8, "lost"}} {
		for name, place := range durablePlaces {
			b.Run(fmt.Sprintf("%s/processes=%d/callers=%d/answers=%s", name, bm.processes, bm.callers, bm.answers), func(b *testing.B) {
				work := task{Ledger: place(b), Name: bm.answers, Callers: bm.callers}
				prefill(b, work, rounds("AGENTCOPY_RECORDS", 0))
				children := make([]*child, bm.processes)
				for i := range children {
					work.Jobs = nil
					for n := i; n < b.N; n += bm.processes {
						work.Jobs = append(work.Jobs, job{Key: fmt.Sprint(n), SourceID: "1", Name: fmt.Sprint("copy ", n)})
					}
					children[i] = startChild(b, "copyAtOnce", work)
				}
				resumeTogether(b, children)
				waitForAll(b, children)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "copies/s")
			})
		}
	}
}

// copyAtOnce makes copies with a vendor that needs no time.
func copyAtOnce(t task) error {
	lease.Time = 15 * time.Second
	l, err := t.open()
	if err != nil {
		return err
	}
	pause()
	runner := &once.Runner{Ledger: l, Concurrency: t.Callers}
	for r := range runner.All(context.Background(), t.jobs(instant{loses: t.Name == "lost"})) {
		if r.Err != nil {
			return r.Err
		}
	}
	return l.Close()
}

// instant is the Copier of such a vendor.
type instant struct{ loses bool } // its answers

func (instant) made(r agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: "acme", SourceID: r.SourceID, ID: r.Name, Name: r.Name}
}

func (i instant) Copy(_ context.Context, r agentcopy.CopyRequest) (agentcopy.Copy, error) {
	if i.loses {
		return agentcopy.Copy{}, agentcopy.ErrOutcomeUnknown
	}
	return i.made(r), nil
}

func (i instant) FindCopies(_ context.Context, r agentcopy.CopyRequest, _ time.Time) ([]agentcopy.Candidate, error) {
	return []agentcopy.Candidate{{Copy: i.made(r), Match: agentcopy.MatchCertain, Made: time.Now()}}, nil
}

func (instant) Identify(r agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SourceID: r.SourceID, SearchKey: r.Name}
}

// prefill puts n records into a ledger. Three in 40 of them are pending since long ago.
func prefill(b *testing.B, work task, n int) {
	if n == 0 {
		return
	}
	l, err := work.open()
	require.NoError(b, err)
	begin := func(key string, sent time.Time) once.Record {
		r := recordOf(key)
		r.Request.Name, r.Identity.SearchKey, r.Since, r.SentAt = key, key, sent, sent
		r, _, err := l.Begin(b.Context(), r, time.Minute)
		require.NoError(b, err)
		return r
	}
	begin("pend-00000000", time.Now().Add(-240*time.Hour))
	done := begin("done-00000000", time.Now())
	done.Copy = agentcopy.Copy{Provider: "acme", ID: done.Key, Name: done.Key}
	require.NoError(b, l.Finish(b.Context(), done))
	require.NoError(b, l.Close())
	driver, tidy := "sqlite", "SELECT 1"
	if strings.HasPrefix(work.Ledger, "postgres:") {
		driver, tidy = "pgx", "VACUUM ANALYZE agentcopy_ledger"
	}
	db, err := sql.Open(driver, work.Ledger)
	require.NoError(b, err)
	defer db.Close()
	multiply(b, db, "done-00000000", n*37/40)
	multiply(b, db, "pend-00000000", n*3/40)
	_, err = db.Exec(tidy)
	require.NoError(b, err)
}

// multiply makes n records of the template with key.
func multiply(b *testing.B, db *sql.DB, key string, n int) {
	_, err := db.Exec(fmt.Sprintf(`WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %d),
	numbers(number) AS (SELECT substr(CAST(100000000 + n AS text), 2) FROM series)
INSERT INTO agentcopy_ledger (key, provider, origin, account, template, source_id, name, copy_id, copy_name, sends, since, sent_at,
	writer_since, writer_sent_at, begun_at, written_at, lease_end, token, claims, write_no, rival_of, ref, keeps_names_of, record)
SELECT replace(key, '00000000', number), provider, origin, account, template, source_id, replace(name, '00000000', number),
	replace(copy_id, '00000000', number), replace(copy_name, '00000000', number), sends, since, sent_at,
	writer_since, writer_sent_at, begun_at, written_at, lease_end, token, claims, write_no, rival_of,
	replace(ref, '00000000', number), keeps_names_of, replace(record, '00000000', number)
FROM agentcopy_ledger, numbers WHERE key = '%s'`, n, key))
	require.NoError(b, err)
}
