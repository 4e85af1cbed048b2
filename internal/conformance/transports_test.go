package conformance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// oddTransport is an http.RoundTripper of a user's that keeps to fewer rules
// than net/http's own. It is told the answers of the operation.
type oddTransport func(req *http.Request, docs answers) (*http.Response, error)

var errOdd = errors.New("odd transport")

// oddTransports are those, with what a copy and a read through them come to. The
// server behind each has made the copy, whatever the transport says.
var oddTransports = []struct {
	name      string
	transport oddTransport
	row       row
}{
	{
		"no trace, and a failure",
		func(*http.Request, answers) (*http.Response, error) { return nil, errOdd },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: errOdd},
	},
	{
		"an answer and an error both",
		func(_ *http.Request, docs answers) (*http.Response, error) { return goodAnswer(docs), errOdd },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: errOdd},
	},
	{
		"neither answer nor error",
		func(*http.Request, answers) (*http.Response, error) { return nil, nil },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}},
	},
	{
		"no header",
		func(_ *http.Request, docs answers) (*http.Response, error) {
			resp := goodAnswer(docs)
			resp.Header = nil
			return resp, nil
		},
		row{want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}},
	},
	{
		"neither header nor body",
		func(*http.Request, answers) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil },
		row{want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}},
	},
	{
		"a refusal without header and body",
		func(*http.Request, answers) (*http.Response, error) { return &http.Response{StatusCode: 500}, nil },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: agentcopy.ErrServer},
	},
	{
		"no status",
		func(*http.Request, answers) (*http.Response, error) { return &http.Response{}, nil },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
	},
	{
		"a body that fails",
		func(_ *http.Request, docs answers) (*http.Response, error) {
			resp := goodAnswer(docs)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(docs.Good[:5]), failingReader{}))
			return resp, nil
		},
		row{want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, is: errOdd},
	},
	{
		"an error that holds another attempt's context",
		func(*http.Request, answers) (*http.Response, error) { return nil, context.Canceled },
		row{want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.Canceled},
	},
	{
		"it changes the request",
		func(req *http.Request, docs answers) (*http.Response, error) {
			req.Header.Set("Authorization", "none")
			req.URL.Host, req.Method, req.Body = "elsewhere.example", "PUT", nil
			return goodAnswer(docs), nil
		},
		row{want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}},
	},
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errOdd }

func goodAnswer(docs answers) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(docs.Good)), ContentLength: -1}
}

// odd counts the copies that the server behind an odd transport makes.
type odd struct {
	transport        oddTransport
	docs             answers
	requests, copies int
}

func (o *odd) RoundTrip(req *http.Request) (*http.Response, error) {
	o.requests++
	if vendortest.IsCopy(req.Method, req.URL.Path) {
		o.copies++
	}
	return o.transport(req, o.docs)
}

func TestTransportsThatGiveNoProof(t *testing.T) {
	for _, tc := range oddTransports {
		t.Run(tc.name, func(t *testing.T) {
			for _, op := range operations {
				for _, mode := range modesOf(op) {
					synctest.Test(t, func(t *testing.T) {
						through := &odd{transport: tc.transport, docs: op.Answers}
						client, err := op.Connect(vendortest.Key(), append(tc.row.options(mode), throughTransport(through))...)
						require.NoError(t, err)
						o := observed{op: op, mode: mode}
						o.result, o.err = client.Do(t.Context())
						o.copies, o.requests = through.copies, through.requests
						assert.Empty(t, append(o.invariants(), tc.row.check(o)...), "%v, %v", op, mode)
					})
				}
			}
		})
	}
}

// TestAPanicOfTheTransportHoldsNoPermit: the panic is the caller's to see, and what the call
// held is given back, so that the next one goes through.
func TestAPanicOfTheTransportHoldsNoPermit(t *testing.T) {
	for _, op := range operations {
		limiter := agentcopy.NewWindowLimiter(2, 1)
		through := &odd{docs: op.Answers, transport: func(*http.Request, answers) (*http.Response, error) { panic(errOdd) }}
		r := row{}
		client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetrySafe), throughTransport(through), agentcopy.WithLimiter(limiter), agentcopy.WithReadLimiter(limiter))...)
		require.NoError(t, err)
		for range 3 {
			assert.PanicsWithError(t, errOdd.Error(), func() { _, _ = client.Do(t.Context()) }, op)
		}
		through.transport = func(_ *http.Request, docs answers) (*http.Response, error) { return goodAnswer(docs), nil }
		_, err = client.Do(t.Context())
		assert.NoError(t, err, "%v: after a panic", op)
	}
}
