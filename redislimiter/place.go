package redislimiter

import (
	"context"
	"sync"
	"time"
)

// place is held by an attempt under way. Redis gives it to somebody else once
// the attempt timeout and a window have passed without word of it; so it is
// renewed, in case the attempt began late, or the caller is still waiting.
type place struct {
	limiter *Limiter
	id      string

	mu       sync.Mutex
	renewal  *time.Timer
	released bool
}

func newPlace(l *Limiter, id string) *place {
	p := &place{limiter: l, id: id}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renewal = time.AfterFunc(p.renewalTime(), p.renew)
	return p
}

// renewalTime is how often a place is renewed. Two renewals may fail.
func (p *place) renewalTime() time.Duration { return p.limiter.timeout / 3 }

func (p *place) renew() {
	p.mu.Lock() // so that it is done when release is called, and does not come after it
	defer p.mu.Unlock()
	if p.released {
		return
	}
	_ = p.hold(p.limiter.timeout + p.limiter.per) // or else the next time
	p.renewal.Reset(p.renewalTime())
}

// release says that the attempt was answered. If Redis cannot be told, the place
// falls free later, by itself.
func (p *place) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return
	}
	p.released = true
	p.renewal.Stop()
	_ = p.hold(p.limiter.per)
}

func (p *place) hold(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	return p.limiter.tell(ctx, holdScript, p.id, d)
}
