package conformance

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println("conformance: goroutines are left behind:", err)
		code = 1
	}
	fmt.Println(&tally)
	if n := tally.duplicates.Load(); n > 0 && code == 0 {
		code = 1
	}
	os.Exit(code)
}
