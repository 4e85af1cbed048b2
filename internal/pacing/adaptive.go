package pacing

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

// longestSlow is how long an AdaptiveWindow stays slow after full speed was refused
// again. It is also how long it remembers a refusal.
const longestSlow = 24 * time.Hour

// AdaptiveWindow is a WindowLimiter that slows down after a refusal. A refusal means
// that another process uses the credential, or that the server does not count as
// documented. The limiter then also spaces its attempts evenly, until two windows
// have passed without a refusal.
//
// If an evenly spaced attempt is refused as well, the limiter backs off for two
// spacings, then for four, and so on up to a window. Without that, two processes on
// one key would go on refusing each other.
//
// If full speed is refused again within a day, the limiter stays slow for a day. So
// a server that lets fewer through at once than documented refuses one burst, and
// after a while one more.
type AdaptiveWindow struct {
	window  *window.Limiter
	pacer   *window.Pacer
	spacing time.Duration
	calm    time.Duration // two windows: how long without a refusal until it speeds up

	mu      sync.Mutex
	refused time.Time     // the last refusal; zero if none
	slow    time.Duration // how long attempts are spaced after it
	spaced  bool          // a spaced attempt was admitted since
	backoff time.Duration // the last one
}

// NewAdaptiveWindow returns a limiter of n attempts in any window of length per,
// and one every spacing after a refusal.
func NewAdaptiveWindow(n int, per, spacing time.Duration) *AdaptiveWindow {
	return &AdaptiveWindow{
		window:  window.New(n, per),
		pacer:   window.NewPacer(spacing),
		spacing: spacing,
		calm:    2 * per,
	}
}

// String says what the limiter allows.
func (a *AdaptiveWindow) String() string { return a.window.String() }

// Wait implements agentcopy.Limiter, for callers that cannot say when the answer
// came.
func (a *AdaptiveWindow) Wait(ctx context.Context) error {
	p, err := a.acquire(ctx)
	if err == nil {
		p.Answered()
	}
	return err
}

// acquire takes a permit of the window and, after a refusal, waits for the pacer.
func (a *AdaptiveWindow) acquire(ctx context.Context) (Permit, error) {
	ticket, err := a.window.Admit(ctx)
	if err != nil {
		return Permit{}, err
	}
	if err = a.resume(ctx); err != nil {
		a.window.GiveBack(ticket)
		return Permit{}, err
	}
	return Permit{holder: a, ticket: ticket}, nil
}

func (a *AdaptiveWindow) delay() time.Duration     { return a.window.Delay() }
func (a *AdaptiveWindow) answered(t window.Ticket) { a.window.Answered(t) }
func (a *AdaptiveWindow) unused(t window.Ticket)   { a.window.GiveBack(t) }

// resume spaces the attempts while the limiter is slow. It comes last, and again
// after a pause, so that what was admitted before the refusal is spaced too. The
// permit of the window is kept through a pause: it costs the same when it is used
// later.
func (a *AdaptiveWindow) resume(ctx context.Context) error {
	if !a.isSlow() {
		return nil
	}
	err := a.pacer.Wait(ctx, func(_, turn time.Duration) error {
		if window.EndsFirst(ctx, turn) {
			return fmt.Errorf("after a refusal, one every %v: the next turn is %v away, past the context's deadline: %w",
				a.spacing, turn.Round(time.Millisecond), context.DeadlineExceeded)
		}
		return nil
	})
	if err == nil {
		a.mu.Lock()
		a.spaced = true
		a.mu.Unlock()
	}
	return err
}

// Refused tells the limiter of a 429.
func (a *AdaptiveWindow) Refused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	switch since := a.sinceRefusal(now); {
	case since >= longestSlow:
		a.slow, a.backoff = a.calm, a.spacing
	case since >= a.slow:
		a.slow, a.backoff = longestSlow, a.spacing
	case a.spaced: // refused although it was spaced
		if since >= a.calm {
			a.backoff = a.spacing
		}
		a.backoff = min(2*a.backoff, a.calm/2)
		a.pacer.Pause(a.backoff)
	}
	a.refused, a.spaced = now, false
}

func (a *AdaptiveWindow) isSlow() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sinceRefusal(time.Now()) < a.slow
}

// sinceRefusal is how long ago the last refusal was.
func (a *AdaptiveWindow) sinceRefusal(now time.Time) time.Duration {
	if a.refused.IsZero() {
		return longestSlow
	}
	return now.Sub(a.refused)
}
