package agentcopy

import (
	"context"
	"time"
)

// Limiter paces attempts: every request, repeats included, calls Wait before it
// is sent. *rate.Limiter of golang.org/x/time/rate satisfies it.
//
// Each vendor package has a default that stays inside the vendor's documented
// limit and is shared by all clients with the same credential; give another
// one with [WithLimiter]. Wait must return an error, and soon, when ctx ends.
type Limiter interface {
	Wait(ctx context.Context) error
}

// Acquirer may be implemented by a [Limiter] that must know when an attempt it
// admitted was answered. If it is, the SDK calls Acquire in place of Wait, and
// release once the headers of the answer have arrived or the attempt has
// failed. release must be safe to call more than once.
type Acquirer interface {
	Acquire(ctx context.Context) (release func(), err error)
}

// Pauser may be implemented by a [Limiter] that others share, outside this
// process. The vendor's answer 429, or 503 with Retry-After, makes all clients of
// the process that have the same credential wait; the SDK then also calls Pause,
// so that the others need not meet a refusal of their own.
//
// d runs from now on, and is a day at most. Pause should return soon, since the
// answer waits to be read; it has nobody to report an error to. A pause never
// makes an earlier one shorter.
type Pauser interface {
	Pause(ctx context.Context, d time.Duration)
}

// Unlimited is the [Limiter] that lets everything pass. A pause that the vendor
// imposed by 429, or by 503 with Retry-After, holds all the same.
var Unlimited Limiter = unlimited{}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// String makes a printed Config readable.
func (unlimited) String() string { return "unlimited" }
