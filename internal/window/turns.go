package window

import (
	"context"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Turns lets callers through one at a time, first come first served, a spacing
// apart. It can be held: then nobody gets through for a while, and those who
// gathered meanwhile go on one by one.
type Turns struct {
	spacing time.Duration

	mu     sync.Mutex
	latest moment // the latest one seen; see Limiter.advance
	next   moment // nobody has a turn before it
	opens  moment // when Hold ends
	queue  queue
	alarm  alarm // rings at next; off while nobody waits
}

// MayWait is asked before a wait begins, and again when Hold makes it longer: in
// how long Hold ends, and in how long it is the caller's turn. An error ends the
// wait. It is called under a lock and must not block.
type MayWait func(opens, turn time.Duration) error

// NewTurns returns turns that are a spacing apart.
func NewTurns(spacing time.Duration) *Turns {
	now := now()
	t := &Turns{spacing: spacing, latest: now, next: now, opens: now}
	t.alarm.ring = t.onAlarm
	return t
}

// Take waits for the caller's turn.
func (t *Turns) Take(ctx context.Context, mayWait MayWait) error {
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	t.mu.Lock()
	now := t.advance()
	if t.queue.len == 0 && t.next <= now {
		t.next = later(now, t.spacing)
		t.mu.Unlock()
		return nil
	}
	if err := mayWait(t.opens-now, t.wait(t.queue.len, now)); err != nil {
		t.mu.Unlock()
		return err
	}
	w := newWaiter()
	w.mayWait = mayWait
	t.queue.push(w)
	t.alarm.set(t.next, now)
	t.mu.Unlock()
	return await(ctx, w, t.giveUp)
}

// Hold lets nobody through for d from now on, and reports whether they were not
// held for as long already. Those who may not wait that long are told at once.
func (t *Turns) Hold(d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.advance()
	opens := later(now, d)
	if d <= 0 || opens <= t.opens {
		return false
	}
	t.opens = opens
	t.next = max(t.next, opens)
	for w, ahead := t.queue.head, 0; w != nil; {
		following := w.next
		if w.err = w.mayWait(opens-now, t.wait(ahead, now)); w.err != nil {
			t.queue.remove(w)
			close(w.told)
		} else {
			ahead++
		}
		w = following
	}
	t.setAlarm(now)
	return true
}

// Held is how long Hold has to run, and zero if it does not.
func (t *Turns) Held() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.advance() // first: it may forget what opens says
	return max(t.opens-now, 0)
}

// wait is how long it takes to the turn of one with so many ahead.
func (t *Turns) wait(ahead int, now moment) time.Duration {
	return t.next - now + time.Duration(ahead)*t.spacing
}

func (t *Turns) giveUp(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queue.contains(w) { // else its turn goes to waste: the next one is not far
		t.queue.remove(w)
		t.setAlarm(t.advance())
	}
}

// advance reads the clock and forgets what is known of another; see
// Limiter.advance.
func (t *Turns) advance() moment {
	now := now()
	if now < t.latest {
		t.next, t.opens = now, now
	}
	t.latest = now
	return now
}

func (t *Turns) onAlarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.advance()
	if t.queue.len > 0 && t.next <= now {
		t.next = later(now, t.spacing)
		close(t.queue.pop().told)
	}
	t.setAlarm(now)
}

func (t *Turns) setAlarm(now moment) {
	if t.queue.len == 0 {
		t.alarm.off()
		return
	}
	t.alarm.set(t.next, now)
}
