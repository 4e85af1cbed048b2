package transport

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// newLoop returns the go-retryablehttp client that retries the attempts of all
// calls of c. What it decides by, it finds in the call, which is the context of
// the request that it is given.
func newLoop(c *Client) *retryablehttp.Client {
	return &retryablehttp.Client{
		// An http.Client of its own, so that what go-retryablehttp does to it on a
		// failure, closing its idle connections, does not reach the caller's.
		HTTPClient:   &http.Client{Transport: attempts{}, Jar: c.jar},
		RetryMax:     c.cfg.Retry.MaxAttempts - 1,
		CheckRetry:   func(ctx context.Context, _ *http.Response, _ error) (bool, error) { return callOf(ctx).retry(), nil },
		Backoff:      waitBeforeRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(req *http.Request) error { req.Header = c.cookieHeader(); return nil },
	}
}

// run sends the call's request until it succeeds or must not be retried, and
// leaves what became of it in c.
func (c *call) run() {
	resp, err := c.client.loop.Do(&c.loop)
	closeBody(resp)
	switch {
	case c.last == nil: // http.Client refused the request before it came to an attempt
		c.last = notSent(maskError(c.client.mask, err))
	case c.retrying: // the context ended during the wait for the next attempt
		c.ended = check.ContextError(c)
		c.backoffDone(c.ended)
	}
}

// noHeader is never written to.
var noHeader = http.Header{}

// cookieHeader is what http.Client puts the cookies of an attempt into, if there
// is a jar. It puts them in again for the next one.
func (c *Client) cookieHeader() http.Header {
	if c.jar == nil {
		return noHeader
	}
	return http.Header{}
}

// attempts is the http.RoundTripper at the top of the chain.
type attempts struct{}

// RoundTrip makes one attempt. What became of it stays in the call; http.Client
// and go-retryablehttp get an empty answer that neither acts on, whatever the
// vendor's was, or even if there was none: no redirect is followed, no body
// waited for.
func (attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callOf(req.Context())
	c.attempt(req)
	c.shell.StatusCode, c.shell.Body = http.StatusOK, http.NoBody
	c.shell.Header, c.shell.Request = c.last.header, req
	return &c.shell, nil
}

func (c *call) attempt(req *http.Request) {
	c.retrying = false
	c.backoffDone(nil)
	c.last = c.client.chain(c, req)
	if c.last.unsent {
		c.last.err = maskError(c.client.mask, c.last.err)
		return
	}
	if c.last.answered {
		c.lastResponse = c.last
	}
	if !c.last.complete { // else Do decodes it first
		c.finishAttempt()
	}
}

// finishAttempt notes the outcome of the last attempt, once it is known.
func (c *call) finishAttempt() {
	c.outcome.add(c.last.outcome)
	c.logAttempt(c.last)
	c.traceAttempt()
}

// retry decides whether the last attempt is retried. A wait that the call must
// not make is not begun: the call then ends with what it knows.
func (c *call) retry() bool {
	policy := c.client.cfg.Retry
	if c.last == nil || c.last.complete || c.last.unsent || !c.last.retries(policy.Mode) || len(c.attempts) >= policy.MaxAttempts {
		return false
	}
	if c.Err() != nil {
		c.ended = check.ContextError(c)
		return false
	}
	if wait := c.last.wait; c.last.hasRetryAfter && wait > policy.MaxWait {
		c.ended = fmt.Errorf("the vendor asks to wait for %v, beyond RetryPolicy.MaxWait of %v", wait, policy.MaxWait)
		return false
	} else if deadline, ok := c.Deadline(); ok && wait >= time.Until(deadline) {
		c.ended = fmt.Errorf("a retry would have to wait for %v, past the context's deadline: %w", wait, context.DeadlineExceeded)
		return false
	}
	c.logRetry(c.last)
	c.retrying = true
	return true
}

// waitBeforeRetry is how long retryablehttp waits. What the vendor imposes on
// the whole credential, the gate waits out: everybody in turn.
func waitBeforeRetry(_, _ time.Duration, _ int, shell *http.Response) time.Duration {
	c := callOf(shell.Request.Context())
	if c.last.pauses() {
		return 0
	}
	if c.last.wait > 0 && c.watchesWaits() {
		c.backoff = c.startWait(agentcopy.WaitBackoff, c.last.wait)
	}
	return c.last.wait
}

// drawBackoff draws the pause after the attempt under way: evenly between zero and
// a bound that doubles with each attempt.
func (c *call) drawBackoff() time.Duration {
	policy := c.client.cfg.Retry
	bound := policy.MaxBackoff
	if n := c.number() - 1; n < 62 && policy.MinBackoff <= bound>>n {
		bound = policy.MinBackoff << n
	}
	return rand.N(min(bound, math.MaxInt64-1) + 1)
}

// failure is the error of a call that did not succeed.
func (c *call) failure() *agentcopy.Error {
	e := &agentcopy.Error{
		Provider:  c.client.vendor.Name,
		Operation: c.op.Name,
		Outcome:   agentcopy.OutcomeNotCopied,
		Attempts:  c.attempts,
		Err:       c.why(),
	}
	if c.op.copies() {
		e.Outcome = c.outcome.total()
	}
	if c.lastResponse != nil {
		c.describe(e, c.lastResponse)
	}
	if paused, ok := errors.AsType[*pacing.PausedError](c.last.err); ok {
		e.RetryAfter = paused.Left
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
	case err != nil && c.lastResponse != nil && c.lastResponse != c.last:
		return fmt.Errorf("then: %w", err) // the status is that of an earlier answer
	}
	return err
}
