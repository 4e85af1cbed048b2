package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

const (
	// longestPause bounds what one answer can do to a process: a proxy that sends
	// Retry-After: 9999999999 must not stop it for good.
	longestPause = 24 * time.Hour
	// resumeSpacing is how far apart those who waited out a pause go on. All at
	// once, they would meet the next refusal together.
	resumeSpacing = 100 * time.Millisecond
)

// gate holds back everybody who shares a credential while the vendor has asked
// one of them to wait.
type gate struct {
	mu      sync.Mutex
	since   time.Time // when the pause was set
	until   time.Time // when it ends
	next    time.Time // when the next one who waits may go on
	renewed uint64    // counts the pauses: a turn from an earlier one is void
}

// waitOutPause holds an attempt back while its credential is paused.
func waitOutPause(next stage) stage {
	return func(c *call, req *http.Request) *result {
		if err := c.waitOutPause(); err != nil {
			return notSent(err)
		}
		return next(c, req)
	}
}

func (c *call) waitOutPause() error {
	return c.client.pacing.gate.wait(c.ctx, c.client.cfg.Retry.MaxWait)
}

// pause holds everybody back for d from now on, if they are not held for longer
// already, and reports whether it changed anything.
func (g *gate) pause(d time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.tick()
	until := now.Add(min(d, longestPause))
	if !until.After(g.until) || d <= 0 {
		return false
	}
	g.since, g.until, g.next = now, until, until
	g.renewed++
	return true
}

// wait returns when the pause is over and it is the caller's turn. It fails at
// once if the pause runs for longer than maxWait, or the turn comes after the
// deadline of ctx.
func (g *gate) wait(ctx context.Context, maxWait time.Duration) error {
	for {
		if ctx.Err() != nil {
			return check.ContextError(ctx)
		}
		turn, pause, err := g.takeTurn(ctx, maxWait)
		if turn <= 0 || err != nil {
			return err
		}
		timer := time.NewTimer(turn)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return check.ContextError(ctx)
		}
		if g.stillIn(pause) {
			return nil
		}
	}
}

// takeTurn says how long the caller waits for its turn; zero if nobody waits.
func (g *gate) takeTurn(ctx context.Context, maxWait time.Duration) (turn time.Duration, pause uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.tick()
	if !now.Before(g.next) {
		return 0, g.renewed, nil
	}
	left := g.until.Sub(now)
	if left > maxWait {
		return 0, 0, &pausedError{left: left}
	}
	if deadline, ok := ctx.Deadline(); ok && !g.next.Before(deadline) {
		return 0, 0, &pausedError{left: max(left, 0), cause: context.DeadlineExceeded}
	}
	turn = g.next.Sub(now)
	g.next = g.next.Add(resumeSpacing)
	return turn, g.renewed, nil
}

// stillIn reports whether no other pause has begun since.
func (g *gate) stillIn(pause uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.renewed == pause
}

// closed reports whether a call would have to wait.
func (g *gate) closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tick().Before(g.next)
}

// tick reads the clock. A pause that was set later than now belongs to another
// clock, that of an earlier testing/synctest bubble, and is forgotten.
func (g *gate) tick() time.Time {
	now := time.Now()
	if now.Before(g.since) {
		g.since, g.until, g.next = time.Time{}, time.Time{}, time.Time{}
	}
	return now
}

// pausedError is a call that ended because its credential is paused for longer
// than the call may wait.
type pausedError struct {
	left  time.Duration
	cause error // context.DeadlineExceeded, or nil for MaxWait
}

func (e *pausedError) Error() string {
	limit := "RetryPolicy.MaxWait"
	if e.cause != nil {
		limit = "the context's deadline"
	}
	return fmt.Sprintf("the vendor has asked this credential to wait for another %v, beyond %s", e.left.Round(time.Millisecond), limit)
}

func (e *pausedError) Unwrap() error        { return e.cause }
func (e *pausedError) Is(target error) bool { return target == agentcopy.ErrRateLimited }
