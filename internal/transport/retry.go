package transport

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// attempts are those of one call.
type attempts struct {
	records  []agentcopy.Attempt // as the caller sees them
	last     *attempt            // never nil after run
	answered *attempt            // the last one that had an answer; nil if none had
	copied   bool                // the outcome of some attempt is Copied
	unknown  bool                // the outcome of some attempt is Unknown
	gaveUp   error               // why the last one was not retried although the policy allows it
}

// run makes attempts until one succeeds or must not be retried.
func (c *call) run() *attempts {
	l := newLoop(c)
	if l.admit() == nil {
		_, err := l.retries.Do(&l.retryable)
		l.end(err)
	}
	return &l.attempts
}

func newLoop(c *call) *loop {
	l := &c.loop
	l.call = c
	l.records = c.kept.attempts[:0]
	l.next = &l.first
	// The call's own, so that what go-retryablehttp does to it on a failure, closing its
	// idle connections, does not reach the caller's.
	l.http = http.Client{Transport: l}
	l.retries = retryablehttp.Client{
		HTTPClient:   &l.http,
		RetryMax:     c.client.cfg.Retry.MaxAttempts - 1,
		CheckRetry:   func(context.Context, *http.Response, error) (bool, error) { return l.retry(), nil },
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return l.backoff() },
		PrepareRetry: func(*http.Request) error { return l.admit() },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	asked := http.Request{Method: c.op.Method, URL: &c.url, Host: c.url.Host, Header: noHeader}
	l.request = *asked.WithContext(c.ctx)
	l.retryable.Request = &l.request
	return l
}

// loop is what go-retryablehttp calls to make the attempts of a call.
type loop struct {
	attempts
	call     *call
	next     *attempt // the one that was admitted
	first    attempt
	retrying bool        // another attempt will follow
	waiting  *waitReport // of the wait for it, if anybody is told

	// What go-retryablehttp and http.Client see. Each attempt has a request of its own.
	retries   retryablehttp.Client
	http      http.Client
	retryable retryablehttp.Request // which is request
	request   http.Request
	response  http.Response
}

// admit waits until the next attempt may begin. It waits outside of http.Client, so
// that a waiting call holds a small stack.
func (l *loop) admit() error {
	l.retrying = false
	l.waiting.done(nil)
	l.waiting = nil
	idleSince := l.call.began
	if l.last != nil {
		idleSince = l.last.ended()
		l.next = new(attempt)
	}
	l.next.call = l.call
	l.next.number = len(l.records) + 1
	l.next.toldPause = l.last.pausesCredential()
	err := l.next.admit(idleSince)
	if err != nil {
		l.last = l.next
	}
	return err
}

// RoundTrip makes the attempt that was admitted. The answer that it returns has neither
// body nor header, and so no redirect that http.Client could follow.
func (l *loop) RoundTrip(*http.Request) (*http.Response, error) {
	l.next.send()
	return l.note()
}

// end is for a loop that go-retryablehttp ended with err.
func (l *loop) end(err error) {
	switch {
	case l.last != l.next: // http.Client refused the request before it came to the attempt
		l.last = l.next
		l.last.unsent(err)
		l.last.end()
	case l.retrying: // the context ended during the wait for the next attempt
		l.gaveUp = check.ContextError(l.call.ctx)
		l.waiting.done(l.gaveUp)
	}
}

// note keeps what became of the attempt that was admitted.
func (l *loop) note() (*http.Response, error) {
	a := l.next
	l.last = a
	if a.notSent {
		return nil, a.err
	}
	if !a.complete { // else Do decodes it first
		l.finish()
	}
	if !a.answered {
		return nil, a.err
	}
	l.answered = a
	l.response = http.Response{StatusCode: a.status, Body: http.NoBody}
	return &l.response, nil
}

// finish notes what became of the last attempt, once all of it is known.
func (l *attempts) finish() {
	a := l.last
	a.record.Err = a.err
	l.records = append(l.records, a.record)
	l.copied = l.copied || a.outcome == agentcopy.OutcomeCopied
	l.unknown = l.unknown || a.outcome == agentcopy.OutcomeUnknown
	a.log()
	a.traceDone()
}

// retry decides whether the last attempt is retried. A wait that the call must
// not make is not begun: the call then ends with what it knows.
func (l *loop) retry() bool {
	ctx, policy, last := l.call.ctx, l.call.client.cfg.Retry, l.last
	if last == nil || last.complete || last.notSent || !last.retries(policy.Mode) || len(l.records) >= policy.MaxAttempts {
		return false
	}
	if ctx.Err() != nil {
		l.gaveUp = check.ContextError(ctx)
		return false
	}
	if last.hasRetryAfter && last.wait > policy.MaxWait {
		l.gaveUp = fmt.Errorf("the vendor asks to wait for %v, longer than RetryPolicy.MaxWait (%v)", last.wait, policy.MaxWait)
		return false
	}
	if deadline, ok := ctx.Deadline(); ok && last.wait >= time.Until(deadline) {
		l.gaveUp = fmt.Errorf("a retry would have to wait for %v, past the context's deadline: %w", last.wait, context.DeadlineExceeded)
		return false
	}
	last.logRetry()
	l.retrying = true
	return true
}

// backoff is how long to wait before the next attempt. What the vendor imposes on
// the whole credential, the pause gate waits out: every call in turn.
func (l *loop) backoff() time.Duration {
	if l.last.pausesCredential() {
		return 0
	}
	if l.last.wait > 0 && l.call.watchesWaits() {
		l.waiting = l.call.startWait(len(l.records)+1, agentcopy.WaitBackoff, l.last.wait, false)
	}
	return l.last.wait
}

// drawBackoff draws the wait after attempt number: evenly between zero and a bound
// that doubles with each attempt.
func drawBackoff(policy agentcopy.RetryPolicy, number int) time.Duration {
	bound := policy.MaxBackoff
	if n := number - 1; n < 62 && policy.MinBackoff <= bound>>n {
		bound = policy.MinBackoff << n
	}
	return rand.N(min(bound, math.MaxInt64-1) + 1)
}
