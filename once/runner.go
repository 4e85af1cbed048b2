// Package once makes copies exactly once, across lost answers, crashes, restarts
// and the processes that share a ledger. No vendor has an idempotency key; your own
// key and a [Ledger] take its place:
//
//	client, err := zudu.NewFromEnv() // or another vendor's
//	...
//	runner := &once.Runner{Ledger: ledger}
//	copied, err := runner.Copy(ctx, "tenant 17/support", client.Copier(), agentcopy.CopyRequest{
//		SourceID: "agent_123", Name: "Support, Berlin",
//	})
//
// It keeps this promise: exactly once where the copy can be recognised, at most
// once and an error that says so where it cannot.
//
// # When an answer is lost
//
// The intent is in the ledger before a request leaves. When the vendor does not
// say what became of the request, the Runner looks for the copy in the vendor's list:
// at once, and then with growing pauses. If exactly one agent is certain to be the
// copy, the Runner takes it. It sends the request again only if all of this holds:
//
//   - SettleTime has passed since the request was last sent, by any process.
//   - Two looks that saw everything, at least 2 seconds apart, found nothing that
//     may be the copy; the second began after SettleTime.
//   - No agent that may be the copy was seen before and is hidden now.
//   - The vendor does not show that the copy was made, and no answer said so.
//   - This call has sent fewer than three requests.
//
// An agent may be the copy if it was made since the request and has the name asked for,
// or one that the vendor may have derived from it. Until the ledger holds a copy that an
// answer named exactly as asked, which shows that the vendor keeps names, a new agent of
// any name may be the copy. The Runner sets aside agents that another key owns, that a
// person has dismissed, or whose exact name another pending key asked for.
//
// What no look can settle is an [AmbiguousError], which needs a person: call
// [Runner.Assign] or [Runner.Dismiss], and then Copy again.
//
// # What it cannot see
//
//   - A vendor that makes the copy, or shows it, later than SettleTime after the answer
//     was lost.
//   - A gateway that sends a request twice by itself.
//   - A process that is suspended for longer than its lease (15 seconds) between its
//     last write to the ledger and the wire: it then sends without a lease.
package once

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

// Runner makes copies exactly once. Its fields must not change while its methods,
// which may be called from any number of goroutines, are at work.
type Runner struct {
	// Ledger remembers what the keys stand for and what became of them. Required.
	Ledger Ledger
	// SettleTime is how long after the request was last sent, by any process, the
	// vendor may still show the copy. 0 means 30s.
	SettleTime time.Duration
	// Concurrency is how many jobs All works on at a time. 0 means 8.
	Concurrency int
	// Logger gets a line for each send, each search for a copy, each copy found, and each
	// reason to wait. It never gets a name or a body. Default, when nil: silent.
	Logger *slog.Logger
}

const (
	defaultSettleTime  = 30 * time.Second
	defaultConcurrency = 8
)

// Copy makes the copy that key names, or returns the one that was made under it
// before. You choose the key: at most 1024 bytes of UTF-8, not blank. It names this one
// copy for as long as the Ledger lasts, and never another.
//
// While another call in the process works on the key, Copy waits for it. If another
// process does, Copy waits for one lease (15 seconds) and then fails with
// [ErrInProgress]. If the key stands for another request, the error is [ErrKeyReused].
//
// An error whose outcome is NotCopied leaves no trace in the Ledger: the next call
// with the key begins anew. After any other the record stays, and the next call
// goes on looking. Check for them in this order:
//
//   - [AmbiguousError]: a person has to decide; calling again does not help.
//   - [agentcopy.ErrCopied]: the vendor said that it made the copy, which does not
//     show. The request is never sent again; call again to go on looking.
//   - [agentcopy.ErrOutcomeUnknown]: ctx ended before it was known whether there is a
//     copy, the vendor refuses to be asked, no look has seen every agent for 10 minutes,
//     or three requests were sent and no copy showed. Call again to go on.
//   - [ErrLeaseLost] with it: another process has taken over the key.
//
// If a copy was made and the Ledger cannot record it, Copy returns the copy
// together with an error that matches ErrCopied.
//
// agentcopy.OutcomeOf(err) is the outcome of the key.
func (r *Runner) Copy(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	result := r.claimed(ctx, key, c, req, (*run).copy)
	return result.Copy, result.Err
}

// aboutKey puts the key before an error.
func aboutKey(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("key %q: %w", key[:min(len(key), longestKey)], err)
}

// claimed waits until no other caller is at work on the key, claims it, and has do
// work on it. A key that is done is not claimed.
func (r *Runner) claimed(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest,
	do func(*run, context.Context) Result) (result Result) {
	defer func() { result.Err = aboutKey(key, result.Err) }()
	if err := cmp.Or(r.check(ctx, key), checkRequest(c, req)); err != nil {
		return Result{Err: err}
	}
	record := recordOf(key, c, req)
	unlock, err := keyLocks.lock(ctx, r, key)
	if err != nil {
		return Result{Err: err}
	}
	defer unlock()
	claim, err := r.begin(ctx, record)
	if err != nil {
		return Result{Err: err}
	}
	if done := claim.current(); done.Done() {
		return Result{Copy: done.Copy, Existing: true}
	}
	result.Err = claim.work(func() error {
		result = do(newRun(r, c, claim, cmp.Or(req.IdempotencyKey, idempotencyKey(&record))), claim.call)
		return result.Err
	})
	return result
}

// recordOf is the record of a request before its first claim. Its IDs are canonical.
func recordOf(key string, c agentcopy.Copier, req agentcopy.CopyRequest) Record {
	id := c.Identify(req)
	req.IdempotencyKey = ""
	req.SourceID = cmp.Or(id.SourceID, req.SourceID)
	if strings.TrimSpace(req.Name) == id.SearchKey { // the vendor trims
		req.Name = id.SearchKey
	}
	return Record{Key: key, Identity: id, Request: req}
}

// begin claims the key of record. It waits for one lease while another process is
// at work on it.
func (r *Runner) begin(ctx context.Context, record Record) (*claim, error) {
	until := time.Now().Add(lease.Time)
	for told := false; ; {
		asked := clock()
		stored, found, err := r.Ledger.Begin(ctx, record, lease.Time)
		switch {
		case errors.Is(err, ErrInProgress) && time.Now().Before(until):
			if !told {
				told = true
				r.logInProgress(ctx, record)
			}
			if err := sleep(ctx, lease.Renewal()/5); err != nil {
				return nil, fmt.Errorf("%w; the wait for it ended: %w", ErrInProgress, err)
			}
			continue
		case errors.Is(err, ErrKeyReused), errors.Is(err, ErrInProgress):
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("the ledger could not record the intent, so nothing was sent: %w", err)
		case stored.Done():
			return &claim{record: stored, found: true}, nil
		}
		stored.Identity = record.Identity // what is not stored: Traced
		return newClaim(ctx, r.Ledger, stored, found, asked), nil
	}
}

// longestKey is the length of a key, in bytes, that every Ledger must take.
const longestKey = 1024

// check refuses bad arguments before anything is written or sent.
func (r *Runner) check(ctx context.Context, key string) error {
	fault := ""
	switch {
	case ctx == nil:
		fault = "ctx is nil"
	case r == nil:
		fault = "the Runner is nil"
	case check.IsNil(r.Ledger):
		fault = "Runner.Ledger is nil"
	case r.SettleTime < 0:
		fault = fmt.Sprintf("Runner.SettleTime is negative: %v", r.SettleTime)
	case r.Concurrency < 0:
		fault = fmt.Sprintf("Runner.Concurrency is negative: %d", r.Concurrency)
	case strings.TrimSpace(key) == "":
		fault = "the key is empty"
	case len(key) > longestKey:
		fault = fmt.Sprintf("the key is longer than %d bytes: %d", longestKey, len(key))
	case !utf8.ValidString(key):
		fault = fmt.Sprintf("the key is not valid UTF-8: %q", key)
	default:
		return nil
	}
	return invalid(fault)
}

func checkRequest(c agentcopy.Copier, req agentcopy.CopyRequest) error {
	switch {
	case check.IsNil(c):
		return invalid("the Copier is nil")
	case !utf8.ValidString(req.SourceID):
		return invalid(fmt.Sprintf("CopyRequest.SourceID is not valid UTF-8: %q", req.SourceID))
	case !utf8.ValidString(req.Name):
		return invalid(fmt.Sprintf("CopyRequest.Name is not valid UTF-8: %q", req.Name))
	}
	return nil
}

func invalid(fault string) error { return fmt.Errorf("%s: %w", fault, agentcopy.ErrInvalid) }
