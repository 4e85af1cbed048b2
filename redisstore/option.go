package redisstore

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	defaultAttemptTimeout = time.Minute     // agentcopy.WithAttemptTimeout's
	defaultMaxPause       = 2 * time.Minute // agentcopy.RetryPolicy.MaxWait's
)

// LimiterOption changes a setting of a [Limiter].
type LimiterOption interface{ applyToLimiter(*Limiter) }

// LedgerOption changes a setting of a [Ledger].
type LedgerOption interface{ applyToLedger(*Ledger) }

// Option changes a setting that [Limiter] and [Ledger] share.
type Option interface {
	LimiterOption
	LedgerOption
}

// WithPatience sets for how long a call waits for a Redis that is away before
// it fails: unreachable, restarting, loading or failing over. The default is
// 10s; 0 fails at the first fault. The call's context ends the wait as well. It
// panics if d is negative.
func WithPatience(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redisstore.WithPatience(%v): must not be negative", d))
	}
	return patience(d)
}

type patience time.Duration

func (p patience) applyToLimiter(l *Limiter) { l.store.patience = time.Duration(p) }
func (p patience) applyToLedger(l *Ledger)   { l.store.patience = time.Duration(p) }

// WithAttemptTimeout says how long an attempt may last: at least as long as
// agentcopy.WithAttemptTimeout of the clients that use the limiter. The default,
// one minute, is theirs. The place of an attempt whose process crashed falls free
// after this and a window. It panics unless d is positive.
func WithAttemptTimeout(d time.Duration) LimiterOption {
	if d <= 0 {
		panic(fmt.Sprintf("redisstore.WithAttemptTimeout(%v): must be positive", d))
	}
	return limiterOption(func(l *Limiter) { l.timeout = d })
}

// WithMaxPause sets how long a pause that the vendor asked for may have to run
// for a call to wait it out. The default is two minutes, that of
// agentcopy.RetryPolicy.MaxWait. It panics if d is negative.
func WithMaxPause(d time.Duration) LimiterOption {
	if d < 0 {
		panic(fmt.Sprintf("redisstore.WithMaxPause(%v): must not be negative", d))
	}
	return limiterOption(func(l *Limiter) { l.maxPause = d })
}

type limiterOption func(*Limiter)

func (o limiterOption) applyToLimiter(l *Limiter) { o(l) }

func newStore(rdb redis.UniversalClient) store {
	return store{rdb: func() redis.UniversalClient { return rdb }, patience: defaultPatience}
}
