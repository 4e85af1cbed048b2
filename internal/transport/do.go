package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
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
// can be used: it returns nil, ErrNoID or ErrRefused. Every error of Do is an
// *agentcopy.Error.
func Do[T any](ctx context.Context, c *Client, req Request, verify func(*T) error) (*T, *agentcopy.Response, error) {
	if err := CheckContext(ctx, c.vendor, req.Op); err != nil {
		return nil, nil, err
	}
	if c.chain == nil {
		return nil, nil, notMade(c.vendor, req.Op.Name)
	}
	call := new(call)
	if err := call.prepare(ctx, c, &req); err != nil {
		return nil, nil, err
	}
	call.start()
	call.run()
	answer := new(T)
	if call.last.complete {
		warning, err := c.unmarshal(call, call.last.body, answer)
		if err == nil {
			err = judgeRead(warning, verify(answer))
		}
		call.decoded(warning, err)
	}
	if !call.last.succeeded {
		err := call.failure()
		call.logEnd(err)
		call.done(err)
		return nil, nil, err
	}
	call.done(nil)
	return answer, call.response(), nil
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

// call is one call on its way, through all its attempts. It is the context of
// its request as well, by which the hooks of go-retryablehttp find it.
type call struct {
	context.Context // the caller's

	client *Client
	trace  *agentcopy.Trace // never nil
	op     *Operation
	url    url.URL
	header http.Header
	body   []byte

	// What http.Client and go-retryablehttp see.
	loop    retryablehttp.Request
	request http.Request
	shell   http.Response

	kept      *kept
	attempts  []agentcopy.Attempt
	made      atomic.Int32  // how many there are, for goroutines that middleware has left behind
	idleSince time.Time     // when the call began or its last attempt ended
	permit    pacing.Permit // of the attempt under way
	backoff   *wait         // the one under way, if anybody is told
	current   *attempt      // the one under way, or the last

	retrying bool // go-retryablehttp has been told to make another attempt

	last         *result // what became of the last attempt
	lastResponse *result // the last one that had an answer
	outcome      outcomes
	ended        error // why the call was not retried although the policy allows it
}

// prepare encodes req and makes it ready to run. It is a function of its own so
// that the space it takes on the stack is free again while the call waits.
func (c *call) prepare(ctx context.Context, client *Client, req *Request) error {
	c.Context, c.client, c.op, c.header, c.idleSince = ctx, client, req.Op, req.Header, time.Now()
	if req.Body != nil {
		var err error
		if c.body, err = json.Marshal(req.Body); err != nil {
			return Invalid(client.vendor, req.Op.Name, "req", err.Error())
		}
	}
	c.url = client.endpointURL(req)
	c.request = *(&http.Request{Method: req.Op.Method, URL: &c.url, Header: client.cookieHeader()}).WithContext(c)
	c.loop.Request = &c.request
	c.trace = client.traceOf(ctx)
	c.kept = new(kept)
	c.attempts = c.kept.attempts[:0]
	return nil
}

// callKey is the key of a context under which a call is found.
type callKey struct{}

// Value makes the call itself a value of its context.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// number is that of the attempt under way, from 1.
func (c *call) number() int { return int(c.made.Load()) + 1 }

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// outcomes sums up the attempts of a copy call.
type outcomes struct{ unknown, copied bool }

func (o *outcomes) add(v agentcopy.Outcome) {
	o.unknown = o.unknown || v == agentcopy.OutcomeUnknown
	o.copied = o.copied || v == agentcopy.OutcomeCopied
}

// total is Copied if any attempt was, else Unknown if any was.
func (o *outcomes) total() agentcopy.Outcome {
	switch {
	case o.copied:
		return agentcopy.OutcomeCopied
	case o.unknown:
		return agentcopy.OutcomeUnknown
	}
	return agentcopy.OutcomeNotCopied
}

// kept is what outlives a call, in one piece of memory.
type kept struct {
	response agentcopy.Response
	attempts [1]agentcopy.Attempt // nearly every call makes one
}

func (c *call) response() *agentcopy.Response {
	c.kept.response = agentcopy.Response{
		StatusCode: c.last.status,
		Header:     c.last.header,
		RequestID:  c.client.requestID(c.last.header),
		Body:       c.last.body,
		Attempts:   c.attempts,
		Warning:    c.last.warning,
	}
	return &c.kept.response
}
