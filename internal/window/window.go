// Package window holds the mechanisms that pace attempts. [Limiter] is what
// agentcopy.WindowLimiter is made of, and also takes back a permit that was not used.
// [Pacer] lets callers through one at a time.
package window

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Limiter admits at most n attempts in any window of length per.
// agentcopy.WindowLimiter says what that means and why it holds.
type Limiter struct {
	n   int
	per time.Duration

	mu      sync.Mutex
	free    int     // permits that nobody holds
	held    permits // of attempts that were admitted and are not answered yet
	cooling ring    // when the permits of answered attempts are free again, earliest first
	queue   queue   // who waits, first come first
	alarm   alarm   // rings when the next permit is free; off while nobody waits
}

// New returns a limiter of n attempts in any window of length per; both must be
// positive.
func New(n int, per time.Duration) *Limiter {
	l := &Limiter{n: n, per: per, free: n}
	l.alarm.ring = l.onAlarm
	return l
}

// String says what the limiter allows.
func (l *Limiter) String() string { return fmt.Sprintf("%d per %v", l.n, l.per) }

// Admit waits for a permit, first come first served. A wait that cannot end before the
// deadline of ctx is not begun.
func (l *Limiter) Admit(ctx context.Context) (Ticket, error) {
	if ctx.Err() != nil {
		return Ticket{}, check.ContextError(ctx)
	}
	l.mu.Lock()
	now := l.advance()
	if l.free > 0 {
		l.free--
		t := l.held.take()
		l.mu.Unlock()
		return t, nil
	}
	if wait := l.shortestWait(now); EndsFirst(ctx, wait) {
		l.mu.Unlock()
		return Ticket{}, fmt.Errorf("%v: no permit is free for another %v, past the context's deadline: %w",
			l, wait.Round(time.Millisecond), context.DeadlineExceeded)
	}
	w := newWaiter()
	l.queue.push(w)
	l.serve(now)
	l.mu.Unlock()
	if err := await(ctx, w, l.giveUp); err != nil {
		return Ticket{}, err
	}
	return w.ticket, nil
}

// Pass is Admit for a caller that cannot say when its attempt is answered: the
// permit is free again a window after the admission.
func (l *Limiter) Pass(ctx context.Context) error {
	t, err := l.Admit(ctx)
	if err == nil {
		l.Answered(t)
	}
	return err
}

// Delay is how long a newcomer has to wait, at the least; 0 if it does not.
func (l *Limiter) Delay() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	if l.free > 0 {
		return 0
	}
	return l.shortestWait(now)
}

// giveUp takes w out of the queue or, if it was admitted at the same moment,
// hands its permit to the next one.
func (l *Limiter) giveUp(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	if l.queue.contains(w) {
		l.queue.remove(w)
	} else if l.held.giveBack(w.ticket) {
		l.free++
	}
	l.serve(now)
}

// GiveBack says that nothing was sent for t: its permit is free at once.
func (l *Limiter) GiveBack(t Ticket) { l.end(t, false) }

// Answered says that the attempt of t was answered, or failed: its permit is free a
// window from now. Saying it again does nothing.
func (l *Limiter) Answered(t Ticket) { l.end(t, true) }

func (l *Limiter) end(t Ticket, sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	switch {
	case !l.held.giveBack(t):
		return
	case sent:
		l.cooling.push(later(now, l.per))
	default:
		l.free++
	}
	l.serve(now)
}

// advance reads the clock, under the lock so that readings are in order, and hands
// the permits that are free by now to those who wait. If it leaves one free, nobody
// waits: a newcomer that takes it overtakes no one.
func (l *Limiter) advance() moment {
	now := now()
	collected := false
	for l.cooling.len > 0 && l.cooling.first() <= now {
		l.cooling.pop()
		l.free++
		collected = true
	}
	if collected {
		l.serve(now)
	}
	return now
}

// serve admits as many waiters as there are free permits, and sets the alarm for the
// next. While attempts under way hold all permits, there is nothing to set it for:
// Answered will.
func (l *Limiter) serve(now moment) {
	for l.free > 0 && l.queue.len > 0 {
		l.free--
		w := l.queue.pop()
		w.ticket = l.held.take()
		close(w.told)
	}
	switch {
	case l.queue.len == 0:
		l.alarm.off()
	case l.cooling.len > 0:
		l.alarm.set(l.cooling.first(), now)
	}
}

func (l *Limiter) onAlarm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serve(l.advance())
}

// shortestWait is how long a newcomer waits at the least, if all ahead of it stay. It
// takes the permit after theirs, and one that is held now is free no sooner than a
// window from now.
func (l *Limiter) shortestWait(now moment) time.Duration {
	windows, next := time.Duration(l.queue.len/l.n), l.queue.len%l.n
	wait := l.per
	if next < l.cooling.len {
		wait = l.cooling.at(next) - now
	}
	if windows > (math.MaxInt64-wait)/l.per {
		return math.MaxInt64
	}
	return wait + windows*l.per
}
