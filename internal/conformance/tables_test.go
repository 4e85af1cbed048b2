package conformance

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/faults"
)

// tables are all tables. A row runs in each way that it is for.
var tables = map[string][]row{
	"network": networkRows, "answers": answerRows, "statuses": statusRows(), "refusals": refusalRows(),
	"waits": waitRows, "calls that may not wait": shortWaitRows, "contexts": contextRows, "HTTP/2": http2Rows(),
	"faults of the simulation": sharedRows(), "odd transports": oddRows,
}

func TestFaultsInMemory(t *testing.T) {
	for name, rows := range tables {
		t.Run(name, func(t *testing.T) { runInMemory(t, rows) })
	}
}

func TestFaultsOverWires(t *testing.T) {
	for name, rows := range tables {
		t.Run(name, func(t *testing.T) { runOverWires(t, rows) })
	}
}

// TestRowsHaveNames: a row is found by its name.
func TestRowsHaveNames(t *testing.T) {
	seen := map[string]carriers{}
	for _, rows := range tables {
		for _, r := range rows {
			assert.Zero(t, seen[r.name]&r.on&anyWay, "two rows are named %q", r.name)
			seen[r.name] |= r.on & anyWay
			assert.NotEmpty(t, r.name, "%v", r)
			assert.NotEmpty(t, r.want, r.name)
		}
	}
}

// runInMemory runs each row for all operations and retry modes, each case in a
// bubble of virtual time.
func runInMemory(t *testing.T, rows []row) {
	for i := range rows {
		r := &rows[i]
		if r.on&inMemory == 0 {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			for _, op := range operations {
				if !r.applies(op) {
					continue
				}
				for _, mode := range modesOf(op) {
					synctest.Test(t, func(t *testing.T) {
						m := &memory{op: op, fault: r.fault, odd: r.odd}
						o := observed{op: op, mode: mode}
						ctx, cancel := r.ends.context(t.Context())
						defer cancel()
						o.result, o.err = r.connect(op, mode, m).Do(ctx)
						o.copies, o.requests = m.copies, m.requests
						assert.Empty(t, append(o.invariants(), r.check(o)...), "%v, %v", op, mode)
					})
				}
			}
		})
	}
}

// runOverWires runs each row over each wire it is for, as the first request of a
// client and as a later one, whose connection is warm and whose protocol is
// known, for all operations and retry modes.
func runOverWires(t *testing.T, rows []row) {
	for _, c := range wires {
		t.Run(c.String(), func(t *testing.T) {
			cases := newGather()
			for i := range rows {
				r := &rows[i]
				if !c.fits(r.on) {
					continue
				}
				for _, op := range operations {
					for _, mode := range modesFor(r, op, c) {
						for _, warm := range warmthsFor(r, op, c) {
							name := fmt.Sprintf("%s, %v, %v, warm %d", r.name, op, mode, warm)
							cases.run(name, func() []string { return c.check(t.Context(), r, op, mode, warm) })
						}
					}
				}
			}
			assert.Empty(t, cases.wait())
		})
	}
}

// warmthsFor are how many requests went well before the one that a row is about.
func warmthsFor(r *row, op *operation, c carrier) []int {
	switch {
	case r.fault.at == atDial, r.fault.at == atHandshake, r.brief, r.fault.at == atEnd && (c.tls || !op.Copies):
		return []int{0}
	case r.later:
		return []int{2}
	}
	return []int{0, 2}
}

// modesFor are the modes that a row is run in over a wire, none if it is not.
// What makes no difference there is left to memory: the mode of a read, the mode
// and the kind of read over TLS, and of rows that take their time.
func modesFor(r *row, op *operation, c carrier) []agentcopy.RetryMode {
	switch {
	case !r.applies(op), r.brief && (c.tls || !op.Copies):
		return nil
	case !op.Copies && op.Vendor.Name != "zudu" && (c.tls || r.slow()):
		return nil
	case c.tls, r.safeOnly, r.brief, r.slow(), !op.Copies:
		return modes[:1]
	}
	return modes
}

// retryAfterForms are the forms of a Retry-After, and what each comes to under
// the default MaxWait of two minutes.
var retryAfterForms = []struct {
	name   string
	header []string
	want   time.Duration
}{
	{name: "seconds", header: []string{"Retry-After", "3"}, want: 3 * time.Second},
	{name: "zero", header: []string{"Retry-After", "0"}},
	{name: "a fraction", header: []string{"Retry-After", "1.5"}, want: 1500 * time.Millisecond},
	{name: "milliseconds", header: []string{"Retry-After-Ms", "250"}, want: 250 * time.Millisecond},
	{name: "milliseconds before seconds", header: []string{"Retry-After-Ms", "250", "Retry-After", "9"}, want: 250 * time.Millisecond},
	{name: "padded", header: []string{"Retry-After", "  7 "}, want: 7 * time.Second},
	{name: "just the longest", header: []string{"Retry-After", "120"}, want: 2 * time.Minute},
	{name: "too long", header: []string{"Retry-After", "121"}, want: 121 * time.Second},
	{name: "an hour", header: []string{"Retry-After", "3600"}, want: time.Hour},
	{name: "overflows a Duration", header: []string{"Retry-After", "9223372037"}, want: math.MaxInt64},
	{name: "overflows everything", header: []string{"Retry-After", "99999999999999999999999999999999"}, want: math.MaxInt64},
	{name: "RFC 1123", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"}, want: time.Minute},
	{name: "RFC 850", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "Saturday, 01-Jan-00 00:01:00 GMT"}, want: time.Minute},
	{name: "asctime", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "Sat Jan  1 00:01:00 2000"}, want: time.Minute},
	{name: "a date in the past", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "Fri, 31 Dec 1999 00:00:00 GMT"}},
	{name: "a date in 2100", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT"}, want: 36525 * 24 * time.Hour},

	{name: "none"},
	{name: "empty", header: []string{"Retry-After", ""}},
	{name: "negative", header: []string{"Retry-After", "-3"}},
	{name: "words", header: []string{"Retry-After", "soon"}},
	{name: "a unit", header: []string{"Retry-After", "3s"}, want: 3 * time.Second},
	{name: "an exponent", header: []string{"Retry-After", "1e3"}},
	{name: "infinite", header: []string{"Retry-After", "Inf"}},
	{name: "not a number", header: []string{"Retry-After", "NaN"}},
	{name: "a list", header: []string{"Retry-After", "3, 5"}, want: 3 * time.Second},
	{name: "RFC 3339", header: []string{"Date", "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After", "2000-01-01T00:01:00Z"}, want: time.Minute},
	{name: "a month that is none", header: []string{"Retry-After", "Sat, 01 Foo 2000 00:01:00 GMT"}},
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
			want:  wants{safe: {attempts, NotCopied}, always: {attempts, NotCopied}, read: {attempts, Fails}}, is: agentcopy.ErrRateLimited,
			retryAfter: form.want, on: inMemory,
		})
		unavailable := row{
			name:  "503, Retry-After: " + form.name,
			fault: fault{made: true, answer: answer{status: 503, header: form.header}},
			want:  wants{safe: {1, Unknown}, always: {attempts, Unknown}, read: {attempts, Fails}}, is: agentcopy.ErrServer,
			retryAfter: form.want, on: inMemory,
		}
		rows = append(rows, unavailable)
	}
	return rows
}()

// shortWaitRows are the same answers to a call that may not wait: it ends at
// once with the vendor's error, over any wire.
var shortWaitRows = func() []row {
	rows := make([]row, 0, len(waitRows))
	for _, r := range waitRows {
		if r.retryAfter > 0 {
			r.want = wants{safe: {1, r.want[safe].outcome}, always: {1, r.want[always].outcome}, read: {1, Fails}}
			r.on, r.maxWait, r.safeOnly = onWires, time.Millisecond, true
			rows = append(rows, r)
		}
	}
	return rows
}()

// contextRows are calls whose context ends while they are at a stage: by a
// cancellation, and by a deadline. None is retried after that.
var contextRows = func() []row {
	stages := []struct {
		name    string
		fault   fault
		outcome agentcopy.Outcome
		is      error
		on      carriers
	}{
		{"the dial", fault{at: atDial, breaks: stalled}, NotCopied, nil, anyWay},
		{"the handshake", fault{at: atHandshake, breaks: stalled}, NotCopied, nil, anyWay | withTLS},
		{"the request's headers", fault{at: atRequestHeader, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the request's body", fault{at: atRequestBody, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for an answer", fault{at: atReceipt, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for an answer that makes nothing", fault{at: atReceipt, breaks: stalled}, Unknown, nil, anyWay},
		{"the answer's headers", fault{at: atHeader, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for the answer's body", fault{at: atBodyStart, breaks: stalled, made: true}, Copied, nil, anyWay},
		{"the answer's body", fault{at: atBody, breaks: stalled, made: true}, Copied, nil, anyWay},
		{"a slow body", fault{made: true, answer: answer{pace: 20 * time.Millisecond}}, Copied, nil, anyWay},
		{"the wait after a 429", fault{answer: answer{status: 429, header: []string{"Retry-After", "3"}}}, NotCopied, agentcopy.ErrRateLimited, anyWay},
		{"the wait after a 503", fault{answer: answer{status: 503, header: []string{"Retry-After", "3"}}}, NotCopied, agentcopy.ErrServer, anyWay},
	}
	var rows []row
	for _, s := range stages {
		for _, deadline := range []bool{false, true} {
			r := row{
				name:  map[bool]string{false: "cancelled in ", true: "deadline in "}[deadline] + s.name,
				fault: s.fault, want: wants{safe: {1, s.outcome}, always: {1, s.outcome}, read: {1, Fails}}, is: s.is, on: s.on,
				ends: callEnd{after: stallTimeout, deadline: deadline},
			}
			if s.is != nil {
				r.retryAfter = 3 * time.Second
			}
			if s.is == agentcopy.ErrServer {
				delete(r.want, safe) // a copy is not sent again after it: there is no wait
			}
			rows = append(rows, r)
		}
	}
	return rows
}()

// sharedRows are the faults of package faults, but for those that no client can see.
func sharedRows() (rows []row) {
	for _, f := range faults.All {
		if f.Twice {
			continue
		}
		once, thrice := end{1, f.Outcome}, end{maxAttempts, f.Outcome}
		r := row{name: "shared: " + f.Name, want: wants{safe: once, always: once}, on: inMemory, fault: fault{made: f.Made}}
		switch {
		case f.Retries:
			r.want = wants{safe: thrice, always: thrice}
		case f.Outcome == agentcopy.OutcomeUnknown:
			r.want[always] = thrice
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
			r.fault.answer = answerOf(f)
			seconds, _ := strconv.Atoi(f.Header.Get("Retry-After"))
			r.retryAfter = time.Duration(seconds) * time.Second
		}
		rows = append(rows, r)
	}
	return rows
}

func answerOf(f faults.Fault) answer {
	a := answer{status: f.Status, body: literal(f.Body)}
	for name := range f.Header {
		a.header = append(a.header, name, f.Header.Get(name))
	}
	return a
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
		{name: "RST_STREAM before the answer's body", fault: fault{at: atBodyStart, breaks: rst, made: true},
			want: wants{safe: {1, Copied}, always: {1, Copied}}, safeOnly: true},
		{name: "RST_STREAM within the answer's body", fault: fault{at: atBody, breaks: rst, made: true},
			want: wants{safe: {1, Copied}, always: {1, Copied}}, safeOnly: true},
		{name: "GOAWAY, and a good answer", fault: fault{breaks: goAway, made: true},
			want: wants{safe: {1, Succeeds}, always: {1, Succeeds}}, safeOnly: true},
		{name: "GOAWAY within the answer's body, and the end", fault: fault{at: atBody, breaks: goAwayClosed, made: true},
			want: wants{safe: {1, Copied}, always: {1, Copied}}, safeOnly: true},
		{name: "RST_STREAM once", fault: fault{at: atReceipt, breaks: rst, times: 1},
			want: wants{read: {1, Succeeds}}, loose: true},
		{name: "GOAWAY short of the stream, once", fault: fault{at: atReceipt, breaks: goAwayClosed, past: true, times: 1},
			want: wants{read: {1, Succeeds}}, loose: true},
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
			r.want = wants{safe: {1, Unknown}, always: {3, Unknown}}
			for _, r.fault.made = range []bool{false, true} {
				add(r)
			}
		}
		for _, r := range answered {
			add(r)
		}
	}
	return rows
}
