package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// startPostgres starts a PostgreSQL that ends with the test, and returns its URL.
func startPostgres(t *testing.T) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("left out: PostgreSQL is not installed (no initdb)")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "onboarding-") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var prefix []string
	if os.Getuid() == 0 { // it refuses to run as root
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
			t.Skipf("left out: PostgreSQL does not run as root, and there is no user postgres: %s", out)
		}
		prefix = []string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}
	}
	run := func(name string, args ...string) *exec.Cmd {
		words := slices.Concat(prefix, []string{filepath.Join(bin, name)}, args)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = dir
		return cmd
	}
	out, err := run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)

	out, err = run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "120", "-o", "-k "+dir+" -c listen_addresses= -c max_connections=300", "start").CombinedOutput()
	text, _ := os.ReadFile(filepath.Join(dir, "log"))
	require.NoError(t, err, "PostgreSQL did not start: %s%s", out, text)
	t.Cleanup(func() { _ = run("pg_ctl", "-D", "data", "-m", "fast", "-w", "stop").Run() })
	return "postgres://postgres@/postgres?host=" + dir
}
