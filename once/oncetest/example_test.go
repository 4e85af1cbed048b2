package oncetest_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

// In the test of a ledger of your own. New must return an empty one each time.
func ExampleTestLedger() {
	_ = func(t *testing.T) { // in your test: func TestMyLedger(t *testing.T)
		oncetest.TestLedger(t, func(t *testing.T) once.Ledger {
			return once.NewMemoryLedger()
		})
	}
}
