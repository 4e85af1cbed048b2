package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Request is one typed call, ready to be sent.
type Request struct {
	Op     *Operation
	Path   string      // below the base URL, each segment escaped; see Segment
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
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = json.Marshal(req.Body); err != nil {
			return nil, nil, Invalid(c.vendor, req.Op.Name, "req", err.Error())
		}
	}
	var answer *T
	decode := func(data []byte) (warning, err error) {
		answer = new(T) // a new one for each attempt: a failed one may have filled some fields
		if warning, err = c.unmarshal(data, answer); err != nil {
			return nil, err
		}
		return warning, verify(answer)
	}
	call := &call{client: c, op: req.Op, ctx: ctx, header: req.Header, body: body, decode: decode, idleSince: time.Now()}
	call.run(c.endpointURL(req))
	if !call.last.succeeded {
		err := call.failure()
		call.logEnd(err)
		return nil, nil, err
	}
	return answer, call.response(), nil
}

// endpointURL is the URL of req below the base URL.
func (c *Client) endpointURL(req Request) *url.URL {
	u := *c.base
	u.RawPath = strings.TrimSuffix(u.EscapedPath(), "/") + req.Path
	u.Path, _ = url.PathUnescape(u.RawPath) // what was escaped can be unescaped
	u.RawQuery = req.Query.Encode()
	return &u
}

// call is one call on its way, through all its attempts.
type call struct {
	client *Client
	op     *Operation
	ctx    context.Context // the caller's
	header http.Header
	body   []byte
	decode func(body []byte) (warning, err error)

	http  http.Client          // what go-retryablehttp sends through
	loop  retryablehttp.Client // go-retryablehttp itself
	shell http.Response        // what both see of an answer

	attempts  []agentcopy.Attempt
	idleSince time.Time // when the call began or its last attempt ended
	answered  func()    // tells the limiter that the headers were seen

	repeating bool // go-retryablehttp has been told to make another attempt

	last    *result // what became of the last attempt
	reply   *result // the last one that had an answer
	outcome outcomes
	ended   error // why the call was not repeated although the policy allows it
}

// outcomes sums up the attempts of a copy call.
type outcomes struct{ unknown, copied bool }

func (o *outcomes) add(v agentcopy.Outcome) {
	o.unknown = o.unknown || v == agentcopy.Unknown
	o.copied = o.copied || v == agentcopy.Copied
}

// total is Copied if any attempt was, else Unknown if any was.
func (o *outcomes) total() agentcopy.Outcome {
	switch {
	case o.copied:
		return agentcopy.Copied
	case o.unknown:
		return agentcopy.Unknown
	}
	return agentcopy.NotCopied
}

func (c *call) response() *agentcopy.Response {
	return &agentcopy.Response{
		StatusCode: c.last.status,
		Header:     c.last.header,
		RequestID:  c.client.requestID(c.last.header),
		Body:       c.last.body,
		Attempts:   c.attempts,
		Warning:    c.last.warning,
	}
}
