package redislimiter

import (
	"context"
	"sync"
	"time"
)

// permit is held by an attempt under way. Redis frees it once the attempt timeout and a
// window have passed without word of it. So it is renewed, in case the attempt began
// late, or the caller is still waiting.
type permit struct {
	limiter *Limiter
	id      string
	every   time.Duration // between renewals; two may fail in a row

	mu       sync.Mutex
	renewal  *time.Timer
	released bool
}

func newPermit(l *Limiter, id string) *permit {
	p := &permit{limiter: l, id: id, every: l.timeout / 3}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renewal = time.AfterFunc(p.every, p.renew)
	return p
}

func (p *permit) renew() {
	p.mu.Lock() // so that it is done when release is called, and does not come after it
	defer p.mu.Unlock()
	if p.released {
		return
	}
	p.hold(p.limiter.timeout + p.limiter.per)
	p.renewal.Reset(p.every)
}

// release says that the attempt was answered. If Redis cannot be told, the permit
// falls free later.
func (p *permit) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return
	}
	p.released = true
	p.renewal.Stop()
	p.hold(p.limiter.per)
}

func (p *permit) hold(d time.Duration) {
	p.limiter.tell(context.Background(), holdScript, p.id, d)
}
