package main

import (
	"errors"
	"fmt"

	"github.com/agentcopy/agentcopy-go/boltledger"
)

// openLedger opens the ledger in a file, which one process can at a time.
func openLedger(path string) (*boltledger.Ledger, error) {
	ledger, err := boltledger.Open(path)
	switch {
	case errors.Is(err, boltledger.ErrLocked):
		return nil, fmt.Errorf("the ledger %s is in use by another agentcopy: wait for its end, or stop it with Ctrl-C", path)
	case err != nil:
		return nil, fmt.Errorf("the ledger cannot be opened: %w; nothing was sent", err)
	}
	return ledger, nil
}
