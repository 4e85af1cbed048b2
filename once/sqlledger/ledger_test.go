//go:build unix

package sqlledger_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

func TestLedger(t *testing.T) {
	p := startPostgres(t)
	oncetest.TestLedger(t, func(t *testing.T) oncetest.Store { return newStore(t, p, "") })
}

// The ways to run a statement that need no prepared statements on the server.
func TestLedgerWithoutPreparedStatements(t *testing.T) {
	p := startPostgres(t)
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			oncetest.TestLedger(t, func(t *testing.T) oncetest.Store {
				return newStore(t, p, "&default_query_exec_mode="+mode)
			})
		})
	}
}
