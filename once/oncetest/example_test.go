package oncetest_test

import (
	"testing"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

// memory is a store whose handles are all one ledger.
type memory struct{ ledger once.Ledger }

func (m memory) Open(*testing.T) once.Ledger  { return m.ledger }
func (m memory) StepClock(time.Duration) bool { return false }

// In the test of a ledger of your own. newStore must return an empty store each
// time.
func ExampleTestLedger() {
	_ = func(t *testing.T) { // in your test: func TestMyLedger(t *testing.T)
		oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
			return memory{once.NewMemoryLedger()}
		})
	}
}
