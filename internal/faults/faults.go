// Package faults lists what a copy request may meet on its way, for the tests that
// range over it: internal/conformance puts each to every vendor, and
// internal/simulation draws from it.
package faults

import (
	"net"
	"net/http"
	"syscall"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Fault is what one copy request meets.
type Fault struct {
	Name string
	// Share is how many of 100 requests of the simulation meet it.
	Share int

	Unsent bool // no connection is made
	Made   bool // the vendor makes the copy
	// Twice: a gateway sent the request twice by itself and gives the second answer.
	// No client can see that; package once looks for the copy.
	Twice bool
	// Late: nothing was made yet. It will be, some time after the client was told.
	Late bool
	// Cut: the vendor's own answer breaks off in the middle.
	Cut bool
	// Slow is how long the vendor's own answer takes: longer than an attempt.
	Slow time.Duration

	// What the client gets, unless it is the vendor's own answer: an error of the
	// connection, or an answer of somebody on the way.
	Err    error
	Status int
	Header http.Header
	Body   string

	// What the client makes of it, and whether it may retry by itself.
	Outcome agentcopy.Outcome
	Retries bool
}

const (
	page   = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please try again later.</body></html>"
	exists = `{"error":"an agent with this name already exists"}`
	refuse = `{"error":"no"}`
)

var reset error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func retryAfter(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }

// All are the faults, in no set order.
var All = []Fault{
	{Name: "the connection is refused", Share: 4, Unsent: true, Outcome: agentcopy.OutcomeNotCopied, Retries: true},
	{Name: "the request is lost", Share: 6, Err: reset},
	{Name: "the request arrives after a reset", Share: 7, Late: true, Err: reset},
	{Name: "the answer is lost", Share: 14, Made: true, Err: reset},
	{Name: "the answer breaks off", Share: 2, Made: true, Cut: true, Outcome: agentcopy.OutcomeCopied},
	{Name: "the answer is slow", Share: 2, Made: true, Slow: 70 * time.Second},

	{Name: "429", Share: 4, Status: 429, Header: retryAfter("2"), Body: `{"error":"slow down"}`, Outcome: agentcopy.OutcomeNotCopied, Retries: true},
	{Name: "403", Share: 2, Status: 403, Body: refuse, Outcome: agentcopy.OutcomeNotCopied},
	{Name: "503, and nothing was passed on", Share: 3, Status: 503, Header: retryAfter("1")},

	// As Varnish answers every lost answer.
	{Name: "503 after the copy", Share: 4, Made: true, Status: 503, Header: retryAfter("1"), Body: page},
	{Name: "500 after the copy", Share: 1, Made: true, Status: 500, Body: refuse},
	{Name: "502 after the copy", Share: 1, Made: true, Status: 502, Body: page},
	{Name: "504 after the copy", Share: 1, Made: true, Status: 504, Body: page},
	{Name: "408 after the copy", Share: 1, Made: true, Status: 408},
	{Name: "499 after the copy", Share: 1, Made: true, Status: 499},
	{Name: "302 after the copy", Share: 1, Made: true, Status: 302, Header: http.Header{"Location": {"/"}}},
	{Name: "303 after the copy", Share: 1, Made: true, Status: 303, Header: http.Header{"Location": {"/"}}},
	// A proxy that refused the answer.
	{Name: "a page with 403 after the copy", Share: 2, Made: true, Status: 403, Body: page},
	{Name: "a page with 200 after the copy", Share: 2, Made: true, Status: 200, Body: page},
	{Name: "200 without a body", Share: 2, Made: true, Status: 200, Outcome: agentcopy.OutcomeCopied},

	{Name: "409 to the second of two", Share: 2, Made: true, Twice: true, Status: 409, Body: exists, Outcome: agentcopy.OutcomeNotCopied},
	{Name: "422 to the second of two", Share: 1, Made: true, Twice: true, Status: 422, Body: exists, Outcome: agentcopy.OutcomeNotCopied},
	{Name: "400 to the second of two", Share: 1, Made: true, Twice: true, Status: 400, Body: exists, Outcome: agentcopy.OutcomeNotCopied},
}
