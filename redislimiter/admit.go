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

// decision is the answer of acquire.lua.
type decision struct {
	admitted bool
	arrival  int64         // when the caller came, on Redis's clock
	wait     time.Duration // it cannot be admitted sooner
	sleep    time.Duration // until it is to come back; negative if it is not waiting any more
	paused   time.Duration // how long the vendor's pause has to run
	unsafe   time.Duration // how long it takes until what Redis forgot does no harm
}

// admit waits until an attempt is admitted, and returns its ID. Its permit is
// held for keep if nothing more is heard of it.
func (l *Limiter) admit(ctx context.Context, keep time.Duration) (id string, err error) {
	if err := l.local.enter(ctx); err != nil {
		return "", err
	}
	defer l.local.leave()
	id = crypto.Text()
	for arrival := int64(0); ; {
		d, err := l.decide(ctx, id, arrival, keep)
		switch {
		case err != nil:
			return "", err
		case d.admitted:
			return id, nil
		case d.sleep < 0:
			return "", l.refusal(d)
		}
		arrival = d.arrival
		if !sleep(ctx, d.sleep+rand.N(min(l.per/200, mostJitter)+1)) {
			go l.leave(id)
			return "", contextError(ctx)
		}
	}
}

// decide asks Redis once.
func (l *Limiter) decide(ctx context.Context, id string, arrival int64, keep time.Duration) (decision, error) {
	c := l.command(acquireScript, id,
		l.n, l.per.Microseconds(), keep.Microseconds(),
		arrival, timeLeft(ctx), l.maxPause.Microseconds(),
		heartbeat.Microseconds(), grace.Microseconds())
	c.undo = func() { l.leave(id) }
	reply, err := l.store.run(ctx, c)
	if err != nil {
		return decision{}, err
	}
	number := func(i int) int64 { return reply[i].(int64) }
	duration := func(i int) time.Duration { return time.Duration(number(i)) * time.Microsecond }
	l.memory.note(number(1))
	return decision{
		admitted: number(0) == 1,
		arrival:  number(2),
		wait:     duration(3),
		sleep:    duration(4),
		paused:   duration(5),
		unsafe:   duration(6),
	}, nil
}

// timeLeft is how long ctx has to run, in microseconds.
func timeLeft(ctx context.Context) int64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return noDeadline
	}
	return max(time.Until(deadline).Microseconds(), 0)
}

// refusal is the error of a call that need not wait, since it would be in vain.
func (l *Limiter) refusal(d decision) error {
	switch {
	case d.paused > l.maxPause:
		return &pausedError{left: d.paused, most: l.maxPause}
	case d.paused > 0 && d.paused >= d.wait:
		return fmt.Errorf("%v: the vendor has asked for a pause: %w", l, tooLate(d.wait))
	case d.unsafe > 0 && d.unsafe >= d.wait:
		return fmt.Errorf("%v: the server was restarted or lost data, and may have forgotten what was sent: %w", l, tooLate(d.wait))
	}
	return fmt.Errorf("%v: %w", l, tooLate(d.wait))
}

// leave takes id out of the queue, and gives back the permit of an attempt that
// was not made.
func (l *Limiter) leave(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	_, _ = l.store.run(ctx, l.command(leaveScript, id)) // else it goes by itself
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
