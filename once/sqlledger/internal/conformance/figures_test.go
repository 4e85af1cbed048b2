//go:build unix

package conformance_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// TestFigures prints how long calls take on an empty ledger and on one of
// AGENTCOPY_FIGURES records. Of those, three in 40 are pending
// in the account that is asked for, ten of them since lately.
func TestFigures(t *testing.T) {
	records := rounds("AGENTCOPY_FIGURES", 0)
	if records == 0 {
		t.Skip("left out: it measures; set AGENTCOPY_FIGURES=1000000")
	}
	for _, n := range []int{0, records} {
		t.Run(fmt.Sprint("SQLite with ", n), func(t *testing.T) {
			work := task{Ledger: t.TempDir() + "/ledger.db"}
			l, err := work.open()
			require.NoError(t, err)
			templates(t, l)
			require.NoError(t, l.Close())
			db, err := sql.Open("sqlite", work.Ledger)
			require.NoError(t, err)
			multiply(t, db, n, "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %d)", "printf('%08d', n)")
			require.NoError(t, db.Close())
			start := time.Now()
			l, err = work.open()
			require.NoError(t, err)
			t.Logf("Open took %v", time.Since(start))
			measure(t, l)
			require.NoError(t, l.Close())
		})
		t.Run(fmt.Sprint("PostgreSQL with ", n), func(t *testing.T) {
			p := startPostgres(t, "-c", "fsync=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB")
			db := p.open(t, p.newSchema(t))
			l := open(t, db)
			templates(t, l)
			multiply(t, db, n, "WITH series AS (SELECT generate_series(1, %d) AS n)", "lpad(n::text, 8, '0')")
			_, err := db.Exec("VACUUM ANALYZE agentcopy_ledger")
			require.NoError(t, err)
			start := time.Now()
			l = open(t, db)
			t.Logf("Open took %v", time.Since(start))
			measure(t, l)
		})
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
	ctx := t.Context()
	done, _, err := l.Begin(ctx, figureRecord("done-00000000"), time.Minute)
	require.NoError(t, err)
	done.Since, done.SentAt = time.Now(), time.Now()
	done.Copy = agentcopy.Copy{Provider: "acme", ID: "agent-done-00000000", Name: done.Request.Name}
	require.NoError(t, l.Finish(ctx, done))
	old := figureRecord("pend-00000000")
	old.Since, old.SentAt = time.Now().Add(-240*time.Hour), time.Now().Add(-240*time.Hour)
	_, _, err = l.Begin(ctx, old, time.Minute)
	require.NoError(t, err)
	for i := range 10 {
		rival := figureRecord(fmt.Sprint("rival-", i))
		rival.Since, rival.SentAt = time.Now(), time.Now()
		_, _, err = l.Begin(ctx, rival, time.Minute)
		require.NoError(t, err)
	}
}

// multiply makes n records of the templates.
func multiply(t *testing.T, db *sql.DB, n int, series, number string) {
	const columns = `key, provider, origin, account, template, source_id, name, copy_id, copy_name, sends, since, sent_at, writer_since,
		writer_sent_at, begun_at, written_at, lease_end, token, claims, write_no, rival_of, ref, keeps_names_of, record`
	values := columns
	for _, c := range []string{"key", "copy_id", "copy_name", "record"} {
		values = strings.Replace(values, c, "replace("+c+", '00000000', "+number+")", 1)
	}
	values = strings.Replace(values, " ref,", " replace(ref, '00000000', "+number+"),", 1)
	values = strings.Replace(values, " name,", " replace(name, '00000000', "+number+"),", 1)
	for prefix, n := range map[string]int{"done-00000000": n * 37 / 40, "pend-00000000": n * 3 / 40} {
		if n > 0 {
			_, err := db.Exec(fmt.Sprintf("INSERT INTO agentcopy_ledger (%s) %s SELECT %s FROM agentcopy_ledger, series WHERE key = '%s'",
				columns, fmt.Sprintf(series, n), values, prefix))
			require.NoError(t, err)
		}
	}
	var count int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM agentcopy_ledger").Scan(&count))
	require.Equal(t, n+12, count)
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
