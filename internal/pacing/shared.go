// Package pacing holds what all clients of one credential share: the limiters, and
// the pause gate that holds every call back after the vendor asked to wait.
package pacing

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"sync"
	"time"
	"weak"
)

// Shared is what all clients of one vendor, origin and credential share, however
// many are built: a limit is the credential's, not the client's.
type Shared struct {
	Gate     Gate
	Limiters Limiters

	mu      sync.Mutex
	lastUse time.Time
	kept    bool // a timer keeps it in memory
}

// retention is for how long after its last use a Shared may still matter: longer
// than any default limiter's window, and than an AdaptiveWindow is slow after a
// refusal.
const retention = 125 * time.Second

// Used says that an attempt was made. A program may build a client for each copy
// and drop it: the vendor still counts what was sent. So the limits stay in memory
// for a while without a client. What keeps them is the timer itself.
func (s *Shared) Used() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastUse = time.Now(); !s.kept {
		s.kept = true
		time.AfterFunc(retention, s.release)
	}
}

// release lets go of limits that the vendor has forgotten as well.
func (s *Shared) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := max(retention-time.Since(s.lastUse), s.Gate.Paused())
	if s.kept = left > 0; s.kept {
		time.AfterFunc(left, s.release)
	}
}

// byKey finds the Shared of a credential for as long as it matters. It holds them
// weakly, so that a process which sees a million credentials keeps only those in
// use.
var (
	byKeyMu sync.Mutex
	byKey   = make(map[key]weak.Pointer[Shared])
)

// key is a digest, keyed with digestKey, of vendor, scope and credential: a memory
// dump of the map tells nothing.
type key [sha256.Size]byte

var digestKey = func() (key [32]byte) {
	_, _ = rand.Read(key[:]) // crypto/rand never fails: it ends the process instead
	return key
}()

// Share returns what the clients of a vendor share that send the same credentials
// to the same scope, which is an origin. limits makes the limiters of a new one.
func Share(vendor, scope string, credentials []string, limits func() Limits) *Shared {
	k := keyFor(vendor, scope, credentials)
	byKeyMu.Lock()
	defer byKeyMu.Unlock()
	if s := byKey[k].Value(); s != nil {
		return s
	}
	l := limits()
	s := &Shared{Gate: newGate(), Limiters: Limiters{For(l.Copy), For(l.List), For(l.Get)}}
	byKey[k] = weak.Make(s)
	runtime.AddCleanup(s, forget, k)
	return s
}

// forget removes the entry of a Shared that no client uses any more, unless a new
// client has put another one in its place.
func forget(k key) {
	byKeyMu.Lock()
	defer byKeyMu.Unlock()
	if byKey[k].Value() == nil {
		delete(byKey, k)
	}
}

func keyFor(vendor, scope string, credentials []string) (k key) {
	mac := hmac.New(sha256.New, digestKey[:])
	for _, part := range append([]string{vendor, scope}, credentials...) {
		// With its length, so that no two lists of parts look alike.
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	mac.Sum(k[:0])
	return k
}
