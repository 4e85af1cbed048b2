package conformance

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

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

func TestHTTP2Faults(t *testing.T) { runOverWires(t, http2Rows()) }

func TestNetworkFaults(t *testing.T) { runOverWires(t, networkRows) }

func TestAnswersOverWires(t *testing.T) { runOverWires(t, answerRows) }

func TestStatusesOverWires(t *testing.T) { runOverWires(t, statusRows()) }

func TestRefusalsOverWires(t *testing.T) { runOverWires(t, refusalRows()) }

func TestWaitsOverWires(t *testing.T) { runOverWires(t, shortWaitRows) }

func TestContextsOverWires(t *testing.T) { runOverWires(t, contextRows) }
