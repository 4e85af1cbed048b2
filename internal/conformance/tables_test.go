package conformance

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// tables are all tables. A row runs in each way that it is for.
var tables = map[string][]row{
	"network": networkRows(), "answers": answerRows, "statuses": statusRows(), "refusals": refusalRows(),
	"waits": waitRows, "calls that may not wait": shortWaitRows(), "contexts": contextRows(), "HTTP/2": http2Rows(),
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
						o := observed{op: op, mode: mode}
						ctx, cancel := r.ends.context(t.Context())
						o.result, o.err = r.connect(op, mode, m).Do(ctx)
						cancel() // a context that ends after the answer loses nothing
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
