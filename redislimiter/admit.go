package redislimiter

import (
	"context"
	crypto "crypto/rand"
	"fmt"
	"math/rand/v2"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

const (
	// mostInQueue is how many waiters of one process queue in Redis at a time. Each
	// of them comes back every few seconds, so there must not be thousands.
	mostInQueue = 64
	// heartbeat is how often a waiter comes back at the least. One that has crashed is
	// in the way of others for no longer than this and grace.
	heartbeat = 5 * time.Second
	// grace is how much later than announced a waiter may come before it is given
	// up for dead. If it lives, it gets back its position in the queue.
	grace = time.Second
	// mostJitter spreads waiters that would come back at the same moment.
	mostJitter = 50 * time.Millisecond
	// noDeadline is the time left of a call without a deadline, in microseconds.
	// Lua's numbers are exact up to it.
	noDeadline = 1 << 53
)

// admit waits until an attempt is admitted, and returns its ID. Its permit is
// held for keep if nothing more is heard of it.
func (l *Limiter) admit(ctx context.Context, keep time.Duration) (id string, err error) {
	if err := l.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-l.queue }()
	id = crypto.Text()
	for arrival := int64(0); ; {
		left := int64(noDeadline)
		if deadline, ok := ctx.Deadline(); ok {
			left = max(time.Until(deadline).Microseconds(), 0)
		}
		reply, err := l.run(ctx, acquireScript, id, l.n, l.per.Microseconds(), keep.Microseconds(),
			arrival, left, l.maxPause.Microseconds(), heartbeat.Microseconds(), grace.Microseconds())
		if err != nil {
			return "", err
		}
		duration := func(i int) time.Duration { return time.Duration(reply[i]) * time.Microsecond }
		admitted, wait, comeBack := reply[1] == 1, duration(3), duration(4)
		switch {
		case admitted:
			return id, nil
		case comeBack < 0: // it need not wait, since it would be in vain
			return "", l.refusal(wait, duration(5), duration(6))
		}
		arrival = reply[2]
		if !sleep(ctx, comeBack+rand.N(min(l.per/200, mostJitter)+1)) {
			go l.leave(id)
			return "", contextError(ctx)
		}
	}
}

// enter waits until the caller may queue in Redis, first come first served.
func (l *Limiter) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	select {
	case l.queue <- struct{}{}:
		return nil
	default:
	}
	// If all those ahead stay, each n of them take a window, and the first n may be
	// admitted at once.
	ahead := cap(l.queue) + int(l.waiting.Add(1)) - 1
	defer l.waiting.Add(-1)
	wait := time.Duration(ahead/l.n) * l.per
	if deadline, ok := ctx.Deadline(); ok && wait > 0 && wait >= time.Until(deadline) {
		return l.refusal(wait, 0, 0)
	}
	select {
	case l.queue <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// leave takes id out of the queue, and gives back the permit of an attempt that
// was not made. If Redis is not told, it goes by itself.
func (l *Limiter) leave(id string) { l.tell(context.Background(), leaveScript, id) }

// refusal is the error of a call that would wait in vain: no permit is free for wait, the
// vendor's pause has paused to run, and what Redis forgot does no harm after unsafe.
func (l *Limiter) refusal(wait, paused, unsafe time.Duration) error {
	why := ""
	switch {
	case paused > l.maxPause:
		return &pausedError{left: paused, most: l.maxPause}
	case paused > 0 && paused >= wait:
		why = "the vendor has asked for a pause: "
	case unsafe > 0 && unsafe >= wait:
		why = "the server was restarted or lost data, and may have forgotten what was sent: "
	}
	return fmt.Errorf("%v: %sno permit is free for another %v, past the context's deadline: %w",
		l, why, wait.Round(time.Millisecond), context.DeadlineExceeded)
}

// pausedError is a call that ended because the vendor has asked for a longer
// pause than it may wait out.
type pausedError struct{ left, most time.Duration }

func (e *pausedError) Error() string {
	return fmt.Sprintf("redislimiter: the vendor has asked to wait for another %v, beyond the %v that WithMaxPause allows",
		e.left.Round(time.Millisecond), e.most)
}

// Is makes it an agentcopy.ErrRateLimited.
func (e *pausedError) Is(target error) bool { return target == agentcopy.ErrRateLimited }
