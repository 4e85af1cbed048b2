package conformance

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestMain ends the suite with what it did. That no goroutine is left behind, it
// checks for all cases over sockets at once; each case in memory checks it for
// itself, since a testing/synctest bubble ends only when all of its goroutines
// have.
func TestMain(m *testing.M) {
	code := m.Run()
	err := goleak.Find()
	if err != nil && code == 0 {
		fmt.Println("conformance: goroutines are left behind:", err)
		code = 1
	}
	for what := range leftOut.Range {
		fmt.Println("conformance: LEFT OUT:", what)
	}
	fmt.Println(&tally)
	if n := tally.duplicates.Load(); n > 0 && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// leftOut is what could not be tested on this machine, and why.
var leftOut sync.Map
