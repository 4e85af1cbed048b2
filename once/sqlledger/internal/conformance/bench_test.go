//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// durablePlaces are ledgers as they should be run: what is written is on the disk.
var durablePlaces = map[string]func(testing.TB) string{
	"SQLite": func(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") },
	"PostgreSQL": func(t testing.TB) string {
		return startPostgres(t, "-c", "fsync=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB").url("public")
	},
}

// BenchmarkCopies says how many copies a second a ledger records, by processes and by
// callers of each: Begin, the Update before the sending, and Finish. The vendor answers at
// once. Server and processes share the machine.
//
//	go test -run '^$' -bench Copies -benchtime 5000x ./once/sqlledger/internal/conformance
func BenchmarkCopies(b *testing.B) {
	for _, bm := range []struct{ processes, callers int }{{1, 1}, {1, 8}, {1, 64}, {8, 8}} {
		for name, place := range durablePlaces {
			b.Run(fmt.Sprintf("%s/processes=%d/callers=%d", name, bm.processes, bm.callers), func(b *testing.B) {
				work := task{Ledger: place(b), Callers: bm.callers}
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
	for r := range runner.All(context.Background(), t.jobs(instant{})) {
		if r.Err != nil {
			return r.Err
		}
	}
	return l.Close()
}

// instant is the Copier of such a vendor.
type instant struct{}

func (instant) Copy(_ context.Context, r agentcopy.CopyRequest) (agentcopy.Copy, error) {
	return agentcopy.Copy{Provider: "acme", SourceID: r.SourceID, ID: r.Name, Name: r.Name}, nil
}

func (instant) FindCopies(context.Context, agentcopy.CopyRequest, time.Time) ([]agentcopy.Candidate, error) {
	return nil, nil
}

func (instant) Identify(r agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SourceID: r.SourceID, SearchKey: r.Name}
}

// TestFigures prints how long calls take on an empty ledger and on one of
// AGENTCOPY_FIGURES records. Three in 40 of them are pending in the account that is asked
// for, ten since lately.
func TestFigures(t *testing.T) {
	records := rounds("AGENTCOPY_FIGURES", 0)
	if records == 0 {
		t.Skip("left out: it measures; set AGENTCOPY_FIGURES=1000000")
	}
	for name, place := range durablePlaces {
		for _, n := range []int{0, records} {
			t.Run(fmt.Sprint(name, " with ", n), func(t *testing.T) {
				work := task{Ledger: place(t)}
				l, err := work.open()
				require.NoError(t, err)
				defer l.Close()
				templates(t, l)
				driver, tidy := "sqlite", "SELECT 1"
				if name == "PostgreSQL" {
					driver, tidy = "pgx", "VACUUM ANALYZE agentcopy_ledger"
				}
				db, err := sql.Open(driver, work.Ledger)
				require.NoError(t, err)
				multiply(t, db, "done-00000000", n*37/40)
				multiply(t, db, "pend-00000000", n*3/40)
				_, err = db.Exec(tidy)
				require.NoError(t, errors.Join(err, db.Close()))
				start := time.Now()
				again, err := work.open()
				require.NoError(t, err)
				t.Logf("Open: %v", time.Since(start))
				measure(t, l)
				require.NoError(t, again.Close())
			})
		}
	}
}

func figureRecord(key string) once.Record {
	r := recordOf(key)
	r.Request.Name = "copy " + key
	r.Identity.SearchKey, r.Identity.Account, r.Identity.Template = r.Request.Name, "workspace", `{"folder":7}`
	return r
}

// templates puts in a done record, an old pending one and ten of now.
func templates(t *testing.T, l *sqlledger.Ledger) {
	begin := func(key string, sent time.Time) once.Record {
		r := figureRecord(key)
		r.Since, r.SentAt = sent, sent
		r, _, err := l.Begin(t.Context(), r, time.Minute)
		require.NoError(t, err)
		return r
	}
	done := begin("done-00000000", time.Now())
	done.Copy = agentcopy.Copy{Provider: "acme", ID: "agent-done-00000000", Name: done.Request.Name}
	require.NoError(t, l.Finish(t.Context(), done))
	begin("pend-00000000", time.Now().Add(-240*time.Hour))
	for i := range 10 {
		begin(fmt.Sprint("rival-", i), time.Now())
	}
}

// multiply makes n records of the template with key.
func multiply(t *testing.T, db *sql.DB, key string, n int) {
	if n == 0 {
		return
	}
	_, err := db.Exec(fmt.Sprintf(`WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %d),
	numbers(number) AS (SELECT substr(CAST(100000000 + n AS text), 2) FROM series)
INSERT INTO agentcopy_ledger (key, provider, origin, account, template, source_id, name, copy_id, copy_name, sends, since, sent_at,
	writer_since, writer_sent_at, begun_at, written_at, lease_end, token, claims, write_no, rival_of, ref, keeps_names_of, record)
SELECT replace(key, '00000000', number), provider, origin, account, template, source_id, replace(name, '00000000', number),
	replace(copy_id, '00000000', number), replace(copy_name, '00000000', number), sends, since, sent_at,
	writer_since, writer_sent_at, begun_at, written_at, lease_end, token, claims, write_no, rival_of,
	replace(ref, '00000000', number), keeps_names_of, replace(record, '00000000', number)
FROM agentcopy_ledger, numbers WHERE key = '%s'`, n, key))
	require.NoError(t, err)
}

// measure prints what the calls of one caller take.
func measure(t *testing.T, l *sqlledger.Ledger) {
	ctx, since := t.Context(), time.Now().Add(-time.Hour)
	var refs []once.CopyRef
	for i := range 10 {
		refs = append(refs, once.CopyRef{Origin: "https://acme.example", Provider: "acme", ID: fmt.Sprintf("agent-done-%08d", i)})
	}
	took := map[string][]time.Duration{}
	step := func(what string, f func() error) {
		start := time.Now()
		require.NoError(t, f(), what)
		took[what] = append(took[what], time.Since(start))
	}
	for i := range 1000 {
		key := fmt.Sprint("new ", i)
		var r once.Record
		step("Begin", func() (err error) { r, _, err = l.Begin(ctx, figureRecord(key), time.Minute); return err })
		r.Since, r.SentAt, r.Sends = time.Now(), time.Now(), 1
		step("Update", func() error { return l.Update(ctx, r, time.Minute) })
		step("a look", func() error {
			rivals := 0
			for _, err := range l.Pending(ctx, r.Identity, since) {
				require.NoError(t, err)
				rivals++
			}
			require.Equal(t, 11, rivals)
			_, err := l.Owners(ctx, refs)
			require.NoError(t, err)
			_, err = l.KeepsNames(ctx, r.Identity)
			return err
		})
		r.Copy = agentcopy.Copy{Provider: "acme", ID: key, Name: r.Request.Name}
		step("Finish", func() error { return l.Finish(ctx, r) })
	}
	for what, d := range took {
		slices.Sort(d)
		t.Logf("%s: median %v, 99%% %v", what, d[len(d)/2], d[len(d)*99/100])
	}
}
