//go:build unix

package conformance_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/testserver"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// postgres is a PostgreSQL server of the test's own.
type postgres struct {
	*testserver.Postgres
	admin   *sql.DB
	schemas atomic.Int64
}

// startPostgres starts a server that ends with the test, or skips the test.
func startPostgres(t testing.TB, settings ...string) *postgres {
	t.Helper()
	if !testserver.HavePostgres() {
		t.Skip("left out: PostgreSQL is not installed (no initdb)")
	}
	p := &postgres{Postgres: testserver.StartPostgres(t, settings...)}
	p.admin = connect(t, p.url("public"))
	p.admin.SetMaxIdleConns(0) // none is left of a server that was killed
	return p
}

func (p *postgres) url(schema string) string {
	return fmt.Sprintf("%s&port=5432&search_path=%s,pg_catalog", p.URL(), url.QueryEscape(schema))
}

func connect(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newSchema makes a schema in which a ledger finds no table yet.
func (p *postgres) newSchema(t testing.TB) string {
	t.Helper()
	schema := fmt.Sprint("s", p.schemas.Add(1))
	p.exec(t, "CREATE SCHEMA "+schema)
	return schema
}

func (p *postgres) exec(t testing.TB, statement string) {
	t.Helper()
	_, err := p.admin.Exec(statement)
	require.NoError(t, err)
}

// withAndWithoutPgBouncer runs test on two servers. url gives the address of a schema.
func withAndWithoutPgBouncer(t *testing.T, test func(t *testing.T, p *postgres, url func(schema string) string)) {
	t.Run("directly", func(t *testing.T) {
		t.Parallel()
		p := startPostgres(t)
		test(t, p, p.url)
	})
	t.Run("through PgBouncer", func(t *testing.T) {
		t.Parallel()
		p := startPostgres(t)
		test(t, p, startBouncer(t, p))
	})
}

// execMode is what pgx must be told if the pooler knows no prepared statements.
const execMode = "&default_query_exec_mode=exec"

// startBouncer starts PgBouncer in transaction mode before p, and returns the URL of
// a schema through it.
func startBouncer(t testing.TB, p *postgres) (url func(schema string) string) {
	t.Helper()
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		bin = "/usr/sbin/pgbouncer"
		if _, err := os.Stat(bin); err != nil {
			t.Skip("left out: PgBouncer is not installed")
		}
	}
	// The pooler keeps no search_path of a client's: each schema gets a role.
	const roles = 50
	p.exec(t, fmt.Sprintf("DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE ROLE s%%s SUPERUSER LOGIN', i); "+
		"EXECUTE format('ALTER ROLE s%%1$s SET search_path = s%%1$s, pg_catalog', i); END LOOP; END $$", roles))
	var users strings.Builder
	for i := range roles {
		fmt.Fprintf(&users, "\"s%d\" \"\"\n", i+1)
	}
	require.NoError(t, os.WriteFile(p.Dir+"/users.txt", []byte(users.String()), 0o644))
	require.NoError(t, os.WriteFile(p.Dir+"/pgbouncer.ini", fmt.Appendf(nil, `[databases]
* = host=%[1]s port=5432
[pgbouncer]
listen_port = 6432
unix_socket_dir = %[1]s
auth_type = trust
auth_file = %[1]s/users.txt
pool_mode = transaction
default_pool_size = 5
max_client_conn = 1000
server_login_retry = 1
ignore_startup_parameters = search_path
logfile = %[1]s/bouncer.log
`, p.Dir), 0o644))
	cmd := p.Command(bin, "-q", p.Dir+"/pgbouncer.ini")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	url = func(schema string) string {
		return fmt.Sprintf("postgres://%s@/postgres?host=%s&port=6432%s", schema, p.Dir, execMode)
	}
	db := connect(t, url("s1"))
	for deadline := time.Now().Add(time.Minute); db.Ping() != nil; time.Sleep(10 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "PgBouncer did not start")
	}
	return url
}

// store is a schema whose clock can be set: its clock_timestamp comes before
// PostgreSQL's own.
type store struct {
	t           testing.TB
	p           *postgres
	schema, url string
}

func newStore(t testing.TB, p *postgres, url func(schema string) string) store {
	schema := p.newSchema(t)
	s := store{t, p, schema, url(schema)}
	p.exec(t, strings.ReplaceAll(`CREATE TABLE SCHEMA.step (d interval NOT NULL); INSERT INTO SCHEMA.step VALUES ('0');
		CREATE FUNCTION SCHEMA.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
		AS 'SELECT pg_catalog.clock_timestamp() + d FROM SCHEMA.step'`, "SCHEMA", s.schema))
	return s
}

func (s store) Open(t *testing.T) once.Ledger { return open(t, connect(t, s.url)) }

func (s store) StepClock(d time.Duration) bool {
	s.p.exec(s.t, fmt.Sprintf("UPDATE %s.step SET d = d + interval '%f seconds'", s.schema, d.Seconds()))
	return true
}

func open(t testing.TB, db *sql.DB, opts ...sqlledger.Option) *sqlledger.Ledger {
	t.Helper()
	l, err := sqlledger.Open(t.Context(), db, sqlledger.Postgres, opts...)
	require.NoError(t, err)
	return l
}

func TestLedger(t *testing.T) {
	withAndWithoutPgBouncer(t, func(t *testing.T, p *postgres, url func(schema string) string) {
		oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
			t.Parallel()
			return newStore(t, p, url)
		})
	})
}

// What pgx does by default needs more of PgBouncer; the error says so. In newer ones
// it works.
func TestPgBouncerWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	url := startBouncer(t, p)(p.newSchema(t))
	require.NoError(t, open(t, connect(t, url)).Remove(t.Context(), "k"))
	l, err := sqlledger.Open(t.Context(), connect(t, strings.TrimSuffix(url, execMode)), sqlledger.Postgres)
	if err == nil {
		failures := make(chan error, 16*20)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for range 20 {
					_, _, err := l.Begin(t.Context(), recordOf(fmt.Sprint(i)), time.Minute)
					if err != nil && !errors.Is(err, once.ErrInProgress) {
						failures <- err
					}
				}
			})
		}
		wg.Wait()
		close(failures)
		err = <-failures // nil if there is none
	}
	if err == nil {
		t.Skip("left out: this PgBouncer knows prepared statements")
	}
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
}

// Writes wait for a lock of their row. The last one of a claim counts, whichever comes
// first. A wait for a lock, or for a server that is stopped, ends with its context.
func TestWritesWaitForALock(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	db := connect(t, p.url(p.newSchema(t)))
	l := open(t, db, sqlledger.WithMaxOutage(time.Minute))
	claim, _, err := l.Begin(t.Context(), recordOf("k"), time.Minute)
	require.NoError(t, err)

	unlock := lockRows(t, db)
	var wg sync.WaitGroup
	for i := 1; i <= 3; i++ {
		claim.Sends = i
		r := claim
		wg.Go(func() { assert.NoError(t, l.Update(t.Context(), r, time.Minute)) })
		waitForLocks(t, db, i)
	}
	unlock()
	wg.Wait()
	r, _, err := l.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, 3, r.Sends)

	unlock = lockRows(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	updated := make(chan error)
	go func() { updated <- l.Update(ctx, claim, time.Minute) }()
	waitForLocks(t, db, 1)
	cancel()
	err = <-updated
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "the write may have happened")
	unlock()
	require.NoError(t, l.Update(t.Context(), claim, time.Minute))

	p.Freeze()
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.Update(ctx, claim, time.Minute), context.DeadlineExceeded)
	_, err = sqlledger.Open(t.Context(), db, sqlledger.Postgres, sqlledger.WithMaxOutage(100*time.Millisecond))
	require.ErrorIs(t, err, sqlledger.ErrUnavailable)
}

// lockRows keeps all writers waiting.
func lockRows(t testing.TB, db *sql.DB) (unlock func()) {
	t.Helper()
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("SELECT 1 FROM agentcopy_ledger FOR UPDATE")
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback()) }
}

// waitForLocks waits until n statements wait for a lock.
func waitForLocks(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	for deadline, waiting := time.Now().Add(time.Minute), -1; waiting != n; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "%d statements wait for a lock", waiting)
		require.NoError(t, db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").Scan(&waiting))
	}
}

func TestPruneForgetsWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		l, err := task{Ledger: newPlace(t)}.open()
		require.NoError(t, err)
		defer l.Close()
		var refs int
		for i := range 30 {
			r, _, err := l.Begin(t.Context(), recordOf(fmt.Sprint("key ", i)), time.Minute)
			require.NoError(t, err)
			if i%3 == 0 {
				r.Since, r.SentAt = time.Now(), time.Now()
				require.NoError(t, l.Release(t.Context(), r))
				continue
			}
			r.Copy = agentcopy.Copy{Provider: "acme", ID: fmt.Sprint(i)}
			require.NoError(t, l.Finish(t.Context(), r))
			refs++
		}
		n, err := l.Prune(t.Context(), time.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Zero(t, n, "what was done since")
		n, err = l.Prune(t.Context(), time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.EqualValues(t, refs, n)
		left := 0
		for r, err := range l.List(t.Context()) {
			require.NoError(t, err)
			require.False(t, r.Done())
			left++
		}
		require.Equal(t, 10, left)
	})
}

// What was confirmed before the disk was full is there when it has room again. A full disk
// ends the server where it cannot write ahead.
func TestPostgreSQLOnAFullDisk(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	p.Kill()
	disk := p.Dir + "/disk"
	require.NoError(t, os.Mkdir(disk, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=100m,mode=777", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("left out: a full disk needs a file system of its own: %v %s", err, out)
	}
	t.Cleanup(func() { p.Kill(); _ = exec.Command("umount", "-l", disk).Run() })
	out, err := exec.Command("cp", "-a", p.Dir+"/data", disk).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.RemoveAll(p.Dir+"/data"))
	require.NoError(t, os.Symlink(disk+"/data", p.Dir+"/data"))
	p.Start()
	l, err := task{Ledger: p.url(p.newSchema(t))}.open()
	require.NoError(t, err)
	defer l.Close()

	_ = os.WriteFile(disk+"/ballast", make([]byte, 100<<20), 0o600) // all that there is
	info, err := os.Stat(disk + "/ballast")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(disk+"/ballast", info.Size()-8<<20)) // less than a segment of the log
	p.exec(t, `SELECT pg_logical_emit_message(false, '', repeat('x', (16777216 - file_offset - 200000)::int))
		FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())`)
	begun := 0
	for ; err == nil; begun++ {
		_, _, err = l.Begin(t.Context(), recordOf(fmt.Sprint("key ", begun)), time.Minute)
	}
	require.ErrorContains(t, err, "Begin (the write may have happened)")
	t.Logf("%d keys, then %v", begun-1, err)
	p.Kill()
	require.NoError(t, os.Remove(disk+"/ballast"))
	p.Start()
	for i := range begun - 1 {
		_, found, err := l.Get(t.Context(), fmt.Sprint("key ", i))
		require.NoError(t, err)
		require.True(t, found, i)
	}
	require.NoError(t, l.Check(t.Context()))
	_, _, err = l.Begin(t.Context(), recordOf("with room again"), time.Minute)
	require.NoError(t, err)
}
