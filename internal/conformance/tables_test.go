package conformance

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestMain ends the suite with what it did. That no goroutine is left behind, it
// checks for all cases over sockets at once; each case in memory checks it for
// itself, since a testing/synctest bubble ends only when all of its goroutines
// have.
func TestMain(m *testing.M) {
	code := m.Run()
	err := goleak.Find()
	if err != nil && code == 0 {
		fmt.Println("conformance: goroutines are left behind:", err)
		code = 1
	}
	for what := range leftOut.Range {
		fmt.Println("conformance: LEFT OUT:", what)
	}
	fmt.Println(&tally)
	if n := tally.duplicates.Load(); n > 0 && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// leftOut is what could not be tested on this machine, and why.
var leftOut sync.Map

// tables are all tables. A row runs in each way that it is for.
var tables = map[string][]row{
	"network": networkRows(), "answers": answerRows, "statuses": statusRows(),
	"waits": waitRows, "calls that may not wait": shortWaitRows(), "contexts": contextRows(), "HTTP/2": http2Rows(),
	"faults of the simulation": sharedRows(), "odd transports": oddRows, "redirects": redirectRows(),
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

// runInMemory runs each row for all operations and retry modes, each case in a
// bubble of virtual time.
func runInMemory(t *testing.T, rows []row) {
	for i := range rows {
		r := &rows[i]
		if r.ways()&inMemory == 0 {
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
						ctx, cancel := r.ends.context(t.Context())
						o := m.call(ctx, r.connect(op, mode, m), mode)
						cancel() // a context that ends after the answer loses nothing
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
				if !c.fits(r.ways()) {
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

// TestAContextThatEndsFirstSendsNothing: nothing leaves, and the error says why, for
// each thing that a call may wait for before it sends.
func TestAContextThatEndsFirstSendsNothing(t *testing.T) {
	unlimited := func() agentcopy.Limiter { return agentcopy.Unlimited }
	full := func() agentcopy.Limiter { return agentcopy.NewWindowLimiter(1, time.Minute) }
	waiting := fault{answer: answer{status: 429, header: after("60")}}
	for _, tc := range []struct {
		name    string
		limiter func() agentcopy.Limiter
		fault   fault
		second  bool // another call came first
		before  bool // the context has ended before the call
		// retryAfter is what the error says where the deadline is known to come first.
		retryAfter time.Duration
	}{
		{name: "before the call", limiter: unlimited, before: true},
		{name: "in the limiter of the SDK", limiter: full, second: true},
		{name: "in the limiter of a user", limiter: func() agentcopy.Limiter { return endless{} }},
		{name: "in a pause that another call met", limiter: unlimited, fault: waiting, second: true, retryAfter: time.Minute},
	} {
		for _, op := range operations {
			for _, deadline := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					m := &memory{op: op, fault: tc.fault}
					limiter := tc.limiter()
					r := row{want: wants{0, 0, 0, NotCopied}, ends: callEnd{after: time.Second, deadline: deadline}}
					if deadline {
						r.retryAfter = tc.retryAfter
					}
					client := r.connect(op, agentcopy.RetrySafe, m, agentcopy.WithLimiter(limiter), agentcopy.WithReadLimiter(limiter))
					if tc.second {
						_, _ = client.Do(t.Context())
					}
					ctx, cancel := r.ends.context(t.Context())
					defer cancel()
					if tc.before {
						<-ctx.Done()
					}
					o := m.call(ctx, client, agentcopy.RetrySafe)
					assert.Empty(t, append(o.invariants(), r.check(o)...), "%s, %v, deadline %v", tc.name, op, deadline)
					assert.Zero(t, o.requests, "%s, %v: requests that were sent", tc.name, op)
				})
			}
		}
	}
}

// endless is a limiter that admits nobody.
type endless struct{}

func (endless) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
