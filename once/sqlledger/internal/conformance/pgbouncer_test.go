//go:build unix

package conformance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// startBouncer starts PgBouncer in transaction mode before p, and returns the URL of
// a schema through it.
func startBouncer(t testing.TB, p *postgres) (url func(schema, params string) string) {
	t.Helper()
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		if bin = "/usr/sbin/pgbouncer"; !exists(bin) {
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
	url = func(schema, params string) string {
		return fmt.Sprintf("postgres://%s@/postgres?host=%s&port=6432%s", schema, p.dir, params)
	}
	db := connect(t, url("s1", "&default_query_exec_mode=exec"))
	for deadline := time.Now().Add(time.Minute); db.Ping() != nil; time.Sleep(10 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "PgBouncer did not start")
	}
	return url
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

type bouncerStore struct {
	store
	url string
}

func (s bouncerStore) Open(t *testing.T) once.Ledger { return open(t, connect(t, s.url)) }

func TestLedgerThroughPgBouncer(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	url := startBouncer(t, p)
	oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
		t.Parallel()
		s := newStore(t, p)
		return bouncerStore{s, url(s.schema, "&default_query_exec_mode=exec")}
	})
}

// What pgx does by default needs more of PgBouncer; the error says so. In newer ones
// it works.
func TestPgBouncerWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	url := startBouncer(t, p)(p.newSchema(t), "")
	l, err := sqlledger.Open(t.Context(), connect(t, url+"&default_query_exec_mode=exec"), sqlledger.Postgres)
	require.NoError(t, err)
	require.NoError(t, l.Remove(t.Context(), "k"))
	l, err = sqlledger.Open(t.Context(), connect(t, url), sqlledger.Postgres)
	if err == nil {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for range 20 {
					_, _, beginErr := l.Begin(t.Context(), recordOf(fmt.Sprint(i)), time.Minute)
					if beginErr != nil && !errors.Is(beginErr, once.ErrInProgress) {
						mu.Lock()
						err = beginErr
						mu.Unlock()
						return
					}
				}
			})
		}
		wg.Wait()
	}
	if err == nil {
		t.Skip("left out: this PgBouncer knows prepared statements")
	}
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
}
