package once

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Runner makes copies exactly once, across lost answers, crashes and the processes
// that share its Ledger. No vendor has an idempotency key; this is one.
//
//	once := &agentcopy.Runner{Ledger: ledger}
//	copied, err := once.Copy(ctx, "import 17/agent 4", client.Copier(), agentcopy.CopyRequest{
//		SourceID: "agent_123", Name: "Support, Berlin",
//	})
//
// Before a request is sent, its intent is written to the Ledger. When the vendor
// does not say what became of it, Runner looks for the copy instead of sending the
// request again: at once, and then with growing pauses until SettleTime has
// passed. A record that an earlier run has left behind is looked after in the
// same way, first of all. What is found is adopted; only where nothing is to be
// seen by then, the request is sent again.
//
// It is as good as what it can see. A vendor that makes the copy later than
// SettleTime after the answer was lost, an agent of the same name that somebody
// else makes at the same moment, and a Copier whose client repeats unknown
// outcomes by itself ([RetryAlways]) are beyond it. The doc comment of each
// vendor's Copier says how a copy is recognised.
//
// The fields must not change while the methods, which may be called from any
// number of goroutines, are at work.
type Runner struct {
	// Ledger remembers what the keys stand for and what became of them. Required.
	Ledger Ledger
	// SettleTime is how long after an unknown outcome the vendor may still show
	// the copy. 0 means 30s.
	SettleTime time.Duration
	// Concurrency is how many jobs All works on at a time. 0 means 8.
	Concurrency int
}

const (
	defaultSettleTime  = 30 * time.Second
	defaultConcurrency = 8
)

// Copy makes the copy that key names, or returns the one that was made under it
// before. The key is yours: it names this one copy for as long as the Ledger
// lasts, and never another.
//
// While another caller of the process is at work on the key, Copy waits for it.
// If another process is, it fails with [ErrInProgress]. It sends nothing either
// if the key stands for another request, with [ErrKeyReused].
//
// An error that says [OutcomeNotCopied] leaves no trace in the Ledger: the next call
// with the key begins anew. With every other one the record stays, and the next
// call goes on looking:
//
//   - [ErrOutcomeUnknown]: ctx ended before it was known whether there is a copy,
//     the vendor refuses to be asked, or three requests were sent and no copy of
//     any showed. The error matches the cause, and the vendor's last error, too.
//   - [ErrCopied]: the same, but the vendor has said that a copy was made. The
//     request is never sent again. To have it sent after all, remove the key from
//     the Ledger.
//   - [ErrAmbiguous]: several agents could be the copy. The error lists them.
//     Runner the ones that are not it are deleted or renamed, the next call adopts
//     the one that is left.
//   - [ErrLeaseLost]: another process has taken over the key, because this one
//     was stopped for too long or could not reach the Ledger.
//
// If a copy was made and the Ledger cannot record it, Copy returns the copy
// together with an error that matches ErrCopied.
//
// To read what the vendor said, use errors.AsType[*Error]: the Outcome of the
// Error it finds is that of the key.
func (o *Runner) Copy(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	copied, _, err := o.copy(ctx, key, c, req)
	return copied, err
}

// copy is Copy that also tells whether the copy existed before this call, or was
// found rather than named by the vendor.
func (o *Runner) copy(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) (copied agentcopy.Copy, existing bool, err error) {
	if err = o.check(ctx, key, c, req); err == nil {
		copied, existing, err = o.serialized(ctx, key, c, req)
	}
	if err != nil {
		err = fmt.Errorf("key %q: %w", key[:min(len(key), longestKey)], err)
	}
	return copied, existing, err
}

// serialized waits until no other caller of the process is at work on the key,
// claims it, and makes the copy.
func (o *Runner) serialized(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) (agentcopy.Copy, bool, error) {
	unlock, err := keyLocks.lock(ctx, o, key)
	if err != nil {
		return agentcopy.Copy{}, false, fmt.Errorf("while another call was at work on it: %w", err)
	}
	defer unlock()
	begun := time.Now()
	record, found, err := o.Ledger.Begin(ctx, Record{
		Key:      key,
		Identity: identityOf(c, req),
		Request:  req,
		Since:    begun.UTC(),
		Rounds:   1,
	}, leaseTime)
	switch {
	case errors.Is(err, ErrKeyReused), errors.Is(err, ErrInProgress):
		return agentcopy.Copy{}, false, err
	case err != nil:
		return agentcopy.Copy{}, false, fmt.Errorf("the ledger could not record the intent, so nothing was sent: %w", err)
	case record.Done():
		return record.Copy, true, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	claim := newClaim(ctx, o.Ledger, record, begun, cancel)
	defer claim.release()
	e := &errand{
		ledger:     o.Ledger,
		copier:     c,
		request:    req,
		claim:      claim,
		settleTime: orDuration(o.SettleTime, defaultSettleTime),
		sentBefore: found,
		seen:       make(map[string]time.Time),
	}
	return e.run(ctx)
}

// longestKey is the length of a key, in bytes, that every Ledger must take.
const longestKey = 1024

// check refuses what cannot be worked with, before anything is written or sent.
func (o *Runner) check(ctx context.Context, key string, c agentcopy.Copier, req agentcopy.CopyRequest) error {
	fault := ""
	switch {
	case ctx == nil:
		fault = "ctx is nil"
	case o.Ledger == nil:
		fault = "Runner.Ledger is nil"
	case o.SettleTime < 0:
		fault = "Runner.SettleTime is negative"
	case o.Concurrency < 0:
		fault = "Runner.Concurrency is negative"
	case strings.TrimSpace(key) == "":
		fault = "the key is empty"
	case len(key) > longestKey:
		fault = fmt.Sprintf("the key is longer than %d bytes", longestKey)
	case !utf8.ValidString(key):
		fault = "the key is not valid UTF-8"
	case c == nil:
		fault = "the agentcopy.Copier is nil"
	case !utf8.ValidString(req.SourceID) || !utf8.ValidString(req.Name):
		fault = "the request is not valid UTF-8"
	default:
		return nil
	}
	return fmt.Errorf("%s: %w", fault, agentcopy.ErrInvalid)
}

func orDuration(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// contextError is why ctx ended, or nil.
func contextError(ctx context.Context) error { return check.ContextError(ctx) }

// identityOf is what c says of req, or what is assumed where it says nothing.
func identityOf(c agentcopy.Copier, req agentcopy.CopyRequest) agentcopy.Identity {
	if i, ok := c.(agentcopy.Identifier); ok {
		return i.Identify(req)
	}
	return agentcopy.Identity{Mark: req.Name}
}
