// Package window is the mechanism of agentcopy.WindowLimiter, with the one thing
// more that the SDK's own limiters need: to give a place back unused.
package window

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Limiter admits at most n attempts in any window of length per; what that
// means, and why it holds, says agentcopy.WindowLimiter.
type Limiter struct {
	n   int
	per time.Duration

	mu      sync.Mutex
	latest  time.Time   // the latest time seen; see advance
	free    int         // places that nobody holds
	slots   []slot      // one for each attempt that was admitted and is not answered yet
	spare   []int       // the indexes of the slots not in use
	cooling timeRing    // when the places of answered attempts fall free, earliest first
	queue   waiterQueue // who waits, first come first
	alarm   *time.Timer // rings when the next place falls free; nil while nobody waits
	ringsAt time.Time   // when the alarm rings
}

// slot is a place held by an attempt under way. gen counts its uses, so that a
// Ticket which is handed back twice does nothing the second time.
type slot struct {
	gen  uint64
	held bool
}

// Ticket is the right to send one attempt.
type Ticket struct {
	slot int
	gen  uint64
}

// New returns a limiter of n attempts in any window of length per; both must be
// positive.
func New(n int, per time.Duration) *Limiter {
	return &Limiter{n: n, per: per, free: n}
}

// String says what the limiter allows.
func (l *Limiter) String() string { return fmt.Sprintf("%d per %v", l.n, l.per) }

// Admit waits for a place, first come first served.
func (l *Limiter) Admit(ctx context.Context) (Ticket, error) {
	if ctx.Err() != nil {
		return Ticket{}, check.ContextError(ctx)
	}
	l.mu.Lock()
	now := l.advance()
	if l.free > 0 { // then nobody waits: see advance
		t := l.take()
		l.mu.Unlock()
		return t, nil
	}
	if deadline, ok := ctx.Deadline(); ok {
		if earliest := l.earliest(now); !earliest.Before(deadline) {
			l.mu.Unlock()
			return Ticket{}, fmt.Errorf("agentcopy: the limiter (%v) admits this in %v at the earliest, after the context's deadline: %w",
				l, earliest.Sub(now).Round(time.Millisecond), context.DeadlineExceeded)
		}
	}
	w := &waiter{admitted: make(chan Ticket, 1)}
	l.queue.push(w)
	l.setAlarm(now)
	l.mu.Unlock()

	select {
	case t := <-w.admitted:
		return t, nil
	case <-ctx.Done():
		l.giveUp(w)
		return Ticket{}, check.ContextError(ctx)
	}
}

// giveUp takes w out of the queue or, if it was admitted at the same moment,
// hands its place to the next one.
func (l *Limiter) giveUp(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	select {
	case t := <-w.admitted:
		if l.vacate(t) {
			l.free++
		}
	default:
		l.queue.remove(w)
	}
	l.wake(now)
}

// GiveBack says that nothing was sent for t: its place falls free at once.
func (l *Limiter) GiveBack(t Ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	if l.vacate(t) {
		l.free++
	}
	l.wake(now)
}

// Answered says that the attempt of t was answered, or failed: its place falls
// free a window from now. Saying it again does nothing.
func (l *Limiter) Answered(t Ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.advance()
	if !l.vacate(t) {
		return
	}
	l.cooling.push(now.Add(l.per))
	l.setAlarm(now)
}

// advance reads the clock, under the lock so that readings are in order,
// collects the places that have fallen free since, and hands them to those who
// wait: a newcomer never overtakes.
//
// The monotonic clock never runs backwards, but the clock of a later
// testing/synctest bubble is behind that of an earlier one, and limiters are
// shared in a process. What is known of another clock is worth nothing, and
// waiting for it to come true could take decades, so it is forgotten.
func (l *Limiter) advance() time.Time {
	now := time.Now()
	if now.Before(l.latest) {
		l.forget()
	}
	l.latest = now
	for l.cooling.len() > 0 && !l.cooling.first().After(now) {
		l.cooling.pop()
		l.free++
	}
	l.wake(now)
	return now
}

func (l *Limiter) forget() {
	for i := range l.slots {
		l.vacate(Ticket{i, l.slots[i].gen})
	}
	l.cooling.clear()
	l.free = l.n
}

// take turns a free place into a Ticket.
func (l *Limiter) take() Ticket {
	l.free--
	if len(l.spare) == 0 {
		l.slots = append(l.slots, slot{})
		l.spare = append(l.spare, len(l.slots)-1)
	}
	last := len(l.spare) - 1
	i := l.spare[last]
	l.spare = l.spare[:last]
	l.slots[i].held = true
	return Ticket{i, l.slots[i].gen}
}

// vacate ends the attempt of t and reports whether it was still under way.
func (l *Limiter) vacate(t Ticket) bool {
	s := &l.slots[t.slot]
	if !s.held || s.gen != t.gen {
		return false
	}
	s.held = false
	s.gen++
	l.spare = append(l.spare, t.slot)
	return true
}

// wake admits as many waiters as there are free places, each one by its own
// channel, and sets the alarm for the rest.
func (l *Limiter) wake(now time.Time) {
	for l.free > 0 && l.queue.head != nil {
		l.queue.pop().admitted <- l.take()
	}
	l.setAlarm(now)
}

// setAlarm makes the alarm ring when the next place falls free, if anybody
// waits for it. While all places are held by attempts under way there is
// nothing to ring for: Answered sets it then.
func (l *Limiter) setAlarm(now time.Time) {
	if l.queue.head == nil {
		if l.alarm != nil {
			l.alarm.Stop()
			l.alarm = nil
		}
		return
	}
	if l.cooling.len() == 0 {
		return
	}
	next := l.cooling.first()
	switch {
	case l.alarm == nil:
		l.alarm = time.AfterFunc(next.Sub(now), l.onAlarm)
	case !l.ringsAt.Equal(next):
		l.alarm.Reset(next.Sub(now))
	}
	l.ringsAt = next
}

func (l *Limiter) onAlarm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ringsAt = time.Time{} // it has rung: set it again even for the same moment
	l.advance()
}

// earliest is a lower bound of when one more waiter can be admitted: it takes
// the place after those ahead of it, and a place that is held now falls free no
// sooner than a window from now.
func (l *Limiter) earliest(now time.Time) time.Time {
	ahead := l.queue.len
	rounds, place := time.Duration(ahead/l.n), ahead%l.n
	if rounds >= math.MaxInt64/l.per {
		return now.Add(math.MaxInt64)
	}
	first := now.Add(l.per)
	if place < l.cooling.len() {
		first = l.cooling.at(place)
	}
	return first.Add(rounds * l.per)
}
