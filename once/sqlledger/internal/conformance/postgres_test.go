//go:build unix

package conformance_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// postgres is a PostgreSQL server of the test's own.
type postgres struct {
	dir, bin string              // its socket is in dir
	who      *syscall.Credential // it refuses to run as root
	process  *exec.Cmd
	settings []string
	admin    *sql.DB
	schemas  atomic.Int64
}

// newCluster holds what initdb has made, for all servers of the tests.
var newCluster struct {
	sync.Mutex
	dir string
}

// startPostgres starts a server that ends with the test, or skips the test.
func startPostgres(t testing.TB, settings ...string) *postgres {
	t.Helper()
	bin := postgresFolder()
	if bin == "" {
		t.Skip("left out: PostgreSQL is not installed (no initdb)")
	}
	p := &postgres{bin: bin, settings: settings}
	var err error
	p.dir, err = os.MkdirTemp("", "agentcopy-pg-") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	if os.Getuid() == 0 {
		nobody, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("left out: PostgreSQL does not run as root, and there is no user postgres")
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		p.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(p.dir, uid, gid))
	}
	p.initialize(t)
	p.admin = connect(t, p.url("public"))
	p.start(t)
	t.Cleanup(func() {
		if log, err := os.ReadFile(p.dir + "/log"); t.Failed() && err == nil {
			t.Logf("PostgreSQL's log ends with %s", log[max(0, len(log)-2000):])
		}
		p.kill()
	})
	return p
}

func (p *postgres) initialize(t testing.TB) {
	t.Helper()
	newCluster.Lock()
	defer newCluster.Unlock()
	if newCluster.dir == "" {
		out, err := p.command("initdb", "-D", p.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
		require.NoError(t, err, "initdb: %s", out)
		newCluster.dir, err = os.MkdirTemp("", "agentcopy-pg-new-")
		require.NoError(t, err)
		out, err = exec.Command("cp", "-a", p.dir+"/data", newCluster.dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	out, err := exec.Command("cp", "-a", newCluster.dir+"/data", p.dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func postgresFolder() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.who}
	return cmd
}

func (p *postgres) start(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		p.launch(t)
		for time.Now().Before(deadline) {
			if p.admin.Ping() == nil {
				return
			}
			if p.said(t, "pre-existing shared memory block") { // of processes that were killed and are not gone yet
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		_ = p.process.Process.Kill()
		_ = p.process.Wait()
	}
	require.Fail(t, "PostgreSQL did not start")
}

func (p *postgres) launch(t testing.TB) {
	t.Helper()
	// What the system has taken survives a kill without fsync, and the disk may be slow.
	p.process = p.command("postgres", append([]string{"-D", p.dir + "/data", "-k", p.dir,
		"-c", "listen_addresses=", "-c", "max_connections=400", "-c", "fsync=off"}, p.settings...)...)
	log, err := os.Create(p.dir + "/log")
	require.NoError(t, err)
	defer log.Close()
	p.process.Stdout, p.process.Stderr = log, log
	require.NoError(t, p.process.Start())
}

// said reports whether the server has written text to its log.
func (p *postgres) said(t testing.TB, text string) bool {
	t.Helper()
	log, err := os.ReadFile(p.dir + "/log")
	require.NoError(t, err)
	return strings.Contains(string(log), text)
}

// kill ends the server and all its processes at once, as a power failure does.
func (p *postgres) kill() {
	children := p.freeze()
	_ = syscall.Kill(p.process.Process.Pid, syscall.SIGKILL)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = p.process.Wait()
}

// freeze stops the server and its processes, which it returns.
func (p *postgres) freeze() (children []int) {
	server := p.process.Process.Pid
	_ = syscall.Kill(server, syscall.SIGSTOP) // it starts no more of them
	pids, _ := exec.Command("pgrep", "-P", fmt.Sprint(server)).Output()
	for _, pid := range strings.Fields(string(pids)) {
		if n, err := strconv.Atoi(pid); err == nil {
			_ = syscall.Kill(n, syscall.SIGSTOP)
			children = append(children, n)
		}
	}
	return children
}

func (p *postgres) url(schema string) string {
	return fmt.Sprintf("postgres://postgres@/postgres?host=%s&port=5432&search_path=%s,pg_catalog", url.QueryEscape(p.dir), url.QueryEscape(schema))
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
	require.NoError(t, os.WriteFile(p.dir+"/users.txt", []byte(users.String()), 0o644))
	require.NoError(t, os.WriteFile(p.dir+"/pgbouncer.ini", fmt.Appendf(nil, `[databases]
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
`, p.dir), 0o644))
	cmd := p.command(bin, "-q", p.dir+"/pgbouncer.ini")
	cmd.Path = bin
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	url = func(schema string) string {
		return fmt.Sprintf("postgres://%s@/postgres?host=%s&port=6432%s", schema, p.dir, execMode)
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
