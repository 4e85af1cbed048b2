package once

import (
	"context"
	"errors"
	"iter"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Ledger is the memory of a [Runner]: a [Record] for each key, which says what
// the key stands for and what became of it. [NewMemoryLedger] forgets it when
// the process ends. Module once/sqlledger keeps it in a database: one SQLite file,
// or PostgreSQL where several machines share it.
//
// The methods may be called from any number of goroutines. Those that change a
// record are atomic, and what they did is durable when they return: a crash right
// after, of the process or of the machine, does not undo it. The errors named below
// mean that nothing was changed; after any other error, the record may have changed or
// not. All methods return soon after ctx ends.
//
// Times are given and returned on the caller's clock. A ledger that several
// machines share reads its own clock too, and returns the earlier Since and the
// later SentAt, so that no step of either clock hides a copy.
//
// A ledger is never given an [agentcopy.Copy].Body, which may hold user data, or an
// IdempotencyKey. Test your own implementation with oncetest.TestLedger. If it can look
// up records by an index, implement [Index] as well.
type Ledger interface {
	// Begin claims the key of r for the length of lease. It returns
	//
	//   - r, stored, and found false, if there was no record of the key;
	//   - the existing record, and found true, if r stands for the same request (see
	//     [Record.SameRequest]) and the lease is free, or if the record is done and
	//     there is nothing to claim;
	//   - ErrKeyReused if the record stands for another request, whatever else holds;
	//   - ErrInProgress if the lease is held.
	//
	// A claimed record has a Token that no claim of the key had before. A lease
	// that ends later than now plus lease is cut to that, so that a clock that
	// jumped holds a key for one lease at most.
	Begin(ctx context.Context, r Record, lease time.Duration) (stored Record, found bool, err error)

	// Update stores r, whose Token must be that of the latest claim, and lets the
	// lease run from now on. A claim whose lease ran out stays valid until there
	// is another one. After that, and if the record is done or gone, Update returns
	// ErrLeaseLost and stores nothing.
	//
	// It is called every few seconds with an unchanged record to renew the lease. Only
	// changes need to be made durable.
	Update(ctx context.Context, r Record, lease time.Duration) error

	// Release stores r and gives its lease up: the next Begin claims the record at
	// once. It is ErrLeaseLost on the same conditions as Update.
	Release(ctx context.Context, r Record) error

	// Finish stores r, which is done, and ends its lease. It is ErrLeaseLost on
	// the same conditions as Update, and ErrCopyTaken, with nothing changed, if
	// another key has a record with the same [Record.Ref].
	Finish(ctx context.Context, r Record) error

	// Abandon removes the record of r and ends its lease: the request provably
	// made no copy. It is ErrLeaseLost on the same conditions as Update.
	Abandon(ctx context.Context, r Record) error

	// Owners returns, for each of refs, the done record that has it. A ref that no key
	// owns is not in the map.
	Owners(ctx context.Context, refs []CopyRef) (map[CopyRef]Record, error)

	// Pending yields the records that are sent and not done, in no set order: those
	// of the same Provider, Origin and Account as id, whose SentAt is at or after
	// sentSince. A zero id or sentSince leaves nothing out. It yields every record that
	// exists during the whole loop; the loop may use the ledger. An error is yielded once
	// and ends the sequence.
	Pending(ctx context.Context, id agentcopy.Identity, sentSince time.Time) iter.Seq2[Record, error]

	// List yields all records, in no set order. It is for operators.
	List(ctx context.Context) iter.Seq2[Record, error]

	// Remove removes the record of key, whatever its state, and ends its lease;
	// there need not be one. It is for operators: the next call with the key makes
	// a copy, even if one has been made.
	Remove(ctx context.Context, key string) error
}

// Index may be implemented by a [Ledger] that can answer without reading all records.
// A Runner falls back on List if the ledger does not implement it.
type Index interface {
	// Get returns the record of key, if there is one.
	Get(ctx context.Context, key string) (r Record, found bool, err error)
	// KeepsNames reports whether a done record of id's Provider, Origin, Account
	// and Template shows that the vendor keeps names: an answer named the copy
	// (Found is false), and the copy has exactly the name that was asked for
	// (Identity.SearchKey).
	KeepsNames(ctx context.Context, id agentcopy.Identity) (bool, error)
}

// Sentinels of a [Runner] and of the implementations of [Ledger], for errors.Is.
var (
	// ErrKeyReused: the key stands for another request, or for the same one on
	// another vendor, at another address, for another account or with another
	// template. Nothing was sent.
	ErrKeyReused = errors.New("the key stands for another request")
	// ErrInProgress: another process is at work on the key. Nothing was sent.
	ErrInProgress = errors.New("another process is at work on the key")
	// ErrLeaseLost: another process has taken the key over, or an operator has
	// removed it. This call sends nothing more.
	ErrLeaseLost = errors.New("the lease of the key is lost")
	// ErrCopyTaken: the copy belongs to another key.
	ErrCopyTaken = errors.New("the copy belongs to another key")
	// ErrNoCopy: Runner.Find saw no agent that could be the copy.
	ErrNoCopy = errors.New("found no copy")
	// ErrAmbiguous: the Runner cannot tell which agent is the copy, or whether one is;
	// see [AmbiguousError]. Nothing is sent until a person decides.
	ErrAmbiguous = errors.New("cannot tell which agent is the copy")
)
