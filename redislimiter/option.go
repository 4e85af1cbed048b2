package redislimiter

import (
	"fmt"
	"time"
)

const (
	defaultAttemptTimeout = time.Minute     // agentcopy.WithAttemptTimeout's
	defaultMaxPause       = 2 * time.Minute // agentcopy.RetryPolicy.MaxWait's
)

// Option is an option of [New].
type Option func(*Limiter)

// WithPatience sets for how long a call waits for a Redis that is unreachable,
// restarting, loading or failing over before it fails. The default is 10s; 0 fails at
// the first fault. The call's context ends the wait as well. It panics if d is negative.
func WithPatience(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithPatience(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.store.patience = d }
}

// WithAttemptTimeout says how long an attempt may last: at least as long as
// agentcopy.WithAttemptTimeout of the clients that use the limiter. The default,
// one minute, is theirs. The place of an attempt whose process crashed falls free
// after this and a window. It panics unless d is positive.
func WithAttemptTimeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("redislimiter.WithAttemptTimeout(%v): must be positive", d))
	}
	return func(l *Limiter) { l.timeout = d }
}

// WithMaxPause sets how long a pause that the vendor asked for may have to run
// for a call to wait it out. The default is two minutes, that of
// agentcopy.RetryPolicy.MaxWait. It panics if d is negative.
func WithMaxPause(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithMaxPause(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.maxPause = d }
}
