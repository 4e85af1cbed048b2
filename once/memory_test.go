package once_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

func TestCopyRefsHaveTextsOfTheirOwn(t *testing.T) {
	seen := map[string]once.CopyRef{}
	parts := []string{"", " ", `"`, `" "`, "a", `a" "b`, "b"}
	for _, origin := range parts {
		for _, provider := range parts {
			for _, id := range parts {
				ref := once.CopyRef{Origin: origin, Provider: provider, ID: id}
				require.NotContains(t, seen, ref.String())
				seen[ref.String()] = ref
			}
		}
	}
}
