package conformance

import (
	"strconv"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/faults"
)

// TestSharedFaults puts the faults that internal/simulation draws from to every
// vendor.
func TestSharedFaults(t *testing.T) { runInMemory(t, sharedRows()) }

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
	a := answer{status: f.Status, body: body{of: literal, text: f.Body}}
	for name := range f.Header {
		a.header = append(a.header, name, f.Header.Get(name))
	}
	return a
}
