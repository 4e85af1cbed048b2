package agentcopytest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// WithRateLimit makes the server answer more than n copy requests of one
// credential in any window of length per with 429 and a Retry-After in whole
// seconds, rounded up. It counts requests with a good credential that it does not
// refuse; Quirks.CountRefused and Quirks.RetryAfter change that. Reads are not limited.
//
// Without it, Kolena's fake allows the documented 60 copies a minute. The others have no
// limit: Zudu and Cotool document none, and LangSmith's documented limits are not
// enforced. It panics unless n and per are positive.
func WithRateLimit(n int, per time.Duration) ServerOption {
	if n <= 0 || per <= 0 {
		misuse("WithRateLimit(%d, %v): both must be positive", n, per)
	}
	return func(s *Server) { s.limit = newRateLimit(n, per) }
}

// rateLimit is a strict sliding window: it remembers when each request was
// admitted, so that no window, wherever it begins, holds more than n.
type rateLimit struct {
	n        int
	per      time.Duration
	admitted map[string][]time.Time // by credential, oldest first
	latest   time.Time              // when it was last asked
}

func newRateLimit(n int, per time.Duration) *rateLimit {
	return &rateLimit{n: n, per: per, admitted: make(map[string][]time.Time)}
}

// String is what a refusal says.
func (l *rateLimit) String() string {
	return fmt.Sprintf("Rate limit exceeded: %d per %v", l.n, l.per)
}

// admit counts a request and returns zero, or how long until it could be
// admitted. With countRefused it counts one that it refuses, too.
func (l *rateLimit) admit(credential string, now time.Time, countRefused bool) time.Duration {
	if now.Before(l.latest) {
		clear(l.admitted) // by another clock, such as that of an earlier testing/synctest bubble
	}
	l.latest = now
	window := l.admitted[credential]
	for len(window) > 0 && now.Sub(window[0]) >= l.per {
		window = window[1:]
	}
	var wait time.Duration
	if len(window) >= l.n {
		wait = window[len(window)-l.n].Add(l.per).Sub(now)
	}
	if wait == 0 || countRefused {
		window = append(window, now)
	}
	l.admitted[credential] = window
	return wait
}

// RetryAfter is how a 429 tells how long to wait: by default, a Retry-After in
// whole seconds.
type RetryAfter string

// The values of RetryAfter other than the default.
const (
	RetryAfterNone  RetryAfter = "none"  // it does not
	RetryAfterDate  RetryAfter = "date"  // Retry-After: Wed, 21 Oct 2026 07:28:00 GMT
	RetryAfterEpoch RetryAfter = "epoch" // Retry-After: 1792567680
	RetryAfterReset RetryAfter = "reset" // X-RateLimit-Reset: 1792567680
)

// tell writes into the headers of a 429 that the client shall wait so long.
func (r RetryAfter) tell(out *answer, wait time.Duration, now time.Time) {
	over := now.Add(wait + time.Second - 1) // whole seconds, rounded up
	switch r {
	case RetryAfterNone:
	case RetryAfterDate:
		out.with("Retry-After", over.UTC().Format(http.TimeFormat))
	case RetryAfterEpoch:
		out.with("Retry-After", strconv.FormatInt(over.Unix(), 10))
	case RetryAfterReset:
		out.with("X-Ratelimit-Reset", strconv.FormatInt(over.Unix(), 10))
	default:
		out.with("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
}
