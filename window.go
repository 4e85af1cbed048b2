package agentcopy

import (
	"context"
	"fmt"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

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
// before the deadline of its context fails at once, with an error that is
// context.DeadlineExceeded.
//
// All methods may be called from any number of goroutines.
type WindowLimiter struct {
	window *window.Limiter
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
