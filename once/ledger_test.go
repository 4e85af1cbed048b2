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
	seen := map[string]bool{}
	parts := []string{"", " ", `"`, `" "`, "a", `a" "b`, "b", "\u00e4"}
	for _, origin := range parts {
		for _, provider := range parts {
			for _, id := range parts {
				text := once.CopyRef{Origin: origin, Provider: provider, ID: id}.String()
				require.False(t, seen[text] || len([]rune(text)) < len(text), text) // what is printable depends on the release of Go
				seen[text] = true
			}
		}
	}
}
