package boltledger

import (
	"bytes"
	"sync"
	"time"
)

// claims are the leases of the keys that this process is at work on. They live
// in memory: whoever opens the file knows that all earlier holders are gone.
type claims struct {
	mu    sync.Mutex
	last  uint64 // token
	byKey map[string]*claim
}

type claim struct {
	token uint64
	until time.Time
	value []byte // of the record, as it is stored
}

func newClaims() *claims { return &claims{byKey: make(map[string]*claim)} }

// take claims key for lease, unless its lease is held.
func (c *claims) take(key string, value []byte, lease time.Duration) (token uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if held := c.byKey[key]; held != nil && now.Before(held.until) {
		return 0, false
	}
	c.last++
	c.byKey[key] = &claim{c.last, now.Add(lease), value}
	return c.last, true
}

// holds reports whether token is that of the latest claim of key.
func (c *claims) holds(key string, token uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.byKey[key]
	return held != nil && held.token == token
}

// renew lets the lease run from now on and reports whether that was all there
// was to do: the claim is the latest, and value is what is stored.
func (c *claims) renew(key string, token uint64, value []byte, lease time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.byKey[key]
	if held == nil || held.token != token || !bytes.Equal(held.value, value) {
		return false
	}
	held.until = time.Now().Add(lease)
	return true
}

// stored notes what was stored by a claim that holds, and lets its lease run
// from now on.
func (c *claims) stored(key string, value []byte, lease time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.byKey[key]
	held.value, held.until = value, time.Now().Add(lease)
}

// drop ends the claim of key.
func (c *claims) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byKey, key)
}
