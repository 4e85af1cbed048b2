package once

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/agentcopy/agentcopy-go"
)

// Ledger is the memory of [Once]: a record for each key, which says what the key
// stands for and what became of it. [NewMemoryLedger] forgets it when the
// process ends; module boltledger keeps it in a local file, module redisstore
// where many machines share it.
//
// The methods may be called from any number of goroutines. Those that change a
// record are atomic, and what they did is durable when they return: a crash
// right after it, of the process or of the machine, does not undo it. When one
// fails for a reason of the ledger's own, it may have been done or not; the
// errors named below mean that it was not. All return soon when ctx ends.
//
// A ledger is never given a [Copy].Body, which may hold user data. Run
// oncetest.TestLedger on an implementation of your own.
type Ledger interface {
	// Begin claims the key of r for the length of lease. It returns
	//
	//   - r, stored, and found false, if there was no record of the key;
	//   - the record that is there, and found true, if r stands for the same
	//     request (see [Record.SameRequest]) and nobody holds its lease, or if it
	//     is done, in which case there is nothing to claim;
	//   - ErrKeyReused if the record stands for another request, before
	//     everything else;
	//   - ErrInProgress if the lease is held.
	//
	// A claimed record has a Token that no claim of the key had before. The lease
	// of a process that has provably ended may be taken as free at once.
	Begin(ctx context.Context, r Record, lease time.Duration) (stored Record, found bool, err error)

	// Update stores r, whose Token must be that of the latest claim, and lets the
	// lease run from now on; with a lease of zero it is given up, and the next
	// Begin claims the record at once. A claim whose lease ran out is as good as
	// before as long as nobody else has made one. Otherwise, and if the record is
	// done or gone, it is ErrLeaseLost and nothing is stored.
	//
	// It is called every few seconds with a record that has not changed. Only one
	// that has needs to be made durable.
	Update(ctx context.Context, r Record, lease time.Duration) error

	// Finish stores r, which is done, and ends its lease. It is ErrLeaseLost on
	// the same conditions as Update, and ErrCopyTaken, with nothing changed, if
	// another key has a record with the same [Record.Ref].
	Finish(ctx context.Context, r Record) error

	// Abandon removes the record of r and ends its lease: the request provably
	// made no copy. It is ErrLeaseLost on the same conditions as Update.
	Abandon(ctx context.Context, r Record) error

	// Owner returns the record that is done and has this Ref, if there is one.
	Owner(ctx context.Context, ref CopyRef) (r Record, found bool, err error)

	// Pending yields the records that are not done, in no set order. It yields
	// every one that is there from beginning to end; the loop may use the ledger.
	// An error is yielded once and ends the sequence.
	Pending(ctx context.Context) iter.Seq2[Record, error]

	// List yields all records, like Pending. It is for operators.
	List(ctx context.Context) iter.Seq2[Record, error]

	// Remove removes the record of key, whatever its state, and ends its lease;
	// there need not be one. It is for operators: the next call with the key makes
	// a copy, even if one has been made.
	Remove(ctx context.Context, key string) error
}

// Record is what a [Ledger] keeps of one key.
type Record struct {
	Key      string                `json:"key"`
	Identity agentcopy.Identity    `json:"identity,omitzero"`
	Request  agentcopy.CopyRequest `json:"request"`

	// Since is when the key was begun: what is older cannot be the copy. It is on
	// the clock of the machine that reads it. A ledger that several machines share
	// keeps it on a clock of its own, and converts it when it takes and gives it.
	Since time.Time `json:"since"`
	// Rounds is how often the request was sent or was about to be.
	Rounds int `json:"rounds"`
	// Outcome is OutcomeCopied once the vendor has said that it made a copy of which the
	// ID is not known: the request is never sent again. Until then it is OutcomeUnknown.
	Outcome agentcopy.Outcome `json:"outcome,omitzero"`

	// Copy is the zero Copy until the record is done.
	Copy agentcopy.Copy `json:"copy,omitzero"`
	// Found means that the Copy was found by looking for it: no answer named it.
	Found bool `json:"found,omitzero"`

	// Token tells the claims of a key apart. The ledger sets it in Begin.
	Token uint64 `json:"-"`
}

// Done reports whether the copy is made and known.
func (r *Record) Done() bool { return r.Copy.ID != "" }

// SameRequest reports whether two records stand for the same request.
func (r *Record) SameRequest(other *Record) bool {
	return r.Request == other.Request &&
		r.Identity.Provider == other.Identity.Provider &&
		r.Identity.Origin == other.Identity.Origin &&
		r.Identity.Template == other.Identity.Template
}

// Ref is what the copy of a record that is done is known by.
func (r *Record) Ref() CopyRef { return refOf(r, r.Copy) }

// refOf is what c is known by as the copy of r.
func refOf(r *Record, c agentcopy.Copy) CopyRef {
	return CopyRef{Origin: r.Identity.Origin, Provider: c.Provider, ID: c.ID}
}

// CopyRef names an agent among those of all vendors. No two keys of a [Ledger]
// have the same.
type CopyRef struct{ Origin, Provider, ID string }

// String is a text that no other CopyRef has.
func (r CopyRef) String() string { return fmt.Sprintf("%q %q %q", r.Origin, r.Provider, r.ID) }

// What [Once] and the implementations of [Ledger] refuse. Match them with
// errors.Is.
var (
	// ErrKeyReused: the key stands for another request, or for the same one on
	// another vendor, at another address or with another template. Nothing was
	// sent.
	ErrKeyReused = errors.New("the key stands for another request")
	// ErrInProgress: another process is at work on the key. Nothing was sent.
	ErrInProgress = errors.New("another process is at work on the key")
	// ErrAmbiguous: several agents could be the copy, or one that could as well
	// have been there before. The error lists them, and nothing is sent.
	ErrAmbiguous = agentcopy.ErrAmbiguous
	// ErrLeaseLost: another process has taken over the key, or an operator has
	// removed it. Nothing more is sent.
	ErrLeaseLost = errors.New("the lease of the key is lost")
	// ErrCopyTaken: the copy belongs to another key.
	ErrCopyTaken = errors.New("the copy belongs to another key")
)
