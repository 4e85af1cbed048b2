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
		from, to     int
		made         bool
		outcome      agentcopy.Outcome
		is           error
		safe, always int
		reads        int
	}{
		{from: 300, to: 300, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 301, to: 301, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 302, to: 306, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 307, to: 308, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 309, to: 399, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 400, to: 407, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 408, to: 408, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 3},
		{from: 409, to: 428, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 429, to: 429, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrRateLimited, safe: 3, always: 3, reads: 3},
		{from: 430, to: 459, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 460, to: 460, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 461, to: 498, outcome: agentcopy.OutcomeNotCopied, safe: 1, always: 1, reads: 1},
		{from: 499, to: 499, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 500, to: 500, made: true, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrServer, safe: 1, always: 3, reads: 3},
		{from: 501, to: 501, made: true, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrServer, safe: 1, always: 3, reads: 1},
		{from: 502, to: 599, made: true, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrServer, safe: 1, always: 3, reads: 3},
		{from: 600, to: 600, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
		{from: 999, to: 999, made: true, outcome: agentcopy.OutcomeUnknown, safe: 1, always: 3, reads: 1},
	}
	var rows []row
	for _, r := range ranges {
		for status := r.from; status <= r.to; status++ {
			rows = append(rows, row{
				name:  fmt.Sprintf("status %d", status),
				fault: fault{made: r.made, answer: answer{status: status, body: body{literal, `{"detail":"said so"}`}}},
				safe:  r.safe, always: r.always, outcome: r.outcome, is: r.is, reads: r.reads,
				on: anyWay, brief: status%10 != 0 && status != 303 && status != 408 && status != 429 && status != 499 && status != 503,
			})
		}
	}
	return rows
}

// refusalRows are statuses of 4xx with a page that is no JSON, as a proxy sends
// that let the request pass and does not let its answer pass. Where the status
// alone does not say that no copy was made, the server has made one.
func refusalRows() []row {
	var rows []row
	for status := 400; status <= 499; status++ {
		r := row{
			name:  fmt.Sprintf("page with status %d", status),
			fault: fault{made: true, answer: answer{status: status, body: body{literal, page}}},
			safe:  1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay, brief: status != 403,
		}
		switch status {
		case 400, 401, 404, 405, 407, 411, 413, 414, 415, 421, 426, 431:
			r.fault.made, r.always, r.outcome = false, 1, agentcopy.OutcomeNotCopied
		case 408:
			r.reads = 3
		case 429:
			r.fault.made, r.safe, r.outcome, r.reads = false, 3, agentcopy.OutcomeNotCopied, 3
		}
		rows = append(rows, r)
	}
	return rows
}

const page = `<!DOCTYPE html><html><head><title>Attention required</title></head><body><h1>Blocked</h1></body></html>`

// answerRows are answers in every odd form.
var answerRows = []row{
	{name: "a good answer", fault: fault{made: true},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "created", fault: fault{made: true, answer: answer{status: 201}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "length not declared", fault: fault{made: true, answer: answer{length: none}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "packed", fault: fault{made: true, answer: answer{gzip: true}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "early hints", fault: fault{made: true, answer: answer{early: []int{100, 103, 102, 103}}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: onWires},
	{name: "early hints, then a refusal", fault: fault{answer: answer{status: 404, early: []int{103}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrNotFound, reads: 1, on: onWires},
	{name: "early hints, then nothing", fault: fault{at: atHeader, made: true, answer: answer{early: []int{103}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: onWires},
	{name: "another protocol", fault: fault{made: true, answer: answer{status: 101, length: none, header: []string{"Upgrade", "other", "Connection", "Upgrade"}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: inMemory | overHTTP1},

	{name: "field of another type", fault: fault{made: true, answer: answer{body: body{of: mistyped}}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "names that are not UTF-8", fault: fault{made: true, answer: answer{body: body{of: noUTF8}}}, loose: true,
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "byte order mark", fault: fault{made: true, answer: answer{body: body{of: bom}}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "no ID", fault: fault{made: true, answer: answer{body: body{of: noID}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 1, on: anyWay},
	{name: "ID of a type that stands for none", fault: fault{made: true, answer: answer{body: body{of: otherID}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 1, on: anyWay},
	{name: "success that reports an error", fault: fault{answer: answer{body: body{of: refusal}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "JSON that breaks off", fault: fault{made: true, answer: answer{body: body{of: goodHalf}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "two documents", fault: fault{made: true, answer: answer{body: body{of: twice}}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "nested too deep", fault: fault{made: true, answer: answer{body: body{of: deep}}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "null", fault: fault{made: true, answer: answer{body: body{literal, "null"}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "a text", fault: fault{made: true, answer: answer{body: body{literal, `"done"`}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "empty", fault: fault{made: true, answer: answer{body: body{literal, ""}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 1, on: anyWay},
	{name: "no content", fault: fault{made: true, answer: answer{status: 204}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 1, on: anyWay},
	{name: "longer than declared it would be", fault: fault{made: true, answer: answer{length: tooLong}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, reads: 3, on: anyWay},
	{name: "over the bound", fault: fault{made: true, answer: answer{body: body{of: large}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: agentcopy.ErrTooLarge, reads: 1, on: anyWay},
	{name: "over the bound, not declared", fault: fault{made: true, answer: answer{body: body{of: large}, length: none}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: agentcopy.ErrTooLarge, reads: 1, on: anyWay},
	{name: "over the bound once unpacked", fault: fault{made: true, answer: answer{body: body{of: bomb}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeCopied, is: agentcopy.ErrTooLarge, reads: 1, on: anyWay},
	{name: "says it is packed and is not", fault: fault{made: true, answer: answer{header: []string{"Content-Encoding", "gzip"}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},

	{name: "a page with 200", fault: fault{made: true, answer: answer{body: body{literal, page}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "plain text with 200", fault: fault{made: true, answer: answer{body: body{literal, "OK"}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "accepted", fault: fault{made: true, answer: answer{status: 202, body: body{literal, `{"task":"7"}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "accepted, and done", fault: fault{made: true, answer: answer{status: 202}},
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: anyWay},
	{name: "several statuses", fault: fault{made: true, answer: answer{status: 207, body: body{literal, `{"failed":[]}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "error within success", fault: fault{answer: answer{body: body{literal, `{"error":{"code":429}}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "no success within success", fault: fault{answer: answer{body: body{literal, `{"success":false}`}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "an encoding that nobody reads", fault: fault{made: true, answer: answer{header: []string{"Content-Encoding", "br"}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 1, on: anyWay},
	{name: "a page over the bound", fault: fault{made: true, answer: answer{body: body{literal, page + strings.Repeat(" ", maxBody)}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrTooLarge, reads: 1, on: anyWay},
	{name: "a page cut off", fault: fault{at: atBody, made: true, answer: answer{body: body{literal, page}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: anyWay},
	{name: "a refusal without a body", fault: fault{answer: answer{status: 403, body: body{literal, ""}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrForbidden, reads: 1, on: anyWay},
	{name: "a page with 429", fault: fault{answer: answer{status: 429, body: body{literal, page}}},
		safe: 3, always: 3, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrRateLimited, reads: 3, on: anyWay},
	{name: "a page with 502", fault: fault{made: true, answer: answer{status: 502, body: body{literal, page}}},
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, is: agentcopy.ErrServer, reads: 3, on: anyWay},
	{name: "a refusal longer than is kept", fault: fault{answer: answer{status: 422, body: body{of: large}}},
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, is: agentcopy.ErrInvalid, reads: 1, on: anyWay},

	{name: "answered before the body: success", fault: fault{made: true, answer: answer{unread: true}}, loose: true,
		safe: 1, always: 1, succeeds: true, reads: 1, readSucceeds: true, on: onWires},
	{name: "answered before the body: too large", fault: fault{answer: answer{status: 413, unread: true}}, loose: true,
		safe: 1, always: 1, outcome: agentcopy.OutcomeNotCopied, reads: 1, on: onWires},
	{name: "answered before the body: failed", fault: fault{made: true, answer: answer{status: 500, unread: true}}, loose: true,
		safe: 1, always: 3, outcome: agentcopy.OutcomeUnknown, reads: 3, on: onWires},
}
