package pacing

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/window"
)

// Limits are the limiters of a vendor, one for each kind of request that it paces
// on its own. Kinds may share one.
type Limits struct{ Copy, List, Get agentcopy.Limiter }

// Limiters are Limits, ready for use.
type Limiters struct{ Copy, List, Get Limiter }

// Limiter is an agentcopy.Limiter of any kind, as attempts use it.
type Limiter struct {
	limiter agentcopy.Limiter
	kind    kind
}

// kind is what sets one kind of limiter apart from another.
type kind interface {
	// acquire waits until the limiter admits an attempt.
	acquire(ctx context.Context) (Permit, error)
	// delay is how long the next attempt will wait; 0 if that is not known.
	delay() time.Duration
}

// holder is what a Permit of it is given back to.
type holder interface {
	answered(t window.Ticket)
	unused(t window.Ticket)
	resume(ctx context.Context) error
}

// For prepares l. It is the one place that tells the kinds of limiters apart.
func For(l agentcopy.Limiter) Limiter {
	switch k := l.(type) {
	case *agentcopy.WindowLimiter: // an AdaptiveWindow that is never told of a refusal
		return Limiter{l, &AdaptiveWindow{window: (*window.Limiter)(k)}}
	case *AdaptiveWindow:
		return Limiter{l, k}
	case agentcopy.Acquirer:
		return Limiter{l, acquirer{k}}
	}
	tokens, _ := l.(*rate.Limiter)
	return Limiter{l, &waiter{l, tokens}}
}

// Acquire waits until the limiter admits an attempt.
func (l Limiter) Acquire(ctx context.Context) (Permit, error) {
	p, err := l.kind.acquire(ctx)
	return p, limiterError(ctx, err)
}

// Delay is how long the next attempt will wait; 0 if that is not known.
func (l Limiter) Delay() time.Duration { return l.kind.delay() }

// Refused tells the limiter of a 429, which it did not expect.
func (l Limiter) Refused() {
	if adaptive, ok := l.limiter.(*AdaptiveWindow); ok {
		adaptive.Refused()
	}
}

// Pause tells a limiter that other processes share to hold them back as well.
func (l Limiter) Pause(ctx context.Context, d time.Duration) {
	if shared, ok := l.limiter.(agentcopy.Pauser); ok {
		shared.Pause(ctx, d)
	}
}

// Permit is a limiter's leave to send one attempt. Answered or Unused gives it
// back; after the first of these calls, the others do nothing. The zero Permit
// holds nothing.
type Permit struct {
	holder holder
	ticket window.Ticket // of a window
}

// Answered tells the limiter that the answer's headers were seen, or that the
// attempt failed.
func (p Permit) Answered() {
	if p.holder != nil {
		p.holder.answered(p.ticket)
	}
}

// Unused tells the limiter that the attempt was not made.
func (p Permit) Unused() {
	if p.holder != nil {
		p.holder.unused(p.ticket)
	}
}

// Resume waits for what a pause took away.
func (p Permit) Resume(ctx context.Context) error {
	if p.holder == nil {
		return nil
	}
	return limiterError(ctx, p.holder.resume(ctx))
}

// limiterError says why the limiter ended the wait. Where the context ended, its
// cause comes first.
func limiterError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return check.ContextError(ctx)
	}
	return fmt.Errorf("limiter: %w", err)
}

// acquirer is a limiter that is told when an attempt was answered.
type acquirer struct{ agentcopy.Acquirer }

func (a acquirer) acquire(ctx context.Context) (Permit, error) {
	release, err := a.Acquire(ctx)
	if err != nil || release == nil { // which holds nothing
		return Permit{}, err
	}
	return Permit{holder: releaser(release)}, nil
}

func (acquirer) delay() time.Duration { return 0 }

// releaser is the permit of an acquirer, which is kept through a pause.
type releaser func()

func (release releaser) answered(window.Ticket)       { release() }
func (release releaser) unused(window.Ticket)         { release() }
func (release releaser) resume(context.Context) error { return nil }

// waiter is a limiter that only waits.
type waiter struct {
	agentcopy.Limiter
	tokens *rate.Limiter // the same one, if it is a bucket of tokens
}

func (w *waiter) acquire(ctx context.Context) (Permit, error) {
	return Permit{holder: w}, w.resume(ctx)
}

func (w *waiter) answered(window.Ticket) {}
func (w *waiter) unused(window.Ticket)   {}

// resume waits once more after a pause: tokens gathered in a long one would all be
// spent at once. rate.Limiter refuses a wait that would outlast the deadline by a plain
// error, which becomes what it is.
func (w *waiter) resume(ctx context.Context) error {
	err := w.Wait(ctx)
	_, ends := ctx.Deadline()
	if err != nil && ends && w.tokens != nil && w.tokens.Burst() > 0 { // without a burst it admits nothing at all
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

func (w *waiter) delay() time.Duration {
	if w.tokens == nil {
		return 0
	}
	if missing := 1 - w.tokens.Tokens(); missing > 0 && w.tokens.Limit() > 0 {
		return time.Duration(missing / float64(w.tokens.Limit()) * float64(time.Second))
	}
	return 0
}
