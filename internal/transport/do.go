// Package transport is the one way from a typed call to the wire. The packages of
// the vendors describe themselves by a [Vendor] and their endpoints by an
// [Operation], and call [Do].
//
// A call, top to bottom:
//
//	Do            do.go       prepares the call, runs it, decodes the answer
//	call.run      retry.go    makes attempts with go-retryablehttp, as verdict.go says
//	attempt.admit attempt.go  waits for the end of a pause and for the limiter
//	attempt.send  attempt.go  sends the request, judges the answer
//	originGuard   guard.go    behind all middleware: the last check before the wire
//	send          send.go     one request on the wire, watched by wiretrace.go
//	call.failure  problem.go  makes the error of a call that did not succeed
//
// verdict.go is the table this SDK exists for: what became of an attempt, and
// whether it may be retried. trace.go tells an agentcopy.Trace of each step.
package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Request is one typed call, ready to be sent.
type Request struct {
	Op     *Operation
	Path   string      // below the base URL; it begins with a slash
	ID     string      // goes after Path as one segment, whatever it holds; "" for none
	Action string      // goes after ID; it begins with a slash; "" for none
	Query  url.Values  // nil for none
	Header http.Header // beyond what every request carries; nil for none
	Body   any         // marshalled to JSON; nil for none
}

// Do sends req and decodes the answer into a T. verify says whether the answer
// can be used: it returns nil, ErrNoID, ErrNoList or ErrRefused. received completes
// an answer that can. Every error of Do is an *agentcopy.Error.
func Do[T any](ctx context.Context, c *Client, req *Request, verify func(*T) error, received func(*T, *agentcopy.Response)) (*T, error) {
	call, err := newCall(ctx, c, req)
	if err != nil {
		return nil, err
	}
	return decode(call, call.run(), verify, received)
}

// decode ends a call by what came of its attempts.
func decode[T any](c *call, attempts *attempts, verify func(*T) error, received func(*T, *agentcopy.Response)) (*T, error) {
	answer := new(T)
	if last := attempts.last; last.complete {
		warning, err := c.client.unmarshal(c.ctx, last.body, answer)
		if err == nil {
			err = judgeRead(warning, verify(answer))
		}
		last.decoded(warning, err)
		attempts.finish()
	}
	if attempts.last.succeeded {
		received(answer, c.succeed(attempts))
		return answer, nil
	}
	return nil, c.fail(attempts)
}

// call is one call of a client.
type call struct {
	ctx    context.Context // the caller's, and what Trace.CallStart added
	began  time.Time
	client *Client
	op     *Operation
	trace  *agentcopy.Trace // never nil
	url    url.URL
	header http.Header // beyond what every request carries
	body   []byte
	kept   *kept
	loop   loop
}

// kept is what outlives a call, in one piece of memory.
type kept struct {
	response agentcopy.Response
	attempts [1]agentcopy.Attempt // nearly every call makes one
}

// noHeader is never written to.
var noHeader = http.Header{}

// newCall prepares the call of req, and tells the trace that it begins.
func newCall(ctx context.Context, client *Client, req *Request) (*call, error) {
	switch {
	case ctx == nil:
		return nil, Invalid(client.vendor, req.Op.Name, "ctx", "is nil")
	case client.wire == nil:
		return nil, notMade(client.vendor, req.Op.Name)
	}
	c := &call{ctx: ctx, began: time.Now(), client: client, op: req.Op, header: req.Header, kept: new(kept)}
	if req.Body != nil {
		var err error
		if c.body, err = json.Marshal(req.Body); err != nil {
			return nil, Invalid(client.vendor, req.Op.Name, "req", err.Error())
		}
	}
	c.url = client.endpointURL(req)
	c.trace = client.traceOf(ctx)
	if c.trace.CallStart != nil {
		if started := c.trace.CallStart(ctx, c.info()); started != nil {
			c.ctx = started
		}
	}
	return c, nil
}

// endpointURL is the URL of req below the base URL.
func (c *Client) endpointURL(req *Request) url.URL {
	u := *c.base
	if req.ID == "" {
		u.RawPath = c.path + req.Path
	} else {
		u.RawPath = c.path + req.Path + "/" + url.PathEscape(req.ID) + req.Action
	}
	u.Path, _ = url.PathUnescape(u.RawPath) // what was escaped can be unescaped
	u.RawQuery = req.Query.Encode()
	return u
}

// succeed ends a call whose last attempt succeeded.
func (c *call) succeed(all *attempts) *agentcopy.Response {
	c.done(nil)
	c.kept.response = agentcopy.Response{
		StatusCode: all.last.status,
		Header:     all.last.header,
		RequestID:  c.client.requestID(all.last.header),
		Body:       all.last.body,
		Attempts:   all.records,
		Warning:    all.last.warning,
	}
	return &c.kept.response
}

// fail ends a call that did not succeed.
func (c *call) fail(all *attempts) *agentcopy.Error {
	err := c.failure(all)
	c.logEnd(err, all)
	c.done(err)
	return err
}

// done tells the trace how the call ended.
func (c *call) done(err error) {
	if c.trace.CallDone != nil {
		c.trace.CallDone(c.ctx, c.info(), err)
	}
}
