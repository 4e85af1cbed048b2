//go:build unix

package conformance_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/testserver"
	"github.com/agentcopy/agentcopy-go/once"
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
