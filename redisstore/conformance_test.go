package redisstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
	"github.com/agentcopy/agentcopy-go/redisstore"
)

func TestLedgerDoesWhatAnyLedgerMust(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	var ledgers atomic.Int64
	oncetest.TestLedger(t, func(t *testing.T) once.Ledger {
		return redisstore.NewLedger(server.client(), fmt.Sprint("ledger ", ledgers.Add(1)))
	})
}

// The same, while one answer in ten is lost.
func TestLedgerDoesSoWhileAnswersAreLost(t *testing.T) {
	t.Parallel()
	server := startRedis(t, durable...)
	if server == nil {
		return
	}
	var ledgers atomic.Int64
	oncetest.TestLedger(t, func(t *testing.T) once.Ledger {
		rdb := server.client(impatient)
		rdb.AddHook(&lossy{every: 10})
		return redisstore.NewLedger(rdb, fmt.Sprint("ledger ", ledgers.Add(1)))
	})
}
