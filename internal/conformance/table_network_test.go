package conformance

import (
	"context"
	"io"
	"net"
	"syscall"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// stallTimeout is the attempt timeout of rows in which something stalls.
const stallTimeout = 300 * time.Millisecond

// networkRows are connections that break, at each stage and in each way.
var networkRows = []row{
	{name: "dial refused", fault: fault{at: atDial},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: syscall.ECONNREFUSED, on: anyWay},
	{name: "no route", fault: fault{at: atDial, dial: dialError(syscall.ENETUNREACH)},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: syscall.ENETUNREACH, on: anyWay},
	{name: "no such host", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "no such host", IsNotFound: true})},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, on: anyWay},
	{name: "DNS away", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "server misbehaving", IsTemporary: true})},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, on: anyWay},
	{name: "DNS timeout", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "i/o timeout", IsTimeout: true})},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, on: anyWay},
	{name: "dial stalls", fault: fault{at: atDial, breaks: stalled},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},

	{name: "handshake closed", fault: fault{at: atHandshake},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, on: anyWay | withTLS},
	{name: "handshake reset", fault: fault{at: atHandshake, breaks: reset},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, on: anyWay | withTLS},
	{name: "handshake stalls", fault: fault{at: atHandshake, breaks: stalled},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay | withTLS, timeout: stallTimeout},
	{name: "certificate of a stranger", fault: fault{at: atHandshake, untrusted: true},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, on: anyWay | withTLS},

	// A server that closes at once may be found out before the request is written.
	{name: "closed at once", fault: fault{at: atAccept, made: true}, loose: true,
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "reset at once", fault: fault{at: atAccept, breaks: reset, made: true}, loose: true,
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "reused connection closed", fault: fault{at: atAccept, times: 1, made: true}, loose: true, later: true,
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {2, Succeeds}}, on: onWires},
	{name: "closed after the greeting", fault: fault{at: atGreeting, made: true}, loose: true,
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: overHTTP2},
	{name: "reset after the greeting", fault: fault{at: atGreeting, breaks: reset, made: true}, loose: true,
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: overHTTP2},
	{name: "GOAWAY with the greeting", fault: fault{at: atGreeting, breaks: goAwayClosed, past: true, times: 1, made: true}, loose: true,
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: overHTTP2},

	{name: "closed within the request's headers", fault: fault{at: atRequestHeader, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "reset within the request's headers", fault: fault{at: atRequestHeader, breaks: reset, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "closed within the request's body", fault: fault{at: atRequestBody, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "reset within the request's body", fault: fault{at: atRequestBody, breaks: reset, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "closed without an answer", fault: fault{at: atReceipt, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: io.EOF, on: inMemory | overHTTP1},
	{name: "closed without an answer", fault: fault{at: atReceipt, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: overHTTP2},
	{name: "reset without an answer", fault: fault{at: atReceipt, breaks: reset, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "closed without an answer, nothing made", fault: fault{at: atReceipt},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "no answer once", fault: fault{at: atReceipt, times: 1}, loose: true,
		want: wants{read: {2, Succeeds}}, on: anyWay},
	{name: "closed within the answer's headers", fault: fault{at: atHeader, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "reset within the answer's headers", fault: fault{at: atHeader, breaks: reset, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "closed before the answer's body", fault: fault{at: atBodyStart, made: true},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, on: anyWay},
	{name: "reset before the answer's body", fault: fault{at: atBodyStart, breaks: reset, made: true}, loose: true,
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, on: onWires},
	{name: "closed within the answer's body", fault: fault{at: atBody, made: true},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, is: io.ErrUnexpectedEOF, on: anyWay},
	{name: "closed within a chunked body", fault: fault{at: atBody, made: true, answer: answer{length: none}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, on: onWires},
	{name: "closed within a body of unknown length", fault: fault{at: atBody, made: true, answer: answer{length: toClose}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: overHTTP1},
	{name: "reset within the answer's body", fault: fault{at: atBody, breaks: reset, made: true}, loose: true,
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, on: onWires},
	{name: "closed after a body of unknown length", fault: fault{made: true, answer: answer{length: toClose}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: overHTTP1},
	{name: "a refusal whose body breaks off", fault: fault{at: atBody, answer: answer{status: 404, body: literal(`{"detail":"no such agent"}`)}},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, is: agentcopy.ErrNotFound, on: anyWay},
	{name: "a server's fault whose body breaks off", fault: fault{at: atBody, made: true, answer: answer{status: 500, body: literal(`{"detail":"oh"}`)}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: agentcopy.ErrServer, on: anyWay},

	{name: "server does not read", fault: fault{at: atAccept, breaks: stalled, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.DeadlineExceeded, on: overHTTP1 | inClear, timeout: stallTimeout},
	{name: "stalls within the request's headers", fault: fault{at: atRequestHeader, breaks: stalled, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the request's body", fault: fault{at: atRequestBody, breaks: stalled, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "no answer in time", fault: fault{at: atReceipt, breaks: stalled, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the answer's headers", fault: fault{at: atHeader, breaks: stalled, made: true},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "stalls before the answer's body", fault: fault{at: atBodyStart, breaks: stalled, made: true},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the answer's body", fault: fault{at: atBody, breaks: stalled, made: true},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "body trickles past the timeout", fault: fault{made: true, answer: answer{pace: 20 * time.Millisecond}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, is: context.DeadlineExceeded, on: anyWay, timeout: stallTimeout},
	{name: "body trickles in time", fault: fault{made: true, answer: answer{pace: time.Millisecond}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay, safeOnly: true},
	{name: "body of a refusal stalls", fault: fault{at: atBody, breaks: stalled, answer: answer{status: 403, body: literal(`{"detail":"no"}`)}},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, is: agentcopy.ErrForbidden, on: anyWay, timeout: stallTimeout},
}

// dialError is how net/http's transport reports a dial that failed.
func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
