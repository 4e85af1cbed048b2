package window

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Pacer lets callers through one at a time, first come first served, a spacing
// apart. While it is paused nobody gets through; those who gathered meanwhile then
// go on one by one.
type Pacer struct {
	spacing time.Duration
	paused  atomic.Bool // ever: the calls of a credential that never was need not wait for each other

	mu    sync.Mutex
	next  moment // nobody gets through before it
	opens moment // when the pause ends
	queue queue
	alarm alarm // rings at next; off while nobody waits
}

// MayWait is asked before a wait begins, and again when a pause prolongs it. It is
// told how long the pause still lasts, and how long it is until the caller's turn.
// An error ends the wait. It is called under a lock and must not block.
type MayWait func(opens, turn time.Duration) error

// NewPacer returns a Pacer that lets one caller through every spacing.
func NewPacer(spacing time.Duration) *Pacer {
	p := &Pacer{spacing: spacing, next: -forever, opens: -forever}
	p.alarm.ring = p.onAlarm
	return p
}

// Wait waits for the caller's turn.
func (p *Pacer) Wait(ctx context.Context, mayWait MayWait) error {
	if ctx.Err() != nil {
		return check.ContextError(ctx)
	}
	p.mu.Lock()
	now := now()
	if p.queue.len == 0 && p.next <= now {
		p.next = later(now, p.spacing)
		p.mu.Unlock()
		return nil
	}
	if err := mayWait(p.opens-now, p.wait(p.queue.len, now)); err != nil {
		p.mu.Unlock()
		return err
	}
	w := newWaiter()
	w.mayWait = mayWait
	p.queue.push(w)
	p.alarm.set(p.next, now)
	p.mu.Unlock()
	return await(ctx, w, p.giveUp)
}

// Pause lets nobody through for d from now on, and reports whether that changes
// anything: an earlier pause may last longer. Those who may not wait that long are
// told at once.
func (p *Pacer) Pause(d time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := now()
	opens := later(now, d)
	if d <= 0 || opens <= p.opens {
		return false
	}
	p.paused.Store(true)
	p.opens = opens
	p.next = max(p.next, opens)
	for w, ahead := p.queue.head, 0; w != nil; {
		following := w.next
		if w.err = w.mayWait(opens-now, p.wait(ahead, now)); w.err != nil {
			p.queue.remove(w)
			close(w.told)
		} else {
			ahead++
		}
		w = following
	}
	p.setAlarm(now)
	return true
}

// Paused is how long the pause still lasts; 0 if there is none.
func (p *Pacer) Paused() time.Duration {
	if !p.paused.Load() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.opens-now(), 0)
}

// wait is how long a caller waits with so many ahead of it.
func (p *Pacer) wait(ahead int, now moment) time.Duration {
	return p.next - now + time.Duration(ahead)*p.spacing
}

func (p *Pacer) giveUp(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.contains(w) { // else its turn is lost: the next one comes soon
		p.queue.remove(w)
		p.setAlarm(now())
	}
}

func (p *Pacer) onAlarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := now()
	if p.queue.len > 0 && p.next <= now {
		p.next = later(now, p.spacing)
		close(p.queue.pop().told)
	}
	p.setAlarm(now)
}

func (p *Pacer) setAlarm(now moment) {
	if p.queue.len == 0 {
		p.alarm.off()
		return
	}
	p.alarm.set(p.next, now)
}
