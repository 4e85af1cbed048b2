package agentcopy

import (
	"context"
	"fmt"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

// Limiter paces attempts: every request, retries included, calls Wait before it
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
// imposed by 429, or by 503 with Retry-After, still holds.
var Unlimited Limiter = unlimited{}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// String makes a printed Config readable.
func (unlimited) String() string { return "unlimited" }

// WindowLimiter admits at most n attempts in any window of a given length, as
// the server counts them. It implements [Limiter] and [Acquirer].
//
// A token bucket cannot promise that: one of 60 tokens that refills by one a
// second lets 119 requests through in its first minute. Neither can a limiter
// that stamps its own clock when it sends: two requests sent 61 seconds apart
// arrive 59 apart if the first one was slow. So an admitted attempt holds its
// place from admission until a full window after its answer's headers, or its
// failure, were seen. The server counted it somewhere in between, whatever the
// network did, so at the server too no window holds more than n.
//
// Waiters are admitted first come, first served. One costs O(1), is woken
// alone, and gives its place up when its context ends. A wait that cannot end
// before the deadline of its context, if those ahead stay, fails at once with an
// error that is context.DeadlineExceeded.
//
// # Simulation
//
// The tests of package kolena let 1,000 copies loose on servers that count 60 a
// minute in various ways, over three networks, all at once or in bursts, from 1
// or 64 goroutines, with 1 or 5 clients. Worst cases at 60 in 61 seconds, the
// speed as a share of what that allows; go test -v -run TestPacingSimulation
// ./kolena prints them all:
//
//	how the server counts                   refused  speed
//	strict sliding window                      none    98%
//	fixed window at a random phase             none    98%
//	sliding window, refused requests too       none    98%
//	sliding window in whole seconds            none    98%
//	approximation by two counters                33    91%
//	token bucket of 60, one a second           none    98%
//	token bucket of 10, one a second            100    85%
//
// The two that refuse some do not allow 60 in every minute. There it was the
// fallback of Kolena's default limiter that helped, which after a refusal spaces
// its attempts evenly: every copy was made, none twice, and there were no more
// than two bursts of refusals.
//
// All methods may be called from any number of goroutines.
type WindowLimiter struct {
	window *window.Limiter
}

func init() {
	window.Of = func(limiter any) *window.Limiter {
		if l, ok := limiter.(*WindowLimiter); ok {
			return l.window
		}
		return nil
	}
}

// NewWindowLimiter returns a limiter of n attempts in any window of length per.
// Give a documented limit a second more than it says, since some servers stamp
// in whole seconds: 60 a minute is NewWindowLimiter(60, 61*time.Second).
// It panics unless n and per are positive.
func NewWindowLimiter(n int, per time.Duration) *WindowLimiter {
	if n <= 0 || per <= 0 {
		panic(fmt.Sprintf("agentcopy.NewWindowLimiter(%d, %v): both must be positive", n, per))
	}
	return &WindowLimiter{window.New(n, per)}
}

// String says what the limiter allows.
func (l *WindowLimiter) String() string { return l.window.String() }

// Wait admits one attempt whose place falls free a window after its admission.
// It is for callers that cannot say when the answer came; Acquire keeps the
// stronger promise.
func (l *WindowLimiter) Wait(ctx context.Context) error {
	return l.window.Pass(ctx)
}

// Acquire admits one attempt. release says that its answer's headers were seen,
// or that it failed; its place falls free a window later. A place that is never
// released is never used again. Calling release more than once does nothing.
func (l *WindowLimiter) Acquire(ctx context.Context) (release func(), err error) {
	t, err := l.window.Admit(ctx)
	if err != nil {
		return nil, err
	}
	return func() { l.window.Answered(t) }, nil
}
