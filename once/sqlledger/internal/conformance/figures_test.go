//go:build unix

package conformance_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// TestFigures prints how long calls take and how many there are a second, on an
// empty ledger and on one of AGENTCOPY_FIGURES records. Of those, three in 40 are pending
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

func measure(t *testing.T, l *sqlledger.Ledger) {
	ctx := t.Context()
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	since := time.Now().Add(-time.Hour)
	var refs []once.CopyRef
	for i := range 10 {
		refs = append(refs, once.CopyRef{Origin: "https://acme.example", Provider: "acme", ID: fmt.Sprintf("agent-done-%08d", i)})
	}
	cycle := func(ctx context.Context, key string) {
		step := func(what string, f func() error) {
			start := time.Now()
			if err := f(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			mu.Lock()
			defer mu.Unlock()
			took[what] = append(took[what], time.Since(start))
		}
		var r once.Record
		step("Begin", func() (err error) { r, _, err = l.Begin(ctx, figureRecord(key), time.Minute); return err })
		r.Since, r.SentAt, r.Sends = time.Now(), time.Now(), 1
		step("Update", func() error { return l.Update(ctx, r, time.Minute) })
		step("look", func() error {
			n := 0
			for _, err := range l.Pending(ctx, r.Identity, since) {
				if err != nil {
					return err
				}
				n++
			}
			if n < 11 {
				t.Errorf("%d rivals", n)
			}
			_, err := l.Owners(ctx, refs)
			if err == nil {
				_, err = l.KeepsNames(ctx, r.Identity)
			}
			return err
		})
		r.Copy = agentcopy.Copy{Provider: "acme", ID: key, Name: r.Request.Name}
		step("Finish", func() error { return l.Finish(ctx, r) })
	}
	for _, callers := range []int{1, 8, 64} {
		clear(took)
		runtime.GC()
		var wg sync.WaitGroup
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		start := time.Now()
		for c := range callers {
			wg.Go(func() {
				for i := 0; limited.Err() == nil; i++ {
					cycle(ctx, fmt.Sprintf("new %d %d %d", callers, c, i))
				}
			})
		}
		wg.Wait()
		cancel()
		line := fmt.Sprintf("%2d callers: %5.0f cycles/s;", callers, float64(len(took["Finish"]))/time.Since(start).Seconds())
		for _, what := range []string{"Begin", "Update", "look", "Finish"} {
			d := took[what]
			slices.SortFunc(d, cmp.Compare[time.Duration])
			line += fmt.Sprintf("  %s %.2f/%.2f/%.1f", what, ms(d[len(d)/2]), ms(d[len(d)*99/100]), ms(d[len(d)-1]))
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		t.Logf("%s  (ms: median/p99/worst; %d MB of Go memory)", line, memory.Sys>>20)
	}
}

func ms(d time.Duration) float64 { return math.Round(d.Seconds()*1e5) / 100 }
