package redislimiter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrUnavailable means that Redis was unreachable or refused the command, because it was out of
// memory or denied access, for example. The text of the error says which.
var ErrUnavailable = errors.New("redislimiter: Redis is unavailable")

const (
	defaultMaxOutage = 10 * time.Second
	// answerTime is how long one command may take. It matters where the client has
	// no timeout of its own, or does not apply the context's.
	answerTime = 5 * time.Second
	// cleanupTimeout is how long what nobody waits for may take.
	cleanupTimeout = time.Second
	// The pauses before a command is run again: the first, doubled each time up to
	// the last.
	firstPause = 25 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// store runs scripts on Redis.
type store struct {
	// rdb stands behind a func, since its options hold a password, and fmt and the
	// dumpers of test libraries print unexported fields.
	rdb       func() redis.UniversalClient
	maxOutage time.Duration
}

// command is a script with its arguments. Running it twice is running it once.
type command struct {
	script *redis.Script
	keys   []string
	args   []any
	// undo takes back what was done for a caller who was not told. It may be nil.
	undo func()
}

// run runs c until it is answered, the fault is one that stays, or maxOutage or ctx ends.
func (s *store) run(ctx context.Context, c command) ([]any, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	var running sync.WaitGroup
	var fault error // the last one
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		reply, err := s.once(ctx, c, &running)
		if err == nil {
			return reply, nil
		}
		if fault == nil || ctx.Err() == nil { // a run that ctx cut off says nothing
			fault = err
		}
		if ctx.Err() != nil || !passes(err) || time.Since(began)+pause > s.maxOutage || !sleep(ctx, pause/2+rand.N(pause/2)) {
			break
		}
	}
	if c.undo != nil {
		go func() { running.Wait(); c.undo() }()
	}
	return nil, failure(ctx, fault)
}

// once runs c, and waits for its answer for as long as ctx and answerTime allow. A
// client need not return when its context ends, and what is cut off may have been done;
// so each run has a goroutine of its own, which sees to the end of it.
func (s *store) once(ctx context.Context, c command, running *sync.WaitGroup) (reply []any, err error) {
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	done := make(chan func() ([]any, error), 1)
	running.Go(func() {
		defer cancel()
		reply, err := c.script.Run(lasting, s.rdb(), c.keys, c.args...).Slice()
		done <- func() ([]any, error) { return reply, err }
	})
	select {
	case answer := <-done:
		return answer()
	case <-ctx.Done():
		return nil, contextError(ctx)
	case <-time.After(answerTime):
		return nil, fmt.Errorf("no answer within %v", answerTime)
	}
}

// passes reports whether the fault is one that goes by itself: of the network,
// or of a server that starts or hands over.
func passes(err error) bool {
	if errors.Is(err, redis.ErrClosed) {
		return false
	}
	if _, replied := errors.AsType[redis.Error](err); !replied {
		return true
	}
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsClusterDownError(err) ||
		redis.IsTryAgainError(err) || redis.IsMasterDownError(err) || redis.IsMaxClientsError(err) ||
		redis.HasErrorPrefix(err, "NOREPLICAS") || redis.HasErrorPrefix(err, "BUSY")
}

// failure is what the caller is told: what Redis said last, and why the context
// ended, if it did.
func failure(ctx context.Context, err error) error {
	switch ended := ctx.Err(); {
	case ended == nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.Is(err, ended):
		return fmt.Errorf("redislimiter: waiting for Redis: %w", contextError(ctx))
	}
	return fmt.Errorf("%w: %w; last error: %w", ErrUnavailable, contextError(ctx), err)
}

// contextError is ctx.Err(), together with its cause if that is another error.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// sleep waits for d, and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
