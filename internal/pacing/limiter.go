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
	if w := window.Of(l); w != nil {
		return Limiter{l, windowed{w}}
	}
	switch k := l.(type) {
	case *AdaptiveWindow:
		return Limiter{l, k}
	case agentcopy.Acquirer:
		return Limiter{l, acquirer{k}}
	case *rate.Limiter:
		return Limiter{l, tokens{k}}
	}
	return Limiter{l, &waiter{l}}
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

// windowed is an agentcopy.WindowLimiter, whose permits can be given back.
type windowed struct{ *window.Limiter }

func (w windowed) acquire(ctx context.Context) (Permit, error) {
	ticket, err := w.Admit(ctx)
	if err != nil {
		return Permit{}, err
	}
	return Permit{holder: w, ticket: ticket}, nil
}

func (w windowed) delay() time.Duration         { return w.Delay() }
func (w windowed) answered(t window.Ticket)     { w.Answered(t) }
func (w windowed) unused(t window.Ticket)       { w.GiveBack(t) }
func (w windowed) resume(context.Context) error { return nil }

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
type waiter struct{ agentcopy.Limiter }

func (w *waiter) acquire(ctx context.Context) (Permit, error) { return Permit{holder: w}, w.Wait(ctx) }
func (w *waiter) delay() time.Duration                        { return 0 }
func (w *waiter) answered(window.Ticket)                      {}
func (w *waiter) unused(window.Ticket)                        {}

// resume waits once more: tokens gathered in a long pause would all be spent at
// once.
func (w *waiter) resume(ctx context.Context) error { return w.Wait(ctx) }

// tokens is a bucket of tokens.
type tokens struct{ *rate.Limiter }

func (t tokens) acquire(ctx context.Context) (Permit, error) { return Permit{holder: t}, t.resume(ctx) }
func (t tokens) answered(window.Ticket)                      {}
func (t tokens) unused(window.Ticket)                        {}

// resume waits once more, as for a waiter. rate.Limiter refuses a wait that would
// outlast the deadline by a plain error, which becomes what it is.
func (t tokens) resume(ctx context.Context) error {
	err := t.Wait(ctx)
	if _, ok := ctx.Deadline(); ok && err != nil && t.Burst() > 0 { // without a burst it admits nothing at all
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

func (t tokens) delay() time.Duration {
	if missing := 1 - t.Tokens(); missing > 0 && t.Limit() > 0 {
		return time.Duration(missing / float64(t.Limit()) * float64(time.Second))
	}
	return 0
}
