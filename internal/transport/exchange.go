package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// result is what became of one attempt.
type result struct {
	verdict
	unsent bool // it ended before it reached the transport: it is no attempt

	answered      bool // there was an answer, whatever it said
	complete      bool // it looks like the vendor's: Do decodes it
	succeeded     bool // and it can be used
	sent          bool // false only if the request provably never left
	status        int
	header        http.Header
	body          []byte
	retryAfter    time.Duration
	hasRetryAfter bool          // the answer has a Retry-After
	wait          time.Duration // before a retry: what the vendor asks for, else the backoff
	warning       error         // of an answer that can be used
	err           error         // why there is no usable answer, if the status does not tell
}

// exchange sends one request and reads its whole answer, within the attempt
// timeout.
func exchange(wire http.RoundTripper) stage {
	return func(c *call, req *http.Request) *result {
		start := time.Now()
		waited := start.Sub(c.idleSince)
		a := new(attempt)
		c.current = a
		a.begin(c, c.client.timeout)
		defer a.end()
		resp, err := a.roundTrip(wire, a.wireRequest(c, req))
		if stopped, any := a.sends.stopped(); stopped != nil {
			closeBody(resp)
			if !any {
				c.permit.Unused()
				return notSent(stopped)
			}
			a.stopped(c, stopped)
			c.record(&a.result, start, waited)
			return &a.result
		}
		if err == nil && resp == nil {
			err = errors.New("the transport returned neither an answer nor an error")
		}
		if err != nil {
			closeBody(resp)
			a.fail(c, err)
		} else {
			a.receive(c, resp)
		}
		c.record(&a.result, start, waited)
		return &a.result
	}
}

// attempt is all that one attempt is made of, in one piece of memory.
type attempt struct {
	result
	attemptContext
	sends   sends
	request http.Request
	url     url.URL
	reader  bytes.Reader // of the request's body
}

// attemptKey is the key of the context of a request under which its attempt is found.
type attemptKey struct{}

// Value makes the attempt a value of its context.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// roundTrip sends req through middleware. What middleware has begun to send and not
// ended when it returns, it may still be sending; what it has not, it may not begin.
func (a *attempt) roundTrip(wire http.RoundTripper, req *http.Request) (*http.Response, error) {
	defer a.sends.close()
	return wire.RoundTrip(req)
}

// wireRequest is the request of one attempt: a copy with a URL, headers and a
// body of its own, since middleware may change them all.
func (a *attempt) wireRequest(c *call, req *http.Request) *http.Request {
	wire := &a.request
	*wire = *req.WithContext(a)
	a.url = *req.URL
	wire.URL, wire.Host = &a.url, a.url.Host
	wire.Header = c.client.header()
	for name, values := range c.header {
		wire.Header[name] = values
	}
	if cookies, ok := req.Header["Cookie"]; ok { // http.Client put them there, from its jar
		wire.Header["Cookie"] = cookies
	}
	if c.op.Method == http.MethodPost { // every copy, and a list by filter
		a.setBody(c, wire)
	} else {
		delete(wire.Header, "Content-Type")
	}
	return wire
}

// setBody gives a POST its body, in a way that keeps net/http from sending it
// twice by itself. HTTP/1 sends again only what provably never left, and needs
// GetBody for it. HTTP/2 also sends again after errors that prove nothing;
// without GetBody it reports them. So GetBody is set only for an origin that is
// known to speak HTTP/1; wireTrace stops what slips through.
func (a *attempt) setBody(c *call, wire *http.Request) {
	protocol := c.client.protocol.Load()
	if len(c.body) == 0 && protocol != 2 { // whose net/http resends NoBody as it likes
		wire.Body = http.NoBody
		return
	}
	a.reader.Reset(c.body)
	wire.Body = io.NopCloser(&a.reader) // a type that net/http knows: it sends headers and body at once
	wire.ContentLength = int64(len(c.body))
	if protocol == 1 {
		wire.GetBody = c.openBody
	}
}

func (c *call) openBody() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.body)), nil }

// fail fills a for an attempt that got no answer.
func (a *attempt) fail(c *call, err error) {
	proof := a.sends.proof(err, a.Err() != nil)
	if proof == neverSent && a.Err() == nil && a.sends.throughProxy() {
		err = asProxyError(err)
	}
	a.verdict = judgeFailure(c.op.copies(), err, proof)
	a.sent = proof != neverSent
	a.wait = c.drawBackoff()
	a.err = c.cause(a, err)
	if a.sends.resent() {
		a.err = errResent
	}
}

// stopped fills a for an attempt that was stopped when middleware was about to
// send its request again. What was sent before provably made no copy.
func (a *attempt) stopped(c *call, err error) {
	a.verdict = noRetry
	a.sent = a.sends.proof(err, false) != neverSent
	a.err = c.cause(a, err)
}

// receive fills a from an answer.
func (a *attempt) receive(c *call, resp *http.Response) {
	a.answered, a.sent = true, true
	a.status = resp.StatusCode
	a.header = resp.Header
	a.readRetryAfter(c)
	c.client.protocol.Store(int32(resp.ProtoMajor))
	if a.status >= 200 && a.status <= 299 {
		a.receiveSuccess(c, resp)
		return
	}
	if wait, applied := a.sends.applied(a.status); applied {
		a.wait = wait
	} else {
		c.applyRetryAfter(&a.result)
	}
	if a.status == http.StatusSwitchingProtocols {
		// Its body is the connection itself, on which nothing may ever come.
		closeBody(resp)
		return
	}
	var err error
	a.body, err = readErrorBody(resp)
	a.verdict = judgeStatus(c.op.copies(), a.status, a.body, err == nil)
	if c.op.copies() && len(c.client.cfg.Middleware) > 0 && !a.sends.harmless() {
		a.verdict = unknown // middleware has another answer than the last request got
	}
	if err != nil && c.Err() != nil && !a.verdict.retries(c.client.cfg.Retry.Mode) { // else retry says so
		a.err = check.ContextError(c)
	}
}

// readRetryAfter sets how long to wait before a retry.
func (r *result) readRetryAfter(c *call) {
	r.retryAfter, r.hasRetryAfter = waitAsked(r.status, r.header, time.Now())
	r.wait = r.retryAfter
	if r.wait <= 0 {
		r.wait = c.drawBackoff()
	}
}

// errAttemptTimeout is the cause of the context of an attempt that took too long.
var errAttemptTimeout = errors.New("attempt timeout")

// timeoutError is an attempt that took longer than it may. It is a
// context.DeadlineExceeded, like the timeouts of net/http, although the
// caller's own context has not ended.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no complete answer within the attempt timeout of %v", e.limit)
}
func (e *timeoutError) Timeout() bool        { return true }
func (e *timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// cause says why an attempt broke off: the caller's context, the attempt
// timeout, or err itself.
func (c *call) cause(ctx context.Context, err error) error {
	switch {
	case c.Err() != nil:
		return check.ContextError(c)
	case context.Cause(ctx) == errAttemptTimeout:
		return &timeoutError{c.client.timeout}
	}
	return err
}

// applyRetryAfter makes everybody who shares the credential wait, if the answer
// asks for it.
func (c *call) applyRetryAfter(r *result) {
	r.verdict = judgeStatus(c.op.copies(), r.status, nil, false) // to be logged
	limiter := c.client.limiter(c.op)
	if r.status == http.StatusTooManyRequests {
		limiter.Refused()
	}
	if !r.pauses() {
		return
	}
	pause := pacing.Bounded(r.wait)
	if c.client.pacing.Gate.Pause(pause) {
		c.logPause(r)
	}
	limiter.Pause(c.Context, pause)
}

// pauses reports whether the answer asks everybody to wait: a 429 always does,
// a 503 by Retry-After.
func (r *result) pauses() bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable && r.hasRetryAfter
}

// record notes the attempt for the caller.
func (c *call) record(r *result, start time.Time, waited time.Duration) {
	end := time.Now()
	c.idleSince = end
	r.err = maskError(c.client.mask, r.err)
	c.attempts = append(c.attempts, agentcopy.Attempt{
		Start:      start,
		Waited:     waited,
		Duration:   end.Sub(start),
		StatusCode: r.status,
		Err:        r.err,
		Sent:       r.sent,
	})
	c.made.Add(1)
}

func closeBody(resp *http.Response) {
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close() // the attempt has failed already
	}
}
