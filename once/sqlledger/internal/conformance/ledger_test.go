//go:build unix

package conformance_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
		t.Parallel()
		return newStore(t, p)
	})
}
