package oncetest

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// runCase is one copy that once.Runner makes with the Copier.
type runCase struct {
	name         string
	first        *fault // of the first copy request; the others are answered
	always       bool   // of all copy requests
	ahead        time.Duration
	wholeSeconds bool
	showAfter    time.Duration
	rename       func(string) string
	cached       bool // lists are from before the copy, and show their Age
	blind        bool // lists fail

	settles bool // the copy is made and returned, if names tell copies apart
	copies  int  // most
}

func runCases() []runCase {
	lost := &fault{made: true, err: errReset}
	return []runCase{
		{name: "an answer", settles: true, copies: 1},
		{name: "a lost answer", first: lost, settles: true, copies: 1},
		{name: "a lost answer, and net/http sends again what it can", first: &fault{made: true, err: errBroken, again: true}, settles: true, copies: 1},
		{name: "a lost answer, stamps of whole seconds", first: lost, wholeSeconds: true, settles: true, copies: 1},
		{name: "a lost answer, a clock a minute ahead", first: lost, ahead: time.Minute, wholeSeconds: true, copies: 1},
		{name: "a lost answer, a clock a minute behind", first: lost, ahead: -time.Minute, wholeSeconds: true, copies: 1},
		{name: "a lost answer, the copy shows late", first: lost, showAfter: 12 * time.Second, settles: true, copies: 1},
		{name: "a lost answer, the copy has another name", first: lost, rename: func(string) string { return "Invoices Hamburg" }, copies: 1},
		{name: "a lost answer, the name was cut", first: lost, rename: func(s string) string { return s[:6] }, copies: 1},
		{name: "a lost answer, lists are from a cache", first: lost, cached: true, copies: 1},
		{name: "a lost answer, lists fail", first: lost, blind: true, copies: 1},
		{name: "an answer that is cut off", first: &fault{made: true, cut: true}, settles: true, copies: 1},
		{name: "503 with Retry-After after the copy was made", first: new(status(503, true, htmlPage).with("Retry-After", "5")), settles: true, copies: 1},
		{name: "303 after the copy was made", first: new(redirect(303, true)), settles: true, copies: 1},
		{name: "403 with a page after the copy was made", first: new(status(403, true, htmlPage)), settles: true, copies: 1},
		{name: "500 that made nothing", first: new(status(500, false, jsonText)), settles: true, copies: 1},
		{name: "404", first: new(status(404, false, jsonText)), always: true, copies: 0},
	}
}

func testRuns(t *testing.T, w Wire) {
	for _, tt := range runCases() {
		inBubble(t, tt.name, w, func(t *copierTest) { t.run(tt) })
	}
}

func (t *copierTest) run(tt runCase) {
	v := t.vendor
	v.ahead, v.wholeSeconds, v.showAfter, v.rename = tt.ahead, tt.wholeSeconds, tt.showAfter, tt.rename
	v.fault = func(n int) *fault {
		if n == 1 || tt.always {
			return tt.first
		}
		return nil
	}
	switch {
	case tt.blind:
		v.read = func(w http.ResponseWriter, _ *http.Request, _ []Agent) { w.WriteHeader(http.StatusBadGateway) }
	case tt.cached:
		v.read = func(w http.ResponseWriter, r *http.Request, agents []Agent) {
			w.Header().Set("Age", "40")
			v.wire.Read(w, r, slices.DeleteFunc(agents, func(a Agent) bool { return a.SourceID != "" }))
		}
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	got, err := runner.Copy(t.Context(), "key", t.copier, request)
	made := v.made()
	if len(made) > tt.copies {
		t.Errorf("%s: once.Runner made %d copies of one key: the tests of Copy and FindCopies above say why", tt.name, len(made))
		return
	}
	switch {
	case err == nil && (len(made) == 0 || got.ID != made[0].ID):
		t.Errorf("%s: once.Runner returned the copy %q, which is none", tt.name, got.ID)
	case err == nil, tt.copies == 0:
	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
		if tt.settles && t.named {
			t.Errorf("%s: once.Runner could not find the copy: %v", tt.name, err)
		}
	default:
		t.Errorf("%s: once.Runner returned an error that does not say that a copy may have been made: %v", tt.name, err)
	}
}
