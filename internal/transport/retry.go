package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// run sends the call's request until it succeeds or must not be repeated, and
// leaves what became of it in c. go-retryablehttp runs the loop; what it decides
// by, it is told here. There is one of its clients a call, since its Backoff is
// told neither the request nor, when there was no answer, anything else.
func (c *call) run(u *url.URL) {
	req := (&http.Request{Method: c.op.Method, URL: u, Host: u.Host, Header: http.Header{}}).WithContext(c.ctx)
	// The attempt is the transport of an http.Client of its own, so that what
	// retryablehttp does to it on a failure, closing its idle connections, does not
	// reach the caller's. It follows no redirect: see RoundTrip.
	c.http = http.Client{Transport: c, Jar: c.client.jar}
	c.loop = retryablehttp.Client{
		HTTPClient:   &c.http,
		RetryMax:     c.client.cfg.Retry.MaxAttempts - 1,
		CheckRetry:   c.checkRetry,
		Backoff:      c.pauseBeforeRepeat,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: withoutCookies,
	}
	resp, err := c.loop.Do(&retryablehttp.Request{Request: req})
	closeBody(resp)
	switch {
	case c.last == nil: // http.Client refused the request before it came to an attempt
		c.last = notSent(maskError(c.client.mask, err))
	case c.repeating: // the context ended during the wait for the next attempt
		c.ended = check.ContextError(c.ctx)
	}
}

// withoutCookies takes out the cookies that http.Client put into the last
// attempt: it will put them in again.
func withoutCookies(req *http.Request) error {
	req.Header = http.Header{}
	return nil
}

// RoundTrip makes one attempt. What became of it stays in c; http.Client and
// retryablehttp get an empty answer that neither acts on, whatever the vendor's
// was: no redirect is followed, no body waited for.
func (c *call) RoundTrip(req *http.Request) (*http.Response, error) {
	c.answered = func() {}
	c.repeating = false
	c.last = c.client.chain(c, req)
	if c.last.unsent {
		c.last.err = maskError(c.client.mask, c.last.err)
	} else {
		c.outcome.add(c.last.outcome)
		c.logAttempt(c.last)
	}
	if !c.last.answered {
		return nil, c.last.err
	}
	c.reply = c.last
	c.shell = http.Response{StatusCode: http.StatusOK, Header: c.last.header, Body: http.NoBody}
	return &c.shell, nil
}

// checkRetry decides whether the last attempt is repeated. A wait that the call
// must not make is not begun: the call then ends with what it knows.
func (c *call) checkRetry(context.Context, *http.Response, error) (bool, error) {
	policy := c.client.cfg.Retry
	if c.last == nil || c.last.succeeded || c.last.unsent || !c.last.repeats(policy.Mode) || len(c.attempts) >= policy.MaxAttempts {
		return false, nil
	}
	if c.ctx.Err() != nil {
		c.ended = check.ContextError(c.ctx)
		return false, nil
	}
	if wait := c.last.wait; c.last.asked && wait > policy.MaxWait {
		c.ended = fmt.Errorf("the vendor asks to wait for %v, beyond RetryPolicy.MaxWait of %v", wait, policy.MaxWait)
		return false, nil
	} else if deadline, ok := c.ctx.Deadline(); ok && wait >= time.Until(deadline) {
		c.ended = fmt.Errorf("a repeat would have to wait for %v, past the context's deadline: %w", wait, context.DeadlineExceeded)
		return false, nil
	}
	c.logRepeat(c.last)
	c.repeating = true
	return true, nil
}

// pauseBeforeRepeat is how long retryablehttp waits. What the vendor imposes on
// the whole credential, the gate waits out: everybody in turn.
func (c *call) pauseBeforeRepeat(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	if c.last.pauses() {
		return 0
	}
	return c.last.wait
}

// backoff draws the pause after the attempt under way: evenly between zero and
// a bound that doubles with each attempt.
func (c *call) backoff() time.Duration {
	policy := c.client.cfg.Retry
	bound := policy.MaxBackoff
	if n := len(c.attempts); n < 62 && policy.MinBackoff <= bound>>n {
		bound = policy.MinBackoff << n
	}
	return rand.N(bound + 1)
}

// failure is the error of a call that did not succeed.
func (c *call) failure() *agentcopy.Error {
	e := &agentcopy.Error{
		Provider:  c.client.vendor.Name,
		Operation: c.op.Name,
		Outcome:   agentcopy.NotCopied,
		Attempts:  c.attempts,
		Err:       c.why(),
	}
	if c.op.copies() {
		e.Outcome = c.outcome.total()
	}
	if c.reply != nil {
		c.describe(e, c.reply)
	}
	if paused, ok := errors.AsType[*pausedError](c.last.err); ok {
		e.RetryAfter = paused.left
	}
	if e.Message == "" && e.Err != nil {
		e.Message = e.Err.Error()
	}
	return e
}

// why is the cause of a failure beyond what the last answer says.
func (c *call) why() error {
	err := c.last.err
	switch {
	case c.ended != nil && err != nil:
		return fmt.Errorf("%w: %w", err, c.ended)
	case c.ended != nil:
		return c.ended
	case err != nil && c.reply != nil && c.reply != c.last:
		return fmt.Errorf("then: %w", err) // the status is that of an earlier answer
	}
	return err
}
