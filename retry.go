package agentcopy

import "time"

// RetryMode says which failed attempts of a copy are retried; the package doc has
// the table. Reads are retried after every transient failure in RetrySafe and
// RetryAlways alike.
type RetryMode int

const (
	// RetrySafe, the default, retries an attempt only if it provably made no copy:
	// nothing was sent, or it was refused with 429. A 503 proves nothing, with or
	// without Retry-After: proxies send it for themselves.
	RetrySafe RetryMode = iota
	// RetryNever makes one attempt a call, of copies and of reads.
	RetryNever
	// RetryAlways also retries unknown outcomes: at least once instead of at most
	// once. One request may make several copies; choose it only if duplicates do no
	// harm.
	RetryAlways
)

// String returns "safe", "never" or "always".
func (m RetryMode) String() string {
	return valueName("RetryMode", int(m), "safe", "never", "always")
}

// RetryPolicy says what is retried, how often, and how long a call waits in
// between. The zero value is the default policy; a field left at zero takes its
// own default. Negative values are an error of [WithRetry].
type RetryPolicy struct {
	// Mode says which failures are retried. Default: RetrySafe.
	Mode RetryMode
	// MaxAttempts counts the first attempt too. 0 means 4.
	MaxAttempts int
	// MinBackoff and MaxBackoff set the wait before a retry if the vendor names none.
	// It is drawn evenly between zero and a bound that starts at MinBackoff and doubles
	// with each attempt, up to MaxBackoff. 0 means 500ms and 30s.
	MinBackoff, MaxBackoff time.Duration
	// MaxWait is the longest wait that a vendor may impose by Retry-After. A
	// longer one ends the call at once, with the vendor's error and its
	// RetryAfter set. It does not bound the wait for the limiter: use the
	// context for that. 0 means 2 minutes.
	MaxWait time.Duration
}
