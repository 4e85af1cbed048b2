package redislimiter_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// childEnv says in the environment of a process that it is one of those that a
// test starts, and which; see children.
const childEnv = "REDISLIMITER_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childEnv); role != "" {
		if err := runChild(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if !haveRedis() {
		fmt.Println("redislimiter: LEFT OUT: every test that needs a server, since redis-server is not installed (Debian: apt-get install redis-server)")
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8") // the tests wait more than they work
	}
	os.Exit(m.Run())
}
