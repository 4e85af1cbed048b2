package redislimiter_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// childEnv is in the environment of the processes that a test starts; see makeCopies.
const childEnv = "REDISLIMITER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := makeCopies(); err != nil {
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
