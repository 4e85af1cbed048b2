package redislimiter

import (
	"sync"
	"time"
)

// memory is what a process knows of the limiter's past: how many attempts had
// been admitted when it last heard of it. A Redis that says fewer has forgotten
// some.
type memory struct {
	mu    sync.Mutex
	count int64
	at    time.Time
}

func (m *memory) note(count int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); count >= m.count || now.Sub(m.at) > time.Second {
		m.count, m.at = count, now
	}
}

// known returns the count, or zero if it was heard so long ago that what was
// forgotten since does no harm.
func (m *memory) known(staleAfter time.Duration) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.at) > staleAfter {
		return 0
	}
	return m.count
}
