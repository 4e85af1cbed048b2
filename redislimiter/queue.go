package redislimiter

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// mostInQueue is how many waiters of one process queue in Redis at a time. Each
// of them comes back every few seconds, so there must not be thousands.
const mostInQueue = 64

// localQueue is where the waiters of this process wait for leave to queue in Redis,
// first come first served.
type localQueue struct {
	n     int
	per   time.Duration
	queue chan struct{} // holds an element for each waiter in Redis's queue
	len   atomic.Int64  // those behind them
}

// enter waits until the caller may queue in Redis.
func (l *localQueue) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	select {
	case l.queue <- struct{}{}:
		return nil
	default:
	}
	ahead := int64(cap(l.queue)) + l.len.Add(1) - 1
	defer l.len.Add(-1)
	deadline, ok := ctx.Deadline()
	if wait := l.shortestWait(ahead); ok && wait > 0 && wait >= time.Until(deadline) {
		return fmt.Errorf("%s: %w", allowance(l.n, l.per), tooLate(wait))
	}
	select {
	case l.queue <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

func (l *localQueue) leave() { <-l.queue }

// shortestWait is how long the next one waits at the least with so many ahead
// who all stay: each n of them take a window, and the first n may be admitted at
// once.
func (l *localQueue) shortestWait(ahead int64) time.Duration {
	rounds := ahead / int64(l.n)
	if rounds > math.MaxInt64/int64(l.per) {
		return math.MaxInt64
	}
	return time.Duration(rounds) * l.per
}

func tooLate(wait time.Duration) error {
	return fmt.Errorf("no permit is free for another %v, past the context's deadline: %w",
		wait.Round(time.Millisecond), context.DeadlineExceeded)
}
