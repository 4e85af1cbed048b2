package window

import "time"

// moment is a point on the monotonic clock: the time since the process started,
// which is negative in a testing/synctest bubble if the machine has been up for
// long. It is read twice as fast as a time.Time, and a million of them hold no
// pointer that the garbage collector would have to follow.
type moment = time.Duration

var processStart = time.Now()

func now() moment { return time.Since(processStart) }

// forever is longer than any process runs, and short enough that adding it to a
// moment does not overflow.
const forever = 100 * 365 * 24 * time.Hour

// later returns a moment d after m, or the last one there is.
func later(m moment, d time.Duration) moment { return m + min(d, forever) }

// alarm calls ring at a moment that may change. While it is off there is no
// timer: a timer belongs to the testing/synctest bubble it was made in, and may
// be touched from no other, whereas limiters outlive bubbles.
type alarm struct {
	ring  func()
	timer *time.Timer
	at    moment
}

// set makes the alarm ring at a moment that has not come yet. If it is set for
// that one already, the timer still runs.
func (a *alarm) set(at, now moment) {
	switch {
	case a.timer == nil:
		a.timer = time.AfterFunc(at-now, a.ring)
	case a.at != at:
		a.timer.Reset(at - now)
	}
	a.at = at
}

func (a *alarm) off() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}
