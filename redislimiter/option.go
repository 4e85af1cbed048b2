package redislimiter

import (
	"fmt"
	"time"
)

const (
	defaultMaxOutage      = 10 * time.Second
	defaultAttemptTimeout = time.Minute     // agentcopy.WithAttemptTimeout's
	defaultMaxPause       = 2 * time.Minute // agentcopy.RetryPolicy.MaxWait's
)

// Option is an option of [New].
type Option func(*Limiter)

// WithMaxOutage sets how long a call waits while Redis is unreachable, restarting,
// loading or failing over before it fails. Default: 10s; 0 fails at the first fault.
// The call's context ends the wait as well. It panics if d is negative.
func WithMaxOutage(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithMaxOutage(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.maxOutage = d }
}

// WithAttemptTimeout sets how long an attempt may last. Set it to at least
// agentcopy.WithAttemptTimeout of the clients that use the limiter. Default: 60s, as
// theirs. If a process crashes, its permits are free again after this and a window.
// It panics unless d is positive.
func WithAttemptTimeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("redislimiter.WithAttemptTimeout(%v): must be positive", d))
	}
	return func(l *Limiter) { l.timeout = d }
}

// WithMaxPause sets the longest pause that a call waits out when the vendor asked for
// one. If more is left, the call fails at once with agentcopy.ErrRateLimited. Default:
// 2 minutes, as agentcopy.RetryPolicy.MaxWait. It panics if d is negative.
func WithMaxPause(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithMaxPause(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.maxPause = d }
}
