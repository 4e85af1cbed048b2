package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

type (
	operation = vendortest.Operation
	result    = vendortest.Result
	answers   = vendortest.Answers
)

var (
	// operations are all that the conformance tables run for.
	operations     = vendortest.Operations()
	copyOperations = slices.DeleteFunc(slices.Clone(operations), func(o *operation) bool { return !o.Copies })
)

func operationNamed(name string) *operation {
	return operations[slices.IndexFunc(operations, func(o *operation) bool { return o.String() == name })]
}

// row is one line of a table: a fault that every request of a call meets, and
// what the call comes to.
type row struct {
	name  string
	fault fault

	want       wants
	is         error // what the error matches, of reads too; nil for no matter
	retryAfter time.Duration

	// loose is for what the transport decides or a race does: whether a connection
	// ended before the request or with it, whether net/http retries a read. Then
	// only the promises that hold in every case are checked, and that reads that may
	// be retried come through where they can.
	loose bool

	on       carriers
	later    bool // only as a later request on a connection
	safeOnly bool // the other modes would tell nothing that a row like this does not
	brief    bool // over the wires one case of each copy will do: memory has them all
	ends     callEnd
	timeout  time.Duration // of an attempt; 0: 30s
	maxWait  time.Duration // of RetryPolicy; 0: its default
	odd      oddTransport  // in memory, in place of the fault
}

// wants is after how many attempts, of at most maxAttempts, a call ends, and with
// what outcome. A kind of call whose attempts are 0 does not meet the row.
type wants struct {
	safe   int // attempts of a copy under RetrySafe; under RetryNever it ends so after one
	always int // of a copy under RetryAlways
	read   int // of a read under RetrySafe; under RetryNever it ends so after one
	// outcome is that of a copy. A read either succeeds or copies nothing.
	outcome agentcopy.Outcome
}

const (
	Succeeds  agentcopy.Outcome = -1
	Unknown                     = agentcopy.OutcomeUnknown
	NotCopied                   = agentcopy.OutcomeNotCopied
	Copied                      = agentcopy.OutcomeCopied
)

// carriers are the ways that a row goes, as a set. One that names neither memory nor
// a protocol goes every way.
type carriers int

const (
	inMemory carriers = 1 << iota
	overHTTP1
	overHTTP2
	withTLS // of the wires, only those with TLS
	inClear // of the wires, only those without

	anyWay  = inMemory | overHTTP1 | overHTTP2
	onWires = overHTTP1 | overHTTP2
)

func (r *row) ways() carriers {
	switch {
	case r.odd != nil:
		return inMemory
	case r.on&anyWay == 0:
		return r.on | anyWay
	}
	return r.on
}

const maxAttempts = 3

func (r *row) options(mode agentcopy.RetryMode) []agentcopy.Option {
	return []agentcopy.Option{
		agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithReadLimiter(agentcopy.Unlimited),
		agentcopy.WithAttemptTimeout(cmp.Or(r.timeout, 30*time.Second)),
		agentcopy.WithMaxResponseBytes(maxBody),
		agentcopy.WithRetry(agentcopy.RetryPolicy{
			Mode: mode, MaxAttempts: maxAttempts, MinBackoff: 1, MaxBackoff: time.Millisecond, MaxWait: r.maxWait,
		}),
	}
}

// connect makes a client that calls op through a transport, with the options of the row and more.
func (r *row) connect(
	op *operation, mode agentcopy.RetryMode, through http.RoundTripper, more ...agentcopy.Option,
) *vendortest.Caller {
	client, err := op.Connect(vendortest.Key(), slices.Concat(r.options(mode), []agentcopy.Option{throughTransport(through)}, more)...)
	if err != nil {
		panic(err) // a mistake of the test
	}
	return client
}

// callEnd is how the context of a call ends before the call does.
type callEnd struct {
	after    time.Duration // 0: for ever
	deadline bool          // by a deadline, not by a cancellation
}

var errGaveUp = errors.New("the caller gave up")

// context returns a context that ends so.
func (p callEnd) context(parent context.Context) (context.Context, context.CancelFunc) {
	switch {
	case p.after == 0:
		return context.WithCancel(parent)
	case p.deadline:
		return context.WithTimeoutCause(parent, p.after, errGaveUp)
	}
	ctx, cancel := context.WithCancelCause(parent)
	timer := time.AfterFunc(p.after, func() { cancel(errGaveUp) })
	return ctx, func() { timer.Stop(); cancel(nil) }
}

// errors are what the error of such a call matches.
func (p callEnd) errors() []error {
	switch {
	case p.after == 0:
		return nil
	case p.deadline:
		return []error{context.DeadlineExceeded}
	}
	return []error{context.Canceled, errGaveUp}
}

// wanted is after how many attempts the row expects a call of op under mode to end,
// and how.
func (r *row) wanted(op *operation, mode agentcopy.RetryMode) (attempts int, o agentcopy.Outcome) {
	attempts, o = r.want.safe, r.want.outcome
	switch {
	case !op.Copies && o == Succeeds:
		attempts = r.want.read
	case !op.Copies:
		attempts, o = r.want.read, NotCopied
	case mode == agentcopy.RetryAlways:
		attempts = r.want.always
	}
	if mode == agentcopy.RetryNever {
		attempts = min(attempts, 1)
	}
	return attempts, o
}

// observed is what came of one case.
type observed struct {
	op     *operation
	mode   agentcopy.RetryMode
	result *result
	err    error
	copies int // on the server
	// requests is how many reached the server; -1 where that is not known.
	requests int
}

// observe makes a call, and leaves it to the caller to count requests and copies.
func observe(ctx context.Context, op *operation, mode agentcopy.RetryMode, client *vendortest.Caller) observed {
	got, err := client.Do(ctx)
	return observed{op: op, mode: mode, result: got, err: err, requests: -1}
}

func (o *observed) failure() (*agentcopy.Error, bool) { return errors.AsType[*agentcopy.Error](o.err) }

// check compares what came of a case with the row, and returns the faults it
// found. What must hold whatever the row says, invariants checks.
func (r *row) check(o observed) []string {
	var faults []string
	complain := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	attempts, outcome := r.wanted(o.op, o.mode)
	succeeds := outcome == Succeeds
	if r.loose {
		if !o.op.Copies && o.mode != agentcopy.RetryNever && succeeds != (o.err == nil) {
			complain("got error %v, want success %v", o.err, succeeds)
		}
		return faults
	}
	if succeeds {
		if o.err != nil {
			complain("got error %v, want success", o.err)
		} else if o.result.Response != nil && len(o.result.Response.Attempts) != attempts {
			complain("got %d attempts, want %d", len(o.result.Response.Attempts), attempts)
		}
		return faults
	}
	e, failed := o.failure()
	if !failed {
		complain("got %v, want an *agentcopy.Error", o.err)
		return faults
	}
	if e.Outcome != outcome {
		complain("got outcome %v, want %v: %v", e.Outcome, outcome, o.err)
	}
	if len(e.Attempts) != attempts {
		complain("got %d attempts, want %d: %v", len(e.Attempts), attempts, o.err)
	}
	if status := r.fault.answer.status; status >= 300 && e.StatusCode != status {
		complain("got status %d, want %d: %v", e.StatusCode, status, o.err)
	}
	matches := []error{r.is}
	if o.mode != agentcopy.RetryNever || r.retryAfter == 0 { // else there is no wait to give up in
		matches = append(matches, r.ends.errors()...)
	}
	for _, is := range matches {
		if is != nil && !errors.Is(o.err, is) {
			complain("got %v, want an error that matches %v", o.err, is)
		}
	}
	if e.RetryAfter != r.retryAfter {
		complain("got RetryAfter %v, want %v", e.RetryAfter, r.retryAfter)
	}
	return faults
}

// invariants are the promises that hold in every case.
func (o *observed) invariants() []string {
	tally.note(o)
	var faults []string
	complain := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	e, failed := o.failure()
	switch {
	case o.err != nil && !failed:
		complain("got %#v, want an *agentcopy.Error", o.err)
	case o.err != nil && (e.Provider != o.op.Vendor.Name || e.Operation != o.op.Name):
		complain("the error is of %s.%s, want %v", e.Provider, e.Operation, o.op)
	case o.err != nil && e.Error() == "":
		complain("the error has no text")
	case o.err == nil && o.op.Copies && o.result.ID == "":
		complain("success without the ID of the new agent")
	}
	if o.requests >= 0 && failed && o.requests > len(e.Attempts) && o.op.Copies {
		complain("the server got %d requests of %d attempts: one was sent in silence", o.requests, len(e.Attempts))
	}
	if !o.op.Copies {
		if failed && e.Outcome != agentcopy.OutcomeNotCopied {
			complain("a read has outcome %v", e.Outcome)
		}
		return faults
	}
	switch {
	case o.mode != agentcopy.RetryAlways && o.copies > 1:
		complain("DUPLICATE: the server made %d copies under %v", o.copies, o.mode)
	case failed && e.Outcome == agentcopy.OutcomeNotCopied && o.copies > 0:
		complain("LOST: not copied, it says, but the server made %d copies: %v", o.copies, o.err)
	case (o.err == nil || failed && e.Outcome == agentcopy.OutcomeCopied) && o.copies == 0:
		complain("copied, it says, but the server made none: %v", o.err)
	}
	return faults
}

// tally counts what the whole suite did.
var tally counts

type counts struct {
	cases, copies, duplicates, allowed atomic.Int64
	byGateways                         atomic.Int64 // a gateway sent one request twice by itself
}

func (c *counts) note(o *observed) {
	c.cases.Add(1)
	if !o.op.Copies {
		return
	}
	c.copies.Add(int64(o.copies))
	more := int64(max(0, o.copies-1))
	if o.mode == agentcopy.RetryAlways {
		c.allowed.Add(more)
	} else {
		c.duplicates.Add(more)
	}
}

// made notes cases that ask for one copy each, and the copies of them all.
func (c *counts) made(cases, copies int) {
	c.cases.Add(int64(cases))
	c.copies.Add(int64(copies))
	c.duplicates.Add(int64(max(0, copies-cases)))
}

func (c *counts) String() string {
	return fmt.Sprintf("conformance: %d cases, %d copies made, %d duplicates under RetrySafe and RetryNever (%d under RetryAlways, which allows them; %d more by a gateway that retried by itself)",
		c.cases.Load(), c.copies.Load(), c.duplicates.Load(), c.allowed.Load(), c.byGateways.Load())
}

var modes = []agentcopy.RetryMode{agentcopy.RetrySafe, agentcopy.RetryNever, agentcopy.RetryAlways}

// applies reports whether a row makes sense for an operation.
func (r *row) applies(op *operation) bool {
	attempts, _ := r.wanted(op, agentcopy.RetrySafe)
	return attempts > 0 && r.fault.answer.body.textFor(op.Answers) != absent
}

// modesOf are those that make a difference for op.
func modesOf(op *operation) []agentcopy.RetryMode {
	if op.Copies {
		return modes
	}
	return modes[:2]
}

// throughTransport sends through rt, with a client that must not be asked about redirects.
func throughTransport(rt http.RoundTripper) agentcopy.Option {
	asked := func(*http.Request, []*http.Request) error { panic("CheckRedirect was asked") }
	return agentcopy.WithHTTPClient(&http.Client{Transport: rt, CheckRedirect: asked})
}

// slow reports whether the row takes real time over a wire.
func (r *row) slow() bool { return r.timeout > 0 || r.ends.after > 0 }
