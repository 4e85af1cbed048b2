package kolena_test

import (
	"math/rand/v2"
	"time"
)

const (
	limit    = 60          // requests that Kolena allows
	interval = time.Minute // in this time
)

// counter is how a server counts requests against its limit. take reports
// whether it lets one pass at a moment, and if not, how long it says to wait.
// Moments come in order.
type counter interface {
	take(now time.Duration) (ok bool, wait time.Duration)
}

// serverModel is a way in which "60 a minute" has been implemented.
type serverModel struct {
	name     string
	counter  func(*rand.Rand) counter
	tolerant bool // it never refuses a client that keeps to the documented limit
	mum      bool // it sends no Retry-After
}

// serverModels begin with those that keep their word. The others allow fewer at
// once, or in the middle of some minutes.
var serverModels = []*serverModel{
	{name: "strict sliding window", tolerant: true, counter: func(*rand.Rand) counter { return &slidingWindow{} }},
	{name: "fixed window, random phase", tolerant: true, counter: func(r *rand.Rand) counter { return &fixedWindow{phase: randomPhase(r)} }},
	{name: "sliding window, refused count", tolerant: true, counter: func(*rand.Rand) counter { return &slidingWindow{countsRefused: true} }},
	{name: "sliding window, whole seconds", tolerant: true, counter: func(r *rand.Rand) counter { return &secondStamps{phase: randomPhase(r)} }},
	{name: "two-counter approximation", counter: newTwoCounters},
	{name: "token bucket of 60 at 1/s", counter: newBucket(60)},
	{name: "token bucket of 10 at 1/s", counter: newBucket(10)},
	{name: "two-counter, no Retry-After", counter: newTwoCounters, mum: true},
	{name: "bucket of 10, no Retry-After", counter: newBucket(10), mum: true},
}

func randomPhase(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(interval))) }

// slidingWindow remembers each request for a minute.
type slidingWindow struct {
	countsRefused bool
	stamps        []time.Duration
}

func (w *slidingWindow) take(now time.Duration) (bool, time.Duration) {
	for len(w.stamps) > 0 && now-w.stamps[0] >= interval {
		w.stamps = w.stamps[1:]
	}
	ok := len(w.stamps) < limit
	if ok || w.countsRefused {
		w.stamps = append(w.stamps, now)
	}
	return ok, w.stamps[0] + interval - now
}

// fixedWindow counts from zero each minute, on a clock that nobody knows.
type fixedWindow struct {
	phase  time.Duration
	window time.Duration
	count  int
}

func (w *fixedWindow) take(now time.Duration) (bool, time.Duration) {
	if window := (now + w.phase) / interval; window != w.window {
		w.window, w.count = window, 0
	}
	w.count++
	return w.count <= limit, interval - (now+w.phase)%interval
}

// secondStamps is a sliding window that knows only seconds, and counts those
// that are exactly a minute old.
type secondStamps struct {
	phase  time.Duration
	stamps []int64
}

func (w *secondStamps) take(now time.Duration) (bool, time.Duration) {
	second := int64((now + w.phase) / time.Second)
	for len(w.stamps) > 0 && second-w.stamps[0] > int64(interval/time.Second) {
		w.stamps = w.stamps[1:]
	}
	if len(w.stamps) >= limit {
		return false, time.Duration(w.stamps[0]-second)*time.Second + interval + time.Second
	}
	w.stamps = append(w.stamps, second)
	return true, 0
}

// twoCounters estimates a sliding window from the counts of this minute and the
// last one, as proxies do that serve many.
type twoCounters struct {
	phase          time.Duration
	window         time.Duration
	count, earlier int
}

func newTwoCounters(r *rand.Rand) counter { return &twoCounters{phase: randomPhase(r)} }

func (c *twoCounters) take(now time.Duration) (bool, time.Duration) {
	switch window := (now + c.phase) / interval; window - c.window {
	case 0:
	case 1:
		c.window, c.earlier, c.count = window, c.count, 0
	default:
		c.window, c.earlier, c.count = window, 0, 0
	}
	left := 1 - float64((now+c.phase)%interval)/float64(interval)
	if float64(c.earlier)*left+float64(c.count)+1 > limit {
		return false, time.Second // it takes away at most one a second
	}
	c.count++
	return true, 0
}

// bucket holds tokens that come back one a second.
type bucket struct {
	size, tokens float64
	last         time.Duration
}

func newBucket(size float64) func(*rand.Rand) counter {
	return func(*rand.Rand) counter { return &bucket{size: size, tokens: size} }
}

func (b *bucket) take(now time.Duration) (bool, time.Duration) {
	b.tokens = min(b.size, b.tokens+(now-b.last).Seconds())
	b.last = now
	if b.tokens < 1 {
		return false, time.Duration((1 - b.tokens) * float64(time.Second))
	}
	b.tokens--
	return true, 0
}
