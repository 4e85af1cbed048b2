package oncetest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Agent is an agent of the vendor that [TestCopier] plays. IDs are decimal numbers.
type Agent struct {
	ID        string
	SourceID  string // the agent it is a copy of; "" if it is not a copy
	Name      string
	CreatedAt time.Time // on the vendor's clock; zero: show no time stamp
}

// Wire speaks a vendor's protocol for the server that [TestCopier] runs. Its funcs
// see requests as an http.Handler does, and may be called concurrently. All are required.
type Wire struct {
	// New returns the Copier under test, which sends its requests to baseURL
	// through c. It runs in a testing/synctest bubble, where waits take no time. Stop
	// what it starts before t ends: use t.Cleanup. The Copier should not have a limiter
	// that makes a call wait for minutes.
	New func(t *testing.T, baseURL string, c *http.Client) agentcopy.Copier
	// Copy reports whether the request asks for a copy, and of which agent and under
	// which name.
	Copy func(*http.Request) (sourceID, name string, ok bool)
	// Made answers a copy request with the new agent.
	Made func(http.ResponseWriter, Agent)
	// Read answers any other request: for a list, with the given agents, newest first,
	// or for one of them. It may write stamps in whole seconds.
	Read func(http.ResponseWriter, *http.Request, []Agent)
}

// TestCopier tests that a Copier does what [agentcopy.Copier] says and package once
// relies on. A Copier that fails it may make two copies of one request. TestCopier plays
// the vendor, loses answers, breaks connections and sets clocks, and says how to fix
// each fault that it finds:
//
//	func TestMyCopier(t *testing.T) {
//		oncetest.TestCopier(t, oncetest.Wire{
//			New:  func(t *testing.T, baseURL string, c *http.Client) agentcopy.Copier { return newMyCopier(baseURL, c) },
//			Copy: ..., Made: ..., Read: ...,
//		})
//	}
//
// A Copier may be more careful than necessary: a failed request may always be
// OutcomeUnknown, and a candidate possible rather than certain. If Identify gives no
// SearchKey, names are not tested.
//
// TestCopier cannot test what only the vendor knows: whether its list shows all agents,
// and whether a field by which the Copier rules agents out is always copied.
func TestCopier(t *testing.T, w Wire) {
	if w.New == nil || w.Copy == nil || w.Made == nil || w.Read == nil {
		t.Fatal("oncetest.TestCopier: a func of the Wire is nil")
	}
	inBubble(t, "Identify", w, (*copierTest).identify)
	t.Run("Copy", func(t *testing.T) { testCopy(t, w) })
	t.Run("FindCopies", func(t *testing.T) { testFindCopies(t, w) })
	inBubble(t, "Trace", w, (*copierTest).traced)
	t.Run("Context", func(t *testing.T) { testContext(t, w) })
	inBubble(t, "Concurrency", w, (*copierTest).concurrent)
	t.Run("Network", func(t *testing.T) { testNetwork(t, w) })
	t.Run("Runner", func(t *testing.T) { testRuns(t, w) })
}

const (
	baseURL  = "https://copier.test"
	sourceID = "1001"
	// longest is how long a call may take whose context has ended.
	longest = 5 * time.Second
)

// request is what the tests ask for. No name of another agent contains this one
// but where a test is about that.
var (
	request      = agentcopy.CopyRequest{SourceID: sourceID, Name: "Leases Berlin"}
	keyedRequest = agentcopy.CopyRequest{SourceID: sourceID, Name: "Leases Berlin", IdempotencyKey: "a9d4c0ffee"}
)

// copierTest is one test: a vendor and a Copier for it.
type copierTest struct {
	*testing.T
	vendor *vendor
	copier agentcopy.Copier
	named  bool // names tell copies apart
}

// inBubble runs test as a subtest within a bubble of testing/synctest, on a day of our
// time and within a second, so that stamps of whole seconds lie before the request.
func inBubble(t *testing.T, name string, w Wire, test func(*copierTest)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Date(2026, 11, 26, 12, 0, 0, 700_000_000, time.UTC)
			time.Sleep(time.Until(start))
			v := newVendor(w)
			test(newCopierTest(t, v, baseURL, &http.Client{Transport: v}))
		})
	})
}

func newCopierTest(t *testing.T, v *vendor, base string, client *http.Client) *copierTest {
	t.Helper()
	c := v.wire.New(t, base, client)
	if c == nil {
		t.Fatal("Wire.New returned no Copier")
	}
	return &copierTest{T: t, vendor: v, copier: c, named: c.Identify(request).SearchKey != ""}
}

// identify tests the method.
func (t *copierTest) identify() {
	id := t.copier.Identify(request)
	if id.Provider == "" {
		t.Error("Identify gives no Provider: name the vendor, or its agents pass for those of others")
	}
	if id.Origin == "" {
		t.Error("Identify gives no Origin: give scheme, host and port of the base URL, or the copy on one server passes for one on another")
	}
	for range 3 {
		if again := t.copier.Identify(request); again != id {
			t.Errorf("Identify says of one request %+v and then %+v: it must depend on nothing but the request and the Copier, or no call finds the record of an earlier one", id, again)
		}
	}
	if got := t.copier.Identify(keyedRequest); got != id {
		t.Error("Identify depends on the IdempotencyKey, which is no part of the request: leave it out")
	}
	if n := t.vendor.requests.Load(); n > 0 {
		t.Errorf("Identify made %d requests: it must send none", n)
	}
	const elsewhere = "https://elsewhere.copier.test:8443"
	other := t.vendor.wire.New(t.T, elsewhere, &http.Client{Transport: t.vendor}).Identify(request)
	if other.Origin == id.Origin {
		t.Errorf("Identify gives the same Origin, %q, for the base URLs %s and %s: derive it from the base URL", id.Origin, baseURL, elsewhere)
	}
	second := request
	second.Name = "Invoices Hamburg"
	if t.named && t.copier.Identify(second).SearchKey == id.SearchKey {
		t.Error("Identify gives the same SearchKey for two names: give what FindCopies looks for, which is the name where names can be chosen")
	}
}

// outcomeOf is what an error of Copy claims.
func outcomeOf(err error) agentcopy.Outcome {
	o, _ := agentcopy.OutcomeOf(err)
	return o
}

// traced tests a Copier that says that its calls are traced.
func (t *copierTest) traced() {
	if !t.copier.Identify(request).Traced {
		t.Skip("Identity.Traced is not set")
	}
	var asked int64
	var refuse error
	ctx := agentcopy.ContextWithTrace(t.Context(), agentcopy.Trace{
		AttemptStart: func(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
			if !a.Call.Copies {
				return ctx, nil
			}
			asked++
			if n := t.vendor.sent.Load(); n >= asked {
				t.Errorf("AttemptStart was called after the request had left: call it right before")
			}
			if a.Timeout <= 0 {
				t.Error("AttemptInfo.Timeout is not set: give how long the attempt may take at most, or once sends again while it is under way")
			}
			return ctx, refuse
		},
	})
	if _, err := t.copier.Copy(ctx, request); err != nil {
		t.Errorf("Copy with a Trace failed: %v", err)
	}
	if asked != t.vendor.sent.Load() {
		t.Fatalf("Identity.Traced is set, but %d copy requests were sent and AttemptStart was called %d times with Call.Copies: call that of agentcopy.ContextTrace(ctx) before each, or leave Traced out", t.vendor.sent.Load(), asked)
	}
	refuse = errors.New("the lease is lost")
	before := t.vendor.sent.Load()
	_, err := t.copier.Copy(ctx, request)
	if n := t.vendor.sent.Load() - before; n > 0 {
		t.Error("AttemptStart returned an error, and the request was sent: do not send it")
	}
	if !errors.Is(err, refuse) || outcomeOf(err) == agentcopy.OutcomeCopied {
		t.Errorf("AttemptStart returned an error, and Copy returned %v: return an *agentcopy.Error that is NotCopied and wraps it", err)
	}
}
