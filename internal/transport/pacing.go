package transport

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"
	"weak"
)

// pacing is what all clients of one vendor, origin and credential share,
// however many are built: a limit is the credential's, not the client's.
type pacing struct {
	gate   gate
	limits Limits

	mu      sync.Mutex
	lastUse time.Time
	kept    bool // a timer that keeps the pacing in memory runs
}

// memory is for how long after its last use a pacing may still matter: longer
// than any default limiter's window, and than the caution after a refusal.
const memory = 125 * time.Second

// used says that an attempt was made. A program may build a client for each
// copy and drop it: what the vendor has counted, it counts all the same. So the
// pacing stays for a while without a client. What keeps it is the timer itself.
func (p *pacing) used() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	// The timer of an earlier testing/synctest bubble does not run any more, and
	// the clock has gone backwards since.
	if !p.kept || now.Before(p.lastUse) {
		p.kept = true
		time.AfterFunc(memory, p.release)
	}
	p.lastUse = now
}

// release lets go of a pacing that the vendor has forgotten as well.
func (p *pacing) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := max(memory-time.Since(p.lastUse), p.gate.paused())
	left = min(left, longestPause) // lastUse may be by another clock
	if p.kept = left > 0; p.kept {
		time.AfterFunc(left, p.release)
	}
}

// pacings finds the pacing of a credential for as long as it matters. The map
// holds it weakly, so that a process which sees a million credentials keeps
// those in use alone.
var pacings = struct {
	sync.Mutex
	byKey map[pacingKey]weak.Pointer[pacing]
}{byKey: make(map[pacingKey]weak.Pointer[pacing])}

// pacingKey is a digest, keyed with digestKey, of vendor, scope and credential:
// a memory dump of the map tells nothing.
type pacingKey [sha256.Size]byte

var digestKey = func() (key [32]byte) {
	_, _ = rand.Read(key[:]) // crypto/rand never fails: it ends the process instead
	return key
}()

func pacingFor(v *Vendor, scope string, secrets []Secret) *pacing {
	key := keyFor(v.Name, scope, secrets)
	pacings.Lock()
	defer pacings.Unlock()
	if p := pacings.byKey[key].Value(); p != nil {
		return p
	}
	p := &pacing{gate: newGate(), limits: v.Limits()}
	pacings.byKey[key] = weak.Make(p)
	runtime.AddCleanup(p, forgetPacing, key)
	return p
}

// forgetPacing removes the entry of a pacing that no client uses any more,
// unless a new client has put another one in its place.
func forgetPacing(key pacingKey) {
	pacings.Lock()
	defer pacings.Unlock()
	if pacings.byKey[key].Value() == nil {
		delete(pacings.byKey, key)
	}
}

func keyFor(vendor, scope string, secrets []Secret) (key pacingKey) {
	mac := hmac.New(sha256.New, digestKey[:])
	write := func(s string) { // with its length, so that no two lists of parts look alike
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(s)))
		mac.Write(length[:])
		mac.Write([]byte(s))
	}
	write(vendor)
	write(scope)
	for _, s := range secrets {
		write(s.Value)
	}
	mac.Sum(key[:0])
	return key
}

// scopeOf says which server a client talks to: the origin of its base URL, or
// what a transport says that answers for any origin. The in-memory clients of
// agentcopytest do, so that tests with a server each share no limit.
func scopeOf(base *url.URL, transport http.RoundTripper) string {
	if t, ok := transport.(interface{ PacingScope() string }); ok {
		return t.PacingScope()
	}
	return originOf(base)
}
