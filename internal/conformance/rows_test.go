package conformance

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/faults"
)

// stallTimeout is the attempt timeout of rows in which something stalls.
const stallTimeout = 300 * time.Millisecond

// networkRows are connections that break, at each stage and in each way.
func networkRows() []row {
	stages := []struct {
		where string
		fault fault
		want  wants
		on    carriers
	}{
		{"in the dial", fault{at: atDial}, wants{3, 3, 3, NotCopied}, 0},
		{"in the handshake", fault{at: atHandshake}, wants{3, 3, 3, NotCopied}, withTLS},
		{"within the request's headers", fault{at: atRequestHeader, made: true}, wants{1, 3, 3, Unknown}, 0},
		{"within the request's body", fault{at: atRequestBody, made: true}, wants{1, 3, 3, Unknown}, 0},
		{"without an answer", fault{at: atReceipt, made: true}, wants{1, 3, 3, Unknown}, 0},
		{"without an answer, nothing made", fault{at: atReceipt}, wants{1, 3, 3, Unknown}, 0},
		{"within the answer's headers", fault{at: atHeader, made: true}, wants{1, 3, 3, Unknown}, 0},
		{"before the answer's body", fault{at: atBodyStart, made: true}, wants{1, 1, 3, Copied}, 0},
		{"within the answer's body", fault{at: atBody, made: true}, wants{1, 1, 3, Copied}, 0},
	}
	rows := slices.Clone(oddBreaks)
	for _, s := range stages {
		for breaks, how := range []string{closed: "closed ", reset: "reset ", stalled: "stalls "} {
			r := row{name: how + s.where, fault: s.fault, want: s.want, on: s.on}
			r.fault.breaks = breakage(breaks)
			switch {
			case r.fault.breaks == stalled:
				r.is, r.timeout = context.DeadlineExceeded, stallTimeout
			case r.fault.breaks == reset && r.fault.at >= atBodyStart: // it may take back what was sent
				r.loose, r.on = true, onWires
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// oddBreaks are the breaks with rules of their own.
var oddBreaks = []row{
	{name: "dial refused", fault: fault{at: atDial}, want: wants{3, 3, 3, NotCopied}, is: syscall.ECONNREFUSED},
	{name: "no route", fault: dial(syscall.ENETUNREACH), want: wants{3, 3, 3, NotCopied}, is: syscall.ENETUNREACH},
	{name: "no such host", fault: dial(&net.DNSError{Err: "no such host", IsNotFound: true}), want: wants{3, 3, 3, NotCopied}},
	{name: "DNS away", fault: dial(&net.DNSError{Err: "misbehaving", IsTemporary: true}), want: wants{3, 3, 3, NotCopied}},
	{name: "DNS timeout", fault: dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), want: wants{3, 3, 3, NotCopied}},
	{name: "certificate of a stranger", fault: fault{at: atHandshake, untrusted: true},
		want: wants{1, 1, 1, NotCopied}, on: withTLS},

	// A server that closes at once may be found out before the request is written.
	{name: "closed at once", fault: fault{at: atAccept, made: true}, loose: true, want: wants{1, 3, 3, Unknown}},
	{name: "reset at once", fault: fault{at: atAccept, breaks: reset, made: true}, loose: true, want: wants{1, 3, 3, Unknown}},
	{name: "reused connection closed", fault: fault{at: atAccept, times: 1, made: true}, loose: true, later: true,
		want: wants{1, 1, 2, Succeeds}, on: onWires},
	{name: "closed after the greeting", fault: fault{at: atGreeting, made: true}, loose: true,
		want: wants{1, 3, 3, Unknown}, on: overHTTP2},
	{name: "reset after the greeting", fault: fault{at: atGreeting, breaks: reset, made: true}, loose: true,
		want: wants{1, 3, 3, Unknown}, on: overHTTP2},
	{name: "GOAWAY with the greeting", fault: fault{at: atGreeting, breaks: goAwayClosed, past: true, times: 1, made: true},
		loose: true, want: wants{1, 1, 1, Succeeds}, on: overHTTP2},
	{name: "server does not read", fault: fault{at: atAccept, breaks: stalled, made: true},
		want: wants{1, 3, 3, Unknown}, is: context.DeadlineExceeded, on: overHTTP1 | inClear, timeout: stallTimeout},

	{name: "closed without an answer, in HTTP/1.1", fault: fault{at: atReceipt, made: true},
		want: wants{1, 3, 3, Unknown}, is: io.EOF, on: inMemory | overHTTP1},
	{name: "no answer once", fault: fault{at: atReceipt, times: 1}, loose: true, want: wants{0, 0, 2, Succeeds}},
	{name: "an unexpected end within the answer's body", fault: fault{at: atBody, made: true},
		want: wants{1, 1, 3, Copied}, is: io.ErrUnexpectedEOF},
	{name: "closed within a chunked body", fault: fault{at: atBody, made: true, answer: answer{length: none}},
		want: wants{1, 1, 3, Copied}, on: onWires},
	{name: "closed within a body of unknown length", fault: fault{at: atBody, made: true, answer: answer{length: toClose}},
		want: wants{1, 1, 1, Unknown}, on: overHTTP1},
	{name: "closed after a body of unknown length", fault: made(answer{length: toClose}),
		want: wants{1, 1, 1, Succeeds}, on: overHTTP1},
	{name: "a refusal whose body breaks off", fault: fault{at: atBody, answer: saying(404)},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrNotFound},
	{name: "a refusal whose body stalls", fault: fault{at: atBody, breaks: stalled, answer: saying(403)},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrForbidden, timeout: stallTimeout},
	{name: "a server's fault whose body breaks off", fault: fault{at: atBody, made: true, answer: saying(500)},
		want: wants{1, 3, 3, Unknown}, is: agentcopy.ErrServer},
	{name: "a body that trickles past the timeout", fault: made(answer{pace: 100 * time.Millisecond}),
		want: wants{1, 1, 3, Copied}, is: context.DeadlineExceeded, timeout: stallTimeout},
	{name: "a body that trickles in time", fault: made(answer{pace: time.Millisecond}),
		want: wants{1, 1, 1, Succeeds}, safeOnly: true},
}

// dial is a dial that fails, as net/http's transport reports it.
func dial(err error) fault { return fault{at: atDial, dial: dialError(err)} }

func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// made is a server's answer after it made a copy.
func made(a answer) fault { return fault{made: true, answer: a} }

// statusRows are all the statuses from 300 to 600, and one that is none, with a JSON
// body, and those of 4xx with a page, as a proxy sends that let the request pass and
// does not let its answer pass. A server that refuses makes no copy; where the status
// proves nothing it has made one, which is the worse case.
func statusRows() (rows []row) {
	statuses := []int{999}
	for status := 300; status <= 600; status++ {
		statuses = append(statuses, status)
	}
	for _, status := range statuses {
		r := row{want: wanted(status, true), brief: status%10 != 0 && !slices.Contains([]int{303, 408, 429, 499, 503}, status)}
		switch {
		case status == 429:
			r.is = agentcopy.ErrRateLimited
		case status >= 500 && status < 600:
			r.is = agentcopy.ErrServer
		}
		r.name = fmt.Sprintf("status %d", status)
		r.fault = fault{made: r.want.outcome == Unknown, answer: saying(status)}
		rows = append(rows, r)
		if status >= 400 && status < 500 {
			r.name, r.want, r.brief = fmt.Sprintf("page with status %d", status), wanted(status, false), status != 403
			r.fault = fault{made: r.want.outcome == Unknown, answer: answer{status: status, body: literal(page)}}
			rows = append(rows, r)
		}
	}
	return rows
}

// wanted is what an answer with a status comes to, whose body is JSON or a page.
func wanted(status int, inJSON bool) wants {
	switch status {
	case 301, 307, 308, 400, 401, 404, 405, 407, 411, 413, 414, 415, 421, 426, 431:
		return wants{1, 1, 1, NotCopied}
	case 429:
		return wants{3, 3, 3, NotCopied}
	case 408:
		return wants{1, 3, 3, Unknown}
	case 460, 499, 501:
		return wants{1, 3, 1, Unknown}
	}
	switch {
	case status >= 500 && status < 600:
		return wants{1, 3, 3, Unknown}
	case status >= 400 && status < 500 && inJSON:
		return wants{1, 1, 1, NotCopied}
	}
	return wants{1, 3, 1, Unknown}
}

// saying is an answer in JSON that says no more than its status.
func saying(status int) answer { return answer{status: status, body: literal(`{"detail":"said so"}`)} }

const page = `<!DOCTYPE html><html><head><title>Attention required</title></head><body><h1>Blocked</h1></body></html>`

// answerRows are answers in every odd form.
var answerRows = []row{
	{name: "a good answer", fault: fault{made: true}, want: wants{1, 1, 1, Succeeds}},
	{name: "created", fault: made(answer{status: 201}), want: wants{1, 1, 1, Succeeds}},
	{name: "length not declared", fault: made(answer{length: none}), want: wants{1, 1, 1, Succeeds}},
	{name: "packed", fault: made(answer{gzip: true}), want: wants{1, 1, 1, Succeeds}},
	{name: "early hints", fault: made(answer{early: []int{100, 103, 102, 103}}), want: wants{1, 1, 1, Succeeds}, on: onWires},
	{name: "early hints, then a refusal", fault: fault{answer: answer{status: 404, early: []int{103}}},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrNotFound, on: onWires},
	{name: "early hints, then nothing", fault: fault{at: atHeader, made: true, answer: answer{early: []int{103}}},
		want: wants{1, 3, 3, Unknown}, on: onWires},
	{name: "another protocol", want: wants{1, 3, 1, Unknown}, on: inMemory | overHTTP1,
		fault: made(answer{status: 101, length: none, header: http.Header{"Upgrade": {"other"}, "Connection": {"Upgrade"}}})},

	{name: "field of another type", fault: made(answer{body: mistyped}), want: wants{1, 1, 1, Succeeds}},
	{name: "names that are not UTF-8", fault: made(answer{body: noUTF8}), loose: true, want: wants{1, 1, 1, Succeeds}},
	{name: "byte order mark", fault: made(answer{body: bom}), want: wants{1, 1, 1, Succeeds}},
	{name: "no ID", fault: made(answer{body: noID}), want: wants{1, 1, 1, Copied}},
	{name: "ID of a type that stands for none", fault: made(answer{body: otherID}), want: wants{1, 1, 1, Copied}},
	{name: "success that reports an error", fault: fault{answer: answer{body: refusal}}, want: wants{1, 1, 1, Unknown}},
	{name: "JSON that breaks off", fault: made(answer{body: goodHalf}), want: wants{1, 1, 1, Unknown}},
	{name: "two documents", fault: made(answer{body: twice}), want: wants{1, 1, 1, Succeeds}},
	{name: "nested too deep", fault: made(answer{body: deep}), want: wants{1, 1, 1, Succeeds}},
	{name: "null", fault: made(answer{body: literal("null")}), want: wants{1, 3, 1, Unknown}},
	{name: "a text", fault: made(answer{body: literal(`"done"`)}), want: wants{1, 3, 1, Unknown}},
	{name: "empty", fault: made(answer{body: literal("")}), want: wants{1, 1, 1, Copied}},
	{name: "no content", fault: made(answer{status: 204}), want: wants{1, 1, 1, Copied}},
	{name: "longer than declared it would be", fault: made(answer{length: tooLong}), want: wants{1, 1, 3, Copied}},
	{name: "over the bound", fault: made(answer{body: large}), want: wants{1, 1, 1, Copied}, is: agentcopy.ErrTooLarge},
	{name: "over the bound, not declared", fault: made(answer{body: large, length: none}),
		want: wants{1, 1, 1, Copied}, is: agentcopy.ErrTooLarge},
	{name: "over the bound once unpacked", fault: made(answer{body: large, gzip: true}),
		want: wants{1, 1, 1, Copied}, is: agentcopy.ErrTooLarge},
	{name: "says it is packed and is not", fault: made(answer{header: http.Header{"Content-Encoding": {"gzip"}}}),
		want: wants{1, 3, 3, Unknown}},

	{name: "a page with 200", fault: made(answer{body: literal(page)}), want: wants{1, 3, 1, Unknown}},
	{name: "plain text with 200", fault: made(answer{body: literal("OK")}), want: wants{1, 3, 1, Unknown}},
	{name: "accepted", fault: made(answer{status: 202, body: literal(`{"task":"7"}`)}), want: wants{1, 1, 1, Unknown}},
	{name: "accepted, and done", fault: made(answer{status: 202}), want: wants{1, 1, 1, Succeeds}},
	{name: "several statuses", fault: made(answer{status: 207, body: literal(`{"failed":[]}`)}), want: wants{1, 1, 1, Unknown}},
	{name: "error within success", fault: fault{answer: answer{body: literal(`{"error":{"code":429}}`)}},
		want: wants{1, 1, 1, Unknown}},
	{name: "no success within success", fault: fault{answer: answer{body: literal(`{"success":false}`)}},
		want: wants{1, 1, 1, Unknown}},
	{name: "an encoding that nobody reads", fault: made(answer{header: http.Header{"Content-Encoding": {"br"}}}),
		want: wants{1, 3, 1, Unknown}},
	{name: "a page over the bound", fault: made(answer{body: literal(page + strings.Repeat(" ", maxBody))}),
		want: wants{1, 3, 1, Unknown}, is: agentcopy.ErrTooLarge},
	{name: "a page cut off", fault: fault{at: atBody, made: true, answer: answer{body: literal(page)}},
		want: wants{1, 3, 3, Unknown}},
	{name: "a refusal without a body", fault: fault{answer: answer{status: 403, body: literal("")}},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrForbidden},
	{name: "a page with 429", fault: fault{answer: answer{status: 429, body: literal(page)}},
		want: wants{3, 3, 3, NotCopied}, is: agentcopy.ErrRateLimited},
	{name: "a page with 502", fault: made(answer{status: 502, body: literal(page)}),
		want: wants{1, 3, 3, Unknown}, is: agentcopy.ErrServer},
	{name: "a refusal longer than is kept", fault: fault{answer: answer{status: 422, body: large}},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrInvalid},

	{name: "answered before the body: success", fault: made(answer{unread: true}), loose: true,
		want: wants{1, 1, 1, Succeeds}, on: onWires},
	{name: "answered before the body: too large", fault: fault{answer: answer{status: 413, unread: true}}, loose: true,
		want: wants{1, 1, 1, NotCopied}, on: onWires},
	{name: "answered before the body: rate limit", fault: fault{answer: answer{status: 429, unread: true}}, loose: true,
		want: wants{3, 3, 3, NotCopied}, on: onWires},
	{name: "answered before the body: failed", fault: made(answer{status: 500, unread: true}), loose: true,
		want: wants{1, 3, 3, Unknown}, on: onWires},
}

func after(value string) http.Header { return http.Header{"Retry-After": {value}} }

// dated is a Retry-After of a server whose clock stands at the beginning of 2000.
func dated(value string) http.Header {
	return http.Header{"Date": {"Sat, 01 Jan 2000 00:00:00 GMT"}, "Retry-After": {value}}
}

// retryAfterForms are one Retry-After of each kind, and what it comes to under the
// default MaxWait of two minutes. TestRetryAfter of internal/transport reads all forms.
var retryAfterForms = []struct {
	name   string
	header http.Header
	want   time.Duration
}{
	{name: "none"},
	{name: "words", header: after("soon")},
	{name: "zero", header: after("0")},
	{name: "seconds", header: after("3"), want: 3 * time.Second},
	{name: "a fraction", header: after("1.5"), want: 1500 * time.Millisecond},
	{name: "milliseconds", header: http.Header{"Retry-After-Ms": {"250"}}, want: 250 * time.Millisecond},
	{name: "a list", header: after("3, 5"), want: 3 * time.Second},
	{name: "a date", header: dated("Sat, 01 Jan 2000 00:01:00 GMT"), want: time.Minute},
	{name: "a date in 2100", header: dated("Fri, 01 Jan 2100 00:00:00 GMT"), want: 36525 * 24 * time.Hour},
	{name: "just the longest", header: after("120"), want: 2 * time.Minute},
	{name: "too long", header: after("121"), want: 121 * time.Second},
	{name: "overflows everything", header: after(strings.Repeat("9", 32)), want: math.MaxInt64},
}

// waitRows are a 429 and a 503 with each form. A 429 made no copy; a 503 proves
// nothing, since a proxy may say so of itself after the copy was made.
var waitRows = func() []row {
	var rows []row
	for _, form := range retryAfterForms {
		attempts := maxAttempts
		if form.want > 2*time.Minute {
			attempts = 1 // longer than the call may wait
		}
		rows = append(rows, row{
			name:  "429, Retry-After: " + form.name,
			fault: fault{answer: answer{status: 429, header: form.header}},
			want:  wants{attempts, attempts, attempts, NotCopied},
			is:    agentcopy.ErrRateLimited, retryAfter: form.want, on: inMemory,
		}, row{
			name:  "503, Retry-After: " + form.name,
			fault: made(answer{status: 503, header: form.header}),
			want:  wants{1, attempts, attempts, Unknown},
			is:    agentcopy.ErrServer, retryAfter: form.want, on: inMemory,
		})
	}
	return rows
}()

// shortWaitRows are the same answers to a call that may not wait: it ends at
// once with the vendor's error, over any wire.
func shortWaitRows() (rows []row) {
	for _, r := range waitRows {
		if r.retryAfter > 0 {
			r.want = wants{1, 1, 1, r.want.outcome}
			r.on, r.maxWait, r.safeOnly = onWires, time.Millisecond, true
			rows = append(rows, r)
		}
	}
	return rows
}

// contextRows are calls whose context ends while they wait: by a cancellation, and by
// a deadline. None is retried after that.
func contextRows() (rows []row) {
	for _, r := range networkRows() {
		if r.is == context.DeadlineExceeded { // of the attempt, without which the call waits on
			r.is, r.timeout = nil, 0
			rows = append(rows, endingEarly(r)...)
		}
	}
	wait := after("3")
	refused := row{name: "waits after a 429", fault: fault{answer: answer{status: 429, header: wait}},
		want: wants{1, 1, 1, NotCopied}, is: agentcopy.ErrRateLimited, retryAfter: 3 * time.Second}
	failed := row{name: "waits after a 503", fault: fault{answer: answer{status: 503, header: wait}},
		want: wants{0, 0, 1, Unknown}, is: agentcopy.ErrServer, retryAfter: 3 * time.Second} // a copy does not wait then
	return slices.Concat(rows, endingEarly(refused), endingEarly(failed))
}

// endingEarly are r with a context that ends soon.
func endingEarly(r row) (rows []row) {
	r.want.safe, r.want.always, r.want.read = min(r.want.safe, 1), min(r.want.always, 1), 1
	for name, deadline := range map[string]bool{"cancelled, ": false, "deadline, ": true} {
		early := r
		early.name = name + r.name
		early.ends = callEnd{after: stallTimeout, deadline: deadline}
		rows = append(rows, early)
	}
	return rows
}

// sharedRows are the faults of package faults, but for those that no client can see.
func sharedRows() (rows []row) {
	for _, f := range faults.All {
		if f.Twice {
			continue
		}
		r := row{name: "shared: " + f.Name, want: wants{1, 1, 0, f.Outcome}, on: inMemory, fault: fault{made: f.Made}}
		switch {
		case f.Retries:
			r.want.safe, r.want.always = maxAttempts, maxAttempts
		case f.Outcome == agentcopy.OutcomeUnknown:
			r.want.always = maxAttempts
		}
		switch {
		case f.Unsent:
			r.fault.at = atDial
		case f.Cut:
			r.fault.at = atBody
		case f.Slow > 0:
			r.fault.at, r.fault.breaks, r.timeout = atReceipt, stalled, stallTimeout
		case f.Err != nil:
			r.fault.at, r.fault.breaks = atReceipt, reset
		default:
			r.fault.answer = answer{status: f.Status, body: literal(f.Body), header: f.Header}
			seconds, _ := strconv.Atoi(f.Header.Get("Retry-After"))
			r.retryAfter = time.Duration(seconds) * time.Second
		}
		rows = append(rows, r)
	}
	return rows
}

// http2Codes are the error codes of RFC 9113, and one of nobody's.
var http2Codes = []uint32{0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xbad}

// http2Rows are what only HTTP/2 can do. net/http sends a request again by
// itself after some of it, a POST too: what left the client must stay unknown,
// whatever the server says of it. A server that says it did nothing with the
// request, by REFUSED_STREAM or a GOAWAY, may be a proxy that speaks only for
// itself, so each row comes with a copy and without.
//
// Reads meet the fault once, since net/http retries a GET for up to a minute.
func http2Rows() (rows []row) {
	unanswered := []row{
		{name: "RST_STREAM before the body", fault: fault{at: atRequestBody, breaks: rst}},
		{name: "RST_STREAM for an answer", fault: fault{at: atReceipt, breaks: rst}},
		{name: "GOAWAY short of the stream", fault: fault{at: atReceipt, breaks: goAway, past: true}},
		{name: "GOAWAY short of the stream, and the end", fault: fault{at: atReceipt, breaks: goAwayClosed, past: true}},
		{name: "GOAWAY with the stream, and the end", fault: fault{at: atReceipt, breaks: goAwayClosed}},
	}
	answered := []row{
		{name: "RST_STREAM before the answer's body", fault: fault{at: atBodyStart, breaks: rst}, want: wants{1, 1, 0, Copied}},
		{name: "RST_STREAM within the answer's body", fault: fault{at: atBody, breaks: rst}, want: wants{1, 1, 0, Copied}},
		{name: "GOAWAY, and a good answer", fault: fault{breaks: goAway}, want: wants{1, 1, 0, Succeeds}},
		{name: "GOAWAY within the body, and the end", fault: fault{at: atBody, breaks: goAwayClosed}, want: wants{1, 1, 0, Copied}},
	}
	once := []row{
		{name: "RST_STREAM once", fault: fault{at: atReceipt, breaks: rst, times: 1}},
		{name: "GOAWAY short of the stream, once", fault: fault{at: atReceipt, breaks: goAwayClosed, past: true, times: 1}},
	}
	for _, code := range http2Codes {
		add := func(r row) {
			r.name = fmt.Sprintf("%s, code %d, copy made %v", r.name, code, r.fault.made)
			r.fault.code, r.on = code, overHTTP2
			if code > 1 && code != 7 { // net/http treats 0, 1 and 7 in ways of their own
				r.on, r.safeOnly = overHTTP2|inClear, true
			}
			rows = append(rows, r)
		}
		for _, r := range unanswered {
			r.want = wants{1, 3, 0, Unknown}
			for _, r.fault.made = range []bool{false, true} {
				add(r)
			}
		}
		for _, r := range answered {
			r.fault.made, r.safeOnly = true, true
			add(r)
		}
		for _, r := range once {
			r.want, r.loose = wants{0, 0, 1, Succeeds}, true
			add(r)
		}
	}
	return rows
}
