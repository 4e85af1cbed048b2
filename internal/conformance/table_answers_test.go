package conformance

import (
	"fmt"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// statusRows are all the statuses from 300 to 599, and some that are none, in
// ranges that are dealt with alike. Each answer is JSON. A server that refuses
// makes no copy; where the status proves nothing it has made one, which is the
// worse case.
func statusRows() []row {
	ranges := []struct {
		from, to int
		made     bool
		want     wants
		is       error
	}{
		{from: 300, to: 300, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 301, to: 301, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 302, to: 306, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 307, to: 308, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 309, to: 399, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 400, to: 407, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 408, to: 408, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}},
		{from: 409, to: 428, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 429, to: 429, want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: agentcopy.ErrRateLimited},
		{from: 430, to: 459, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 460, to: 460, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 461, to: 498, want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}},
		{from: 499, to: 499, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 500, to: 500, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: agentcopy.ErrServer},
		{from: 501, to: 501, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, is: agentcopy.ErrServer},
		{from: 502, to: 599, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: agentcopy.ErrServer},
		{from: 600, to: 600, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
		{from: 999, to: 999, made: true, want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}},
	}
	var rows []row
	for _, r := range ranges {
		for status := r.from; status <= r.to; status++ {
			rows = append(rows, row{
				name:  fmt.Sprintf("status %d", status),
				fault: fault{made: r.made, answer: answer{status: status, body: literal(`{"detail":"said so"}`)}},
				want:  r.want, is: r.is,
				on: anyWay, brief: status%10 != 0 && status != 303 && status != 408 && status != 429 && status != 499 && status != 503,
			})
		}
	}
	return rows
}

// refusalRows are statuses of 4xx with a page that is not JSON, as a proxy sends
// that let the request pass and does not let its answer pass. Where the status
// does not say that no copy was made, the server has made one.
func refusalRows() []row {
	var rows []row
	for status := 400; status <= 499; status++ {
		r := row{
			name:  fmt.Sprintf("page with status %d", status),
			fault: fault{made: true, answer: answer{status: status, body: literal(page)}},
			want:  wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay, brief: status != 403,
		}
		switch status {
		case 400, 401, 404, 405, 407, 411, 413, 414, 415, 421, 426, 431:
			r.fault.made = false
			r.want = wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}
		case 408:
			r.want[read] = end{3, Fails}
		case 429:
			r.fault.made = false
			r.want = wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}
		}
		rows = append(rows, r)
	}
	return rows
}

const page = `<!DOCTYPE html><html><head><title>Attention required</title></head><body><h1>Blocked</h1></body></html>`

// answerRows are answers in every odd form.
var answerRows = []row{
	{name: "a good answer", fault: fault{made: true},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "created", fault: fault{made: true, answer: answer{status: 201}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "length not declared", fault: fault{made: true, answer: answer{length: none}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "packed", fault: fault{made: true, answer: answer{gzip: true}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "early hints", fault: fault{made: true, answer: answer{early: []int{100, 103, 102, 103}}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: onWires},
	{name: "early hints, then a refusal", fault: fault{answer: answer{status: 404, early: []int{103}}},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, is: agentcopy.ErrNotFound, on: onWires},
	{name: "early hints, then nothing", fault: fault{at: atHeader, made: true, answer: answer{early: []int{103}}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: onWires},
	{name: "another protocol", fault: fault{made: true, answer: answer{status: 101, length: none, header: []string{"Upgrade", "other", "Connection", "Upgrade"}}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: inMemory | overHTTP1},

	{name: "field of another type", fault: fault{made: true, answer: answer{body: mistyped}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "names that are not UTF-8", fault: fault{made: true, answer: answer{body: noUTF8}}, loose: true,
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "byte order mark", fault: fault{made: true, answer: answer{body: bom}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "no ID", fault: fault{made: true, answer: answer{body: noID}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, on: anyWay},
	{name: "ID of a type that stands for none", fault: fault{made: true, answer: answer{body: otherID}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, on: anyWay},
	{name: "success that reports an error", fault: fault{answer: answer{body: refusal}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "JSON that breaks off", fault: fault{made: true, answer: answer{body: goodHalf}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "two documents", fault: fault{made: true, answer: answer{body: twice}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "nested too deep", fault: fault{made: true, answer: answer{body: deep}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "null", fault: fault{made: true, answer: answer{body: literal("null")}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "a text", fault: fault{made: true, answer: answer{body: literal(`"done"`)}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "empty", fault: fault{made: true, answer: answer{body: literal("")}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, on: anyWay},
	{name: "no content", fault: fault{made: true, answer: answer{status: 204}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, on: anyWay},
	{name: "longer than declared it would be", fault: fault{made: true, answer: answer{length: tooLong}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {3, Fails}}, on: anyWay},
	{name: "over the bound", fault: fault{made: true, answer: answer{body: large}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, is: agentcopy.ErrTooLarge, on: anyWay},
	{name: "over the bound, not declared", fault: fault{made: true, answer: answer{body: large, length: none}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, is: agentcopy.ErrTooLarge, on: anyWay},
	{name: "over the bound once unpacked", fault: fault{made: true, answer: answer{body: large, gzip: true}},
		want: wants{safe: {1, Copied}, always: {1, Copied}, read: {1, Fails}}, is: agentcopy.ErrTooLarge, on: anyWay},
	{name: "says it is packed and is not", fault: fault{made: true, answer: answer{header: []string{"Content-Encoding", "gzip"}}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},

	{name: "a page with 200", fault: fault{made: true, answer: answer{body: literal(page)}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "plain text with 200", fault: fault{made: true, answer: answer{body: literal("OK")}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "accepted", fault: fault{made: true, answer: answer{status: 202, body: literal(`{"task":"7"}`)}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "accepted, and done", fault: fault{made: true, answer: answer{status: 202}},
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: anyWay},
	{name: "several statuses", fault: fault{made: true, answer: answer{status: 207, body: literal(`{"failed":[]}`)}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "error within success", fault: fault{answer: answer{body: literal(`{"error":{"code":429}}`)}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "no success within success", fault: fault{answer: answer{body: literal(`{"success":false}`)}},
		want: wants{safe: {1, Unknown}, always: {1, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "an encoding that nobody reads", fault: fault{made: true, answer: answer{header: []string{"Content-Encoding", "br"}}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, on: anyWay},
	{name: "a page over the bound", fault: fault{made: true, answer: answer{body: literal(page + strings.Repeat(" ", maxBody))}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {1, Fails}}, is: agentcopy.ErrTooLarge, on: anyWay},
	{name: "a page cut off", fault: fault{at: atBody, made: true, answer: answer{body: literal(page)}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: anyWay},
	{name: "a refusal without a body", fault: fault{answer: answer{status: 403, body: literal("")}},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, is: agentcopy.ErrForbidden, on: anyWay},
	{name: "a page with 429", fault: fault{answer: answer{status: 429, body: literal(page)}},
		want: wants{safe: {3, NotCopied}, always: {3, NotCopied}, read: {3, Fails}}, is: agentcopy.ErrRateLimited, on: anyWay},
	{name: "a page with 502", fault: fault{made: true, answer: answer{status: 502, body: literal(page)}},
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, is: agentcopy.ErrServer, on: anyWay},
	{name: "a refusal longer than is kept", fault: fault{answer: answer{status: 422, body: large}},
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, is: agentcopy.ErrInvalid, on: anyWay},

	{name: "answered before the body: success", fault: fault{made: true, answer: answer{unread: true}}, loose: true,
		want: wants{safe: {1, Succeeds}, always: {1, Succeeds}, read: {1, Succeeds}}, on: onWires},
	{name: "answered before the body: too large", fault: fault{answer: answer{status: 413, unread: true}}, loose: true,
		want: wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}}, on: onWires},
	{name: "answered before the body: failed", fault: fault{made: true, answer: answer{status: 500, unread: true}}, loose: true,
		want: wants{safe: {1, Unknown}, always: {3, Unknown}, read: {3, Fails}}, on: onWires},
}
