package transport

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// attempt is one attempt of a call, and what became of it.
type attempt struct {
	call      *call
	number    int  // from 1
	toldPause bool // the log has told of the pause that it waits out
	ctx       attemptContext
	sends     sends
	result

	// The request, in one piece of memory with the rest.
	request http.Request
	url     url.URL
	reader  bytes.Reader // of the request's body
}

// result is what became of an attempt.
type result struct {
	verdict
	notSent   bool // it was stopped before it could be sent, and is not recorded
	answered  bool // there was an answer, whatever it said
	complete  bool // it looks like the vendor's: Do decodes it
	succeeded bool // and it can be used

	record agentcopy.Attempt // as the caller sees it
	status int
	header http.Header
	body   []byte
	retryWait
	warning error // of an answer that can be used
	err     error // why there is no usable answer, if the status does not tell
}

// admit waits until an attempt may begin: until the credential is not paused, and the
// limiter gives a permit. Then its clock starts. An attempt that may not begin is not
// sent.
func (a *attempt) admit(idleSince time.Time) error {
	c := a.call
	err := a.waitOutPause(c.ctx)
	if err == nil {
		a.sends.first.permit, err = a.acquirePermit(c.ctx)
	}
	if err != nil {
		a.unsent(err)
		return err
	}
	a.newRequest()
	a.record.Start = time.Now()
	a.record.Waited = a.record.Start.Sub(idleSince)
	a.ctx.begin(a, c.ctx, a.record.Start, c.client.timeout)
	a.newSend(&a.sends.first)
	return nil
}

// send sends the request of an admitted attempt through middleware, origin guard and
// wire, and judges the answer. What middleware has begun to send and not ended when it
// returns, it may still be sending; what it has not begun, it may no longer.
func (a *attempt) send() {
	defer a.end() // also if middleware or a cookie jar panics
	a.addCookies()
	resp, err := a.call.client.wire.RoundTrip(&a.request)
	a.sends.close()
	a.judge(resp, err)
}

// addCookies adds those of the caller's jar.
func (a *attempt) addCookies() {
	if jar := a.call.client.jar; jar != nil {
		for _, cookie := range jar.Cookies(&a.url) {
			a.request.AddCookie(cookie)
		}
	}
}

// end gives back what an attempt holds.
func (a *attempt) end() {
	a.sends.close()
	a.ctx.end()
	a.call.client.pacing.Used()
}

// ended is when a sent attempt was over.
func (a *attempt) ended() time.Time { return a.record.Start.Add(a.record.Duration) }

// unsent is for an attempt that never leaves the process.
func (a *attempt) unsent(err error) {
	a.verdict, a.notSent, a.err = notCopied, true, maskError(a.call.client.mask, err)
}

// newRequest makes the request of the attempt. Its URL, headers and body are its own,
// since middleware may change them all.
func (a *attempt) newRequest() {
	c := a.call
	a.url = c.url
	a.request = *c.loop.request.WithContext(&a.ctx)
	a.request.URL, a.request.Header = &a.url, c.client.header()
	maps.Copy(a.request.Header, c.header)
	if c.client.fresh && !c.op.copies() {
		a.request.Header["Cache-Control"] = []string{"no-cache"}
	}
	if c.op.Method == http.MethodPost { // every copy, and a list by filter
		a.setBody()
	} else {
		delete(a.request.Header, "Content-Type")
	}
}

// setBody gives a POST its body, in a way that keeps net/http from sending it
// twice by itself. HTTP/1 sends again only what provably never left, and needs
// GetBody for it. HTTP/2 also sends again after errors that prove nothing;
// without GetBody it reports them. So GetBody is set only for an origin that is
// known to speak HTTP/1; wireTrace stops what slips through.
func (a *attempt) setBody() {
	body, protocol := a.call.body, a.call.client.protocol.Load()
	if len(body) == 0 && protocol != 2 { // whose net/http resends NoBody as it likes
		a.request.Body = http.NoBody
		return
	}
	a.reader.Reset(body)
	a.request.Body = io.NopCloser(&a.reader) // a type that net/http knows: it sends headers and body at once
	a.request.ContentLength = int64(len(body))
	if protocol == 1 {
		a.request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
}

// judge decides what became of an attempt that ended with resp or err.
func (a *attempt) judge(resp *http.Response, err error) {
	stopped, first := a.sends.stopped()
	if err == nil && resp == nil {
		err = errors.New("the transport returned neither an answer nor an error")
	}
	if !first && err == nil && isSuccess(resp.StatusCode) && !a.call.op.copies() {
		stopped = nil // of the reads that middleware sent side by side, another one was answered
	}
	if stopped != nil || err != nil {
		closeBody(resp)
	}
	switch {
	case stopped != nil && first:
		a.unsent(stopped)
	case stopped != nil: // when middleware was about to send once more; so far no copy was made
		a.verdict = notCopied
		a.record.Sent = a.sends.proof(stopped, false) != neverSent
		a.err = a.cause(stopped)
	case err != nil:
		a.judgeNoAnswer(err)
	default:
		a.judgeAnswer(resp)
	}
	a.err = maskError(a.call.client.mask, a.err)
	a.record.Duration = time.Since(a.record.Start)
	a.record.StatusCode = a.status
}

// judgeNoAnswer judges an attempt that ended with err.
func (a *attempt) judgeNoAnswer(err error) {
	proof := a.sends.proof(err, a.ctx.Err() != nil)
	if last := a.sends.latest(); proof == neverSent && a.ctx.Err() == nil && last != nil && last.trace.throughProxy() {
		err = asProxyError(err)
	}
	a.verdict = judgeFailure(a.call.op.copies(), err, proof)
	a.record.Sent = proof != neverSent
	a.wait = drawBackoff(a.call.client.cfg.Retry, a.number)
	a.err = a.cause(err)
}

// judgeAnswer reads and judges an answer.
func (a *attempt) judgeAnswer(resp *http.Response) {
	a.answered, a.record.Sent = true, true
	a.status, a.header = resp.StatusCode, resp.Header
	a.call.client.protocol.Store(int32(resp.ProtoMajor))
	if jar := a.call.client.jar; jar != nil && len(a.header["Set-Cookie"]) > 0 {
		jar.SetCookies(&a.call.url, resp.Cookies())
	}
	a.retryWait = a.readWait(resp)
	if isSuccess(a.status) {
		a.judgeSuccess(resp)
		return
	}
	if applied, ok := a.sends.waitApplied(a.status); ok {
		a.wait = applied
	} else {
		a.applyRetryAfter(resp, a.retryWait)
	}
	if a.status == http.StatusSwitchingProtocols {
		// Its body is the connection itself, on which nothing may ever come.
		a.verdict = judgeStatus(a.call.op.copies(), a.status, nil, false)
		closeBody(resp)
		return
	}
	var err error
	a.body, err = readErrorBody(resp)
	a.verdict = judgeStatus(a.call.op.copies(), a.status, a.body, err == nil)
	if a.call.op.copies() && len(a.call.client.cfg.Middleware) > 0 && !a.sends.safe() {
		a.verdict = unknown // middleware has another answer than the last request got
	}
	if err != nil && a.call.ctx.Err() != nil && !a.verdict.retries(a.call.client.cfg.Retry.Mode) { // else retry says so
		a.err = check.ContextError(a.call.ctx)
	}
}

// cause says why an attempt broke off: a second copy that was stopped, the caller's
// context, the attempt timeout, or err itself.
func (a *attempt) cause(err error) error {
	cause := a.ctx.cause()
	switch {
	case cause == errResent:
		return errResent
	case a.call.ctx.Err() != nil:
		return check.ContextError(a.call.ctx)
	case cause == errAttemptTimeout:
		return &timeoutError{a.call.client.timeout}
	}
	return err
}
