package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/redislimiter"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// openLimiter has the run share its limits through Redis, one for each account.
func (s *settings) openLimiter(r *engine.Run) error {
	if s.limiter == "" {
		return nil
	}
	opts, err := redis.ParseURL(s.limiter)
	if err != nil {
		return fmt.Errorf("--limiter: %w", err)
	}
	rdb := redis.NewClient(opts)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := rdb.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("--limiter: Redis cannot be asked: %w", err)
	}
	r.Limiter = func(l *engine.Lane) agentcopy.Limiter {
		return redislimiter.New(rdb, "agentcopy/"+l.Vendor.Name+"/"+l.Vendor.CredentialTag(), l.Limit.N, l.Limit.Per)
	}
	return nil
}
