package once_test

import (
	"sync"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

// memoryStore is a store whose handles are all one ledger.
type memoryStore struct{ once.Ledger }

func (s memoryStore) Open(*testing.T) once.Ledger  { return s.Ledger }
func (s memoryStore) StepClock(time.Duration) bool { return false }

func TestMemoryLedger(t *testing.T) {
	oncetest.TestLedger(t, func(*testing.T) oncetest.Store { return memoryStore{once.NewMemoryLedger()} })
}

func TestMemoryLedgerUnderThousandsOfGoroutines(t *testing.T) {
	runner, vendor := newOnce()
	var callers sync.WaitGroup
	for i := range 5000 {
		callers.Go(func() {
			req := agentcopy.CopyRequest{SourceID: "source-1", Name: keyOf(i % 100)}
			if _, err := runner.Copy(t.Context(), keyOf(i%100), vendor, req); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	requireSettled(t, runner.Ledger, vendor, 100)
}
