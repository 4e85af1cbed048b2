package agentcopy_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

func TestMemoryLedger(t *testing.T) {
	agentcopytest.TestLedger(t, func(*testing.T) agentcopy.Ledger { return agentcopy.NewMemoryLedger() })
}

func TestMemoryLedgerUnderThousandsOfGoroutines(t *testing.T) {
	once, vendor := newOnce()
	var callers sync.WaitGroup
	for i := range 5000 {
		callers.Go(func() {
			req := agentcopy.CopyRequest{SourceID: "source-1", Name: keyOf(i % 100)}
			if _, err := once.Copy(t.Context(), keyOf(i%100), vendor, req); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	requireSettled(t, once.Ledger, vendor, 100)
}

func TestLedgersKeepNoBodies(t *testing.T) {
	once, vendor := newOnce()
	_, err := once.Copy(t.Context(), "k", vendor, request)
	require.NoError(t, err)
	require.Nil(t, records(t, once.Ledger)["k"].Copy.Body)
	require.NotContains(t, fmt.Sprintf("%+v", once.Ledger), "user")
}
