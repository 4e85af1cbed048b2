package window

import (
	"context"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// waiter is one caller in a queue. The one that takes it out of the queue sets ticket
// or err, and closes told.
type waiter struct {
	told   chan struct{}
	ticket Ticket
	err    error

	mayWait    MayWait // only of a Pacer
	prev, next *waiter
}

func newWaiter() *waiter { return &waiter{told: make(chan struct{})} }

// queue is a linked list through the waiters themselves, so that taking one out
// of the middle costs as little as taking the first.
type queue struct {
	head, tail *waiter
	len        int
}

func (q *queue) push(w *waiter) {
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.len++
}

func (q *queue) pop() *waiter {
	w := q.head
	q.remove(w)
	return w
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	q.len--
}

// contains reports whether w, which was in q once, still is.
func (q *queue) contains(w *waiter) bool { return w.prev != nil || q.head == w }

// EndsFirst reports whether the deadline of ctx comes before a wait from now on
// is over.
func EndsFirst(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && wait >= time.Until(deadline)
}

// await waits until w is told, or ctx ends and giveUp has taken w out.
func await(ctx context.Context, w *waiter, giveUp func(*waiter)) error {
	select {
	case <-w.told:
	case <-ctx.Done():
	}
	// Both may have come to pass: a caller whose context has ended wants nothing.
	if ctx.Err() != nil {
		giveUp(w)
		return check.ContextError(ctx)
	}
	return w.err
}
