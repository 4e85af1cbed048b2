package agentcopy

import (
	"context"
	"fmt"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

// Limiter paces attempts: Wait is called before every request, retries included.
// *rate.Limiter of golang.org/x/time/rate is a Limiter.
//
// The default limiter of each vendor package keeps within the vendor's documented
// limit, if there is one. All clients in a process with the same credential share it.
// [WithLimiter] sets another one. Wait must return an error soon after ctx ends.
type Limiter interface {
	Wait(ctx context.Context) error
}

// Acquirer may be implemented by a [Limiter] that must know when the attempts it
// admitted were answered. The SDK then calls Acquire instead of Wait, and calls
// release once the headers of the answer have arrived or the attempt has failed.
// release must be safe to call more than once.
type Acquirer interface {
	Acquire(ctx context.Context) (release func(), err error)
}

// Pauser may be implemented by a [Limiter] that several processes share. When the
// vendor answers 429, or 503 with Retry-After, all clients of this process with the
// same credential wait. The SDK then also calls Pause, so that the other processes
// wait too.
//
// The pause begins now and lasts for d, a day at most. It never shortens an earlier
// one. Pause should return soon: the SDK reads the answer only afterwards. It cannot
// report an error.
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
// that only notes when it sent: two requests sent 61 seconds apart arrive 59 seconds
// apart if the first one was slow. So an admitted attempt holds its permit until a
// full window after the headers of its answer, or its failure, were seen. The server
// counted it somewhere in between, so no window holds more than n at the server
// either. Only a request that was given up and arrives later still may be one too many.
//
// Waiters are admitted first come, first served. A waiter costs O(1), and leaves the
// queue when its context ends. A wait that cannot end before the deadline of its
// context fails at once with context.DeadlineExceeded.
//
// # Simulation
//
// The tests of package kolena send 1,000 copies to servers that count 60 a minute in
// various ways, over three networks, all at once or in bursts, from 1 or 64
// goroutines, with 1 or 5 clients. The table has the worst cases of a limit of 60 in
// 61 seconds; speed is relative to that limit. go test -v -run TestPacingSimulation
// ./kolena prints all of them:
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
// The two servers that refuse some do not allow 60 in every minute. Kolena's default
// limiter adapts to them: after a refusal it spaces its attempts evenly. Every copy
// was made, none twice, and refusals came in at most two bursts.
//
// All methods may be called from any number of goroutines.
type WindowLimiter window.Limiter

// NewWindowLimiter returns a limiter of n attempts in any window of length per.
// Give a documented limit a second more than it says, since some servers stamp
// in whole seconds: 60 a minute is NewWindowLimiter(60, 61*time.Second).
// It panics unless n and per are positive.
func NewWindowLimiter(n int, per time.Duration) *WindowLimiter {
	if n <= 0 || per <= 0 {
		panic(fmt.Sprintf("agentcopy.NewWindowLimiter(%d, %v): both must be positive", n, per))
	}
	return (*WindowLimiter)(window.New(n, per))
}

// String says what the limiter allows.
func (l *WindowLimiter) String() string { return l.window().String() }

// window is l itself with the methods that it keeps from its users.
func (l *WindowLimiter) window() *window.Limiter { return (*window.Limiter)(l) }

// Wait admits one attempt, whose permit is free again a window later. It is for
// callers that cannot tell when the answer came; Acquire keeps the stronger promise.
func (l *WindowLimiter) Wait(ctx context.Context) error {
	return l.window().Pass(ctx)
}

// Acquire admits one attempt. Call release when the headers of its answer were seen
// or it has failed: its permit is free again a window later. A permit that is never
// released is lost. Only the first call of release has an effect.
func (l *WindowLimiter) Acquire(ctx context.Context) (release func(), err error) {
	t, err := l.window().Admit(ctx)
	if err != nil {
		return nil, err
	}
	return func() { l.window().Answered(t) }, nil
}
