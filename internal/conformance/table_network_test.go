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
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, is: syscall.ECONNREFUSED, reads: 3, on: anyWay},
	{name: "no route", fault: fault{at: atDial, dial: dialError(syscall.ENETUNREACH)},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, is: syscall.ENETUNREACH, reads: 3, on: anyWay},
	{name: "no such host", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "no such host", IsNotFound: true})},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, reads: 3, on: anyWay},
	{name: "DNS away", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "server misbehaving", IsTemporary: true})},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, reads: 3, on: anyWay},
	{name: "DNS timeout", fault: fault{at: atDial, dial: dialError(&net.DNSError{Err: "i/o timeout", IsTimeout: true})},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, reads: 3, on: anyWay},
	{name: "dial stalls", fault: fault{at: atDial, breaks: stalled},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},

	{name: "handshake closed", fault: fault{at: atHandshake},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, reads: 3, on: anyWay | withTLS},
	{name: "handshake reset", fault: fault{at: atHandshake, breaks: reset},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, reads: 3, on: anyWay | withTLS},
	{name: "handshake stalls", fault: fault{at: atHandshake, breaks: stalled},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, is: context.DeadlineExceeded, reads: 3, on: anyWay | withTLS, timeout: stallTimeout},
	{name: "certificate of a stranger", fault: fault{at: atHandshake, untrusted: true},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, reads: 1, on: anyWay | withTLS},

	// A server that closes at once may be found out before the request is written.
	{name: "closed at once", fault: fault{at: atAccept, made: true}, loose: true,
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "reset at once", fault: fault{at: atAccept, breaks: reset, made: true}, loose: true,
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "reused connection closed", fault: fault{at: atAccept, times: 1, made: true}, loose: true, later: true,
		safe: 1, always: 1, succeeds: true, reads: 2, readSucceeds: true, on: onWires},
	{name: "closed after the greeting", fault: fault{at: atGreeting, made: true}, loose: true,
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: overHTTP2},
	{name: "reset after the greeting", fault: fault{at: atGreeting, breaks: reset, made: true}, loose: true,
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: overHTTP2},
	{name: "GOAWAY with the greeting", fault: fault{at: atGreeting, breaks: goAwayClosed, past: true, times: 1, made: true}, loose: true,
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: overHTTP2},

	{name: "closed within the request's headers", fault: fault{at: atRequestHeader, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "reset within the request's headers", fault: fault{at: atRequestHeader, breaks: reset, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "closed within the request's body", fault: fault{at: atRequestBody, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "reset within the request's body", fault: fault{at: atRequestBody, breaks: reset, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "closed without an answer", fault: fault{at: atReceipt, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: io.EOF, reads: 3, on: inMemory | overHTTP1},
	{name: "closed without an answer", fault: fault{at: atReceipt, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: overHTTP2},
	{name: "reset without an answer", fault: fault{at: atReceipt, breaks: reset, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "closed without an answer, nothing made", fault: fault{at: atReceipt},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "no answer once", fault: fault{at: atReceipt, times: 1}, loose: true,
		reads: 2, readSucceeds: true, on: anyWay},
	{name: "closed within the answer's headers", fault: fault{at: atHeader, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "reset within the answer's headers", fault: fault{at: atHeader, breaks: reset, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "closed before the answer's body", fault: fault{at: atBodyStart, made: true},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 3, on: anyWay},
	{name: "reset before the answer's body", fault: fault{at: atBodyStart, breaks: reset, made: true}, loose: true,
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 3, on: onWires},
	{name: "closed within the answer's body", fault: fault{at: atBody, made: true},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: io.ErrUnexpectedEOF, reads: 3, on: anyWay},
	{name: "closed within a chunked body", fault: fault{at: atBody, made: true, answer: answer{length: none}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 3, on: onWires},
	{name: "closed within a body of unknown length", fault: fault{at: atBody, made: true, answer: answer{length: toClose}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: overHTTP1},
	{name: "reset within the answer's body", fault: fault{at: atBody, breaks: reset, made: true}, loose: true,
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 3, on: onWires},
	{name: "closed after a body of unknown length", fault: fault{made: true, answer: answer{length: toClose}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: overHTTP1},
	{name: "a refusal whose body breaks off", fault: fault{at: atBody, answer: answer{status: 404, body: body{literal, `{"detail":"no such agent"}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrNotFound, reads: 1, on: anyWay},
	{name: "a server's fault whose body breaks off", fault: fault{at: atBody, made: true, answer: answer{status: 500, body: body{literal, `{"detail":"oh"}`}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrServer, reads: 3, on: anyWay},

	{name: "server does not read", fault: fault{at: atAccept, breaks: stalled, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: context.DeadlineExceeded, reads: 3, on: overHTTP1 | inClear, timeout: stallTimeout},
	{name: "stalls within the request's headers", fault: fault{at: atRequestHeader, breaks: stalled, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the request's body", fault: fault{at: atRequestBody, breaks: stalled, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "no answer in time", fault: fault{at: atReceipt, breaks: stalled, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the answer's headers", fault: fault{at: atHeader, breaks: stalled, made: true},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "stalls before the answer's body", fault: fault{at: atBodyStart, breaks: stalled, made: true},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "stalls within the answer's body", fault: fault{at: atBody, breaks: stalled, made: true},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "body trickles past the timeout", fault: fault{made: true, answer: answer{pace: 20 * time.Millisecond}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: context.DeadlineExceeded, reads: 3, on: anyWay, timeout: stallTimeout},
	{name: "body trickles in time", fault: fault{made: true, answer: answer{pace: time.Millisecond}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay, safeOnly: true},
	{name: "body of a refusal stalls", fault: fault{at: atBody, breaks: stalled, answer: answer{status: 403, body: body{literal, `{"detail":"no"}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrForbidden, reads: 1, on: anyWay, timeout: stallTimeout},
}

// dialError is how net/http's transport reports a dial that failed.
func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
