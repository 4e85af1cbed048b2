package main

import (
	"errors"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// openLimiter has the run share its limits through Redis.
func (s *settings) openLimiter(*engine.Run) error {
	if s.limiter != "" {
		return errors.New("--limiter is not built in yet")
	}
	return nil
}
