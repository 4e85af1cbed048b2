package redislimiter

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

const (
	defaultMaxOutage      = 10 * time.Second
	defaultAttemptTimeout = time.Minute     // agentcopy.WithAttemptTimeout's
	defaultMaxPause       = 2 * time.Minute // agentcopy.RetryPolicy.MaxWait's
)

// Limiter admits at most n attempts in any window of a given length, as the
// server counts them, over all processes that give the same Redis and key. It
// implements agentcopy.Limiter, agentcopy.Acquirer and agentcopy.Pauser.
//
// It keeps the promise of agentcopy.WindowLimiter: an admitted attempt holds its
// permit until a full window after the headers of its answer, or its failure, were
// seen. Both times are on Redis's clock, and the vendor counted the attempt in
// between, so neither the network nor the machines' clocks can break the promise.
// If a process crashes, its permits are free again after the attempt timeout and a
// window; see [WithAttemptTimeout].
//
// Waiters are admitted roughly first come, first served, across processes. Each
// decision takes one round trip, which tells a waiter that is not admitted when to
// come back; by that time most are. A wait that cannot end before the deadline of
// its context fails at once with context.DeadlineExceeded.
//
// When the vendor refuses an attempt of one process, all processes pause.
//
// All methods may be called from any number of goroutines.
type Limiter struct {
	// rdb stands behind a func, since its options hold a password, and fmt and the
	// dumpers of test libraries print unexported fields.
	rdb       func() redis.UniversalClient
	keys      []string
	n         int
	per       time.Duration
	timeout   time.Duration // of an attempt
	maxPause  time.Duration
	maxOutage time.Duration

	queue   chan struct{} // holds an element for each waiter of this process in Redis's queue
	waiting atomic.Int64  // those behind them
	memory  memory
}

var (
	_ agentcopy.Limiter  = (*Limiter)(nil)
	_ agentcopy.Acquirer = (*Limiter)(nil)
	_ agentcopy.Pauser   = (*Limiter)(nil)
)

// New returns a limiter of n attempts in any window of length per, shared
// by all processes that give the same Redis and key. It does no I/O.
//
// The key names what is limited, such as "kolena/team-a". Use one for each
// credential, but never the credential itself: anybody who can list the keys of the
// Redis sees it. All processes should give the same n and per; while they differ, as
// during a rollout, the laxest values hold.
//
// Give a documented limit a second more than it says, since some servers stamp
// in whole seconds: Kolena's is New(rdb, key, 60, 61*time.Second).
//
// It panics if rdb is nil, if key is empty, and unless n and per are positive.
func New(rdb redis.UniversalClient, key string, n int, per time.Duration, opts ...Option) *Limiter {
	switch {
	case rdb == nil:
		panic("redislimiter.New: rdb is nil")
	case key == "":
		panic("redislimiter.New: key is empty")
	case n <= 0 || per <= 0:
		panic(fmt.Sprintf("redislimiter.New(..., %d, %v): both must be positive", n, per))
	}
	// What is in braces says on which node of a Cluster a key lives: all live on one.
	prefix := "agentcopy:{" + strings.NewReplacer("%", "%25", "}", "%7D").Replace(key) + "}:limiter:"
	l := &Limiter{
		rdb:       func() redis.UniversalClient { return rdb },
		keys:      []string{prefix + "state", prefix + "permits", prefix + "queue", prefix + "seen"},
		n:         n,
		per:       per,
		timeout:   defaultAttemptTimeout,
		maxPause:  defaultMaxPause,
		maxOutage: defaultMaxOutage,
		queue:     make(chan struct{}, min(n, mostInQueue)),
	}
	for _, opt := range opts {
		opt(l)
	}
	return l
}

// Option is an option of [New].
type Option func(*Limiter)

// WithMaxOutage sets how long a call waits while Redis is unreachable, restarting,
// loading or failing over before it fails. Default: 10s; 0 fails at the first fault.
// The call's context ends the wait as well. It panics if d is negative.
func WithMaxOutage(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithMaxOutage(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.maxOutage = d }
}

// WithAttemptTimeout sets how long an attempt may last. Set it to at least
// agentcopy.WithAttemptTimeout of the clients that use the limiter. Default: 60s, as
// theirs. If a process crashes, its permits are free again after this and a window.
// It panics unless d is positive.
func WithAttemptTimeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("redislimiter.WithAttemptTimeout(%v): must be positive", d))
	}
	return func(l *Limiter) { l.timeout = d }
}

// WithMaxPause sets the longest pause that a call waits out when the vendor asked for
// one. If more is left, the call fails at once with agentcopy.ErrRateLimited. Default:
// 2 minutes, as agentcopy.RetryPolicy.MaxWait. It panics if d is negative.
func WithMaxPause(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("redislimiter.WithMaxPause(%v): must not be negative", d))
	}
	return func(l *Limiter) { l.maxPause = d }
}

// String says what the limiter allows.
func (l *Limiter) String() string {
	return fmt.Sprintf("%d per %v, shared through Redis", l.n, l.per)
}

// Format prints the text of String under every verb: the fields change while the
// limiter is at work.
func (l *Limiter) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// Wait admits one attempt, whose permit is free again a window later. It is for
// callers that cannot tell when the answer came; Acquire keeps the stronger promise.
// It returns the same errors as Acquire.
func (l *Limiter) Wait(ctx context.Context) error {
	_, err := l.admit(ctx, l.per)
	return err
}

// Acquire admits one attempt. Call release when the headers of its answer were seen
// or it has failed: its permit is free again a window later. Until then the permit is
// renewed in the background. release takes one round trip, or at most a second if
// Redis does not answer. Only the first call of release has an effect.
//
// An error means that nothing may be sent. It matches
//
//   - ctx.Err() if ctx ended, or context.DeadlineExceeded if no permit is free
//     before its deadline;
//   - agentcopy.ErrRateLimited if the vendor has asked for a pause that is
//     longer than [WithMaxPause] allows;
//   - [ErrUnavailable] if Redis could not be asked.
func (l *Limiter) Acquire(ctx context.Context) (release func(), err error) {
	id, err := l.admit(ctx, l.timeout+l.per)
	if err != nil {
		return nil, err
	}
	return l.permit(id), nil
}

// permit renews the permit of an attempt under way, in case that began late or its caller is
// still waiting: Redis frees it once the attempt timeout and a window have passed without
// word of it. release says that the attempt was answered.
func (l *Limiter) permit(id string) (release func()) {
	hold := func(d time.Duration) { l.tell(context.Background(), holdScript, id, d.Microseconds()) }
	answered, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		renewal := time.NewTicker(max(l.timeout/3, 1)) // two may fail in a row
		defer renewal.Stop()
		for {
			select {
			case <-renewal.C:
				hold(l.timeout + l.per)
			case <-answered:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(answered)
		<-done // so that no renewal comes after this
		hold(l.per)
	})
}

// Pause admits nobody for d from now on, in any process. It never shortens an earlier
// pause. The SDK calls it when the vendor asks for a pause. If Redis cannot be reached
// within a second, the other processes are not told.
func (l *Limiter) Pause(ctx context.Context, d time.Duration) {
	if d > 0 {
		l.tell(ctx, pauseScript, "", d.Microseconds()) // or else they will meet a refusal of their own
	}
}
