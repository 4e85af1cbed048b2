package window

import "time"

// waiter is one caller parked in a [Limiter].
type waiter struct {
	admitted   chan Ticket // of capacity 1, so that whoever admits never blocks
	prev, next *waiter
}

// waiterQueue is a linked list through the waiters themselves, so that taking
// one out of the middle costs as little as taking the first.
type waiterQueue struct {
	head, tail *waiter
	len        int
}

func (q *waiterQueue) push(w *waiter) {
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.len++
}

func (q *waiterQueue) pop() *waiter {
	w := q.head
	q.remove(w)
	return w
}

func (q *waiterQueue) remove(w *waiter) {
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

// timeRing is a queue of times in a ring that grows to what was needed at most.
type timeRing struct {
	buf         []time.Time
	start, size int
}

func (r *timeRing) len() int           { return r.size }
func (r *timeRing) at(i int) time.Time { return r.buf[(r.start+i)%len(r.buf)] }
func (r *timeRing) first() time.Time   { return r.at(0) }
func (r *timeRing) clear()             { r.start, r.size = 0, 0 }
func (r *timeRing) pop()               { r.start = (r.start + 1) % len(r.buf); r.size-- }

func (r *timeRing) push(t time.Time) {
	if r.size == len(r.buf) {
		grown := make([]time.Time, max(8, 2*r.size))
		for i := range r.size {
			grown[i] = r.at(i)
		}
		r.buf, r.start = grown, 0
	}
	r.buf[(r.start+r.size)%len(r.buf)] = t
	r.size++
}
