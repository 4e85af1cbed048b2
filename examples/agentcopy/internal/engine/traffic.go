package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// errWithdrawn ends a copy that waits for its turn when the run is to stop.
var errWithdrawn = errors.New("the run was interrupted before this copy was sent")

// traffic knows of the copies of a lane which are on the wire and which wait for
// their turn. When the run is to stop, it withdraws those that wait, which may
// take minutes on a slow vendor, and lets those on the wire end: breaking them
// off would leave it open what became of them.
//
// It sees the wire as a middleware of the client, which runs past the limiter.
type traffic struct {
	mu       sync.Mutex
	stopping bool
	flights  map[*flight]bool
	sent     []time.Time // when copies were sent, of late, in order
	remember int         // how many of those to keep
}

// flight is one call of Copier.Copy.
type flight struct {
	cancel    context.CancelCauseFunc
	onWire    bool
	sent      bool // at least once
	withdrawn bool
}

// flightKey is the key of a context under which a flight is found.
type flightKey struct{}

func newTraffic(remember int) *traffic {
	return &traffic{flights: make(map[*flight]bool), remember: remember}
}

// gentle is a Copier whose copies traffic watches.
type gentle struct {
	agentcopy.Copier
	traffic *traffic
}

// Copy makes the copy unless the run is to stop before it is sent.
func (g gentle) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &flight{cancel: cancel}
	if !g.traffic.enter(f) {
		return agentcopy.Copy{}, neverSent()
	}
	defer g.traffic.leave(f)
	copied, err := g.Copier.Copy(context.WithValue(ctx, flightKey{}, f), req)
	if err != nil && g.traffic.neverLeft(f) {
		return agentcopy.Copy{}, neverSent()
	}
	return copied, err
}

func neverSent() error {
	return &agentcopy.Error{Operation: "Copy", Outcome: agentcopy.OutcomeNotCopied, Message: errWithdrawn.Error(), Err: errWithdrawn}
}

func (t *traffic) enter(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopping {
		t.flights[f] = true
	}
	return !t.stopping
}

func (t *traffic) leave(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, f)
}

func (t *traffic) neverLeft(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return f.withdrawn && !f.sent
}

// stop withdraws what waits, now and from now on.
func (t *traffic) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopping = true
	for f := range t.flights {
		t.withdraw(f)
	}
}

// withdraw ends f if the run is to stop and f waits. The lock is held.
func (t *traffic) withdraw(f *flight) {
	if t.stopping && !f.onWire && !f.withdrawn {
		f.withdrawn = true
		f.cancel(errWithdrawn)
	}
}

// onWire counts the copies that are on the wire.
func (t *traffic) onWire() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.flights {
		if f.onWire {
			n++
		}
	}
	return n
}

// times returns when copies were sent.
func (t *traffic) times() []time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]time.Time(nil), t.sent...)
}

// depart marks f as on the wire, if it may still go.
func (t *traffic) depart(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.withdrawn {
		return false
	}
	f.onWire, f.sent = true, true
	t.sent = append(t.sent, time.Now())
	t.sent = t.sent[max(0, len(t.sent)-t.remember):]
	return true
}

// land marks an attempt of f as over. Another one may follow, after a wait.
func (t *traffic) land(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.onWire = false
	t.withdraw(f)
}

// middleware sees each attempt. Those that are no copies have no flight.
func (t *traffic) middleware(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		f, ok := req.Context().Value(flightKey{}).(*flight)
		if !ok {
			return next.RoundTrip(req)
		}
		if !t.depart(f) {
			return nil, errWithdrawn
		}
		resp, err := next.RoundTrip(req)
		switch {
		case err != nil:
			t.land(f)
		case resp.StatusCode < 200 || resp.StatusCode > 299:
			// Not before the body is read: it says what was wrong. An answer that
			// is good ends the call, and nothing follows.
			resp.Body = &lastRead{resp.Body, sync.OnceFunc(func() { t.land(f) })}
		}
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// lastRead calls done when the body is closed.
type lastRead struct {
	io.ReadCloser
	done func()
}

func (b *lastRead) Close() error {
	err := b.ReadCloser.Close()
	b.done()
	return err
}
