package conformance

import (
	"math"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

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
