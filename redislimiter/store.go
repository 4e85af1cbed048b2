package redislimiter

import (
	"context"
	_ "embed" // the scripts
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

// The scripts. Running one twice is running it once.
var (
	//go:embed lua/limiter.lua
	commonLua string // with which all begin
	//go:embed lua/acquire.lua
	acquireLua    string
	acquireScript = redis.NewScript(commonLua + acquireLua)
	//go:embed lua/hold.lua
	holdLua    string
	holdScript = redis.NewScript(commonLua + holdLua)
	//go:embed lua/leave.lua
	leaveLua    string
	leaveScript = redis.NewScript(commonLua + leaveLua)
	//go:embed lua/pause.lua
	pauseLua    string
	pauseScript = redis.NewScript(commonLua + pauseLua)
)

// run runs a script for the attempt id until it is answered, the fault is one that stays,
// or maxOutage or ctx ends. What was done for a caller who was not told is taken back.
func (l *Limiter) run(ctx context.Context, script *redis.Script, id string, args ...any) ([]int64, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	staleAfter := l.timeout + l.per
	args = append([]any{id, l.memory.known(staleAfter), staleAfter.Microseconds()}, args...)
	var running sync.WaitGroup
	var fault error // the last one
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		reply, err := l.once(ctx, script, args, &running)
		if err == nil {
			l.memory.note(reply[0])
			return reply, nil
		}
		if fault == nil || ctx.Err() == nil { // a run that ctx cut off says nothing
			fault = err
		}
		if ctx.Err() != nil || !passes(err) || time.Since(began)+pause > l.maxOutage || !sleep(ctx, pause/2+rand.N(pause/2)) {
			break
		}
	}
	if script == acquireScript {
		go func() { running.Wait(); l.leave(id) }()
	}
	return nil, failure(ctx, fault)
}

// once runs a script, and waits for its answer for as long as ctx and answerTime allow. A
// client need not return when its context ends, and what is cut off may have been done;
// so each run has a goroutine of its own, which sees to the end of it.
func (l *Limiter) once(ctx context.Context, script *redis.Script, args []any, running *sync.WaitGroup) ([]int64, error) {
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	done := make(chan *redis.Cmd, 1)
	running.Go(func() {
		defer cancel()
		done <- script.Run(lasting, l.rdb(), l.keys, args...)
	})
	select {
	case answer := <-done:
		return answer.Int64Slice()
	case <-ctx.Done():
		return nil, contextError(ctx)
	case <-time.After(answerTime):
		return nil, fmt.Errorf("no answer within %v", answerTime)
	}
}

// tell runs a script for which nobody waits longer than cleanupTimeout, or needs to know
// whether it failed.
func (l *Limiter) tell(ctx context.Context, script *redis.Script, id string, args ...any) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	_, _ = l.run(ctx, script, id, args...)
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

// memory is what a process knows of the limiter's past: how many attempts had
// been admitted when it last heard of it. A Redis that says fewer has forgotten
// some.
type memory struct {
	mu    sync.Mutex
	count int64
	at    time.Time
}

func (m *memory) note(count int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); count >= m.count || now.Sub(m.at) > time.Second {
		m.count, m.at = count, now
	}
}

// known returns the count, or zero if it was heard so long ago that what was
// forgotten since does no harm.
func (m *memory) known(staleAfter time.Duration) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.at) > staleAfter {
		return 0
	}
	return m.count
}
