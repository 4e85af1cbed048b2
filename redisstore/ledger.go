package redisstore

import (
	"context"
	"time"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/redis/go-redis/v9"
)

// Ledger is an once.Ledger that any number of processes and machines share:
// with it, once.Runner makes one copy of each key among all of them.
//
// The lease of a key runs on Redis's clock. A process that crashed loses it when
// it runs out, and the next one to call with the key goes on looking for the
// copy. One that was stopped for so long that it lost the lease cannot change the
// record any more: each claim has a token, and only that of the latest one
// counts.
//
// All keys of a ledger live on one node of a Cluster. To spread them, use several
// prefixes; but a copy is known to the ledger alone that made it.
//
// All methods may be called from any number of goroutines. Errors that match
// [ErrUnavailable] leave open whether it was done what was asked for; all others
// mean that it was not.
type Ledger struct {
	store  store
	prefix string
	keys   []string
}

var _ once.Ledger = (*Ledger)(nil)

// NewLedger returns the ledger of that prefix. It does no I/O. Read what the
// package says of a Redis that loses its data, and of how to configure it.
//
// The prefix names the ledger, such as "team-a"; anybody who may list the keys of
// the Redis sees it. It panics if rdb is nil or the prefix is empty.
func NewLedger(rdb redis.UniversalClient, prefix string, opts ...LedgerOption) *Ledger {
	switch {
	case rdb == nil:
		panic("redisstore.NewLedger: rdb is nil")
	case prefix == "":
		panic("redisstore.NewLedger: prefix is empty")
	}
	prefix = tag(prefix) + "ledger:"
	l := &Ledger{
		store:  newStore(rdb),
		prefix: prefix,
		keys:   []string{prefix + "records", prefix + "pending", prefix + "owners", prefix + "state"},
	}
	for _, opt := range opts {
		opt.applyToLedger(l)
	}
	return l
}

// String makes a printed Once readable.
func (l *Ledger) String() string { return "a ledger in Redis" }

// Begin claims the key of r; see once.Ledger.
func (l *Ledger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	text, err := encode(&r)
	if err != nil {
		return once.Record{}, false, err
	}
	asked, nonce := time.Now(), newID()
	reply, err := l.store.run(ctx, command{
		script: beginScript,
		keys:   l.keys,
		args:   []any{r.Key, requestDigest(&r), nonce, microseconds(lease), age(r.Since, asked), text},
		undo:   func() { l.unclaim(r.Key, nonce) },
	})
	if err != nil {
		return once.Record{}, false, err
	}
	if err := fault(reply); err != nil {
		return once.Record{}, false, err
	}
	if stored, err = decode(reply[1], reply[2], asked); err != nil {
		return once.Record{}, false, err
	}
	if found = reply[0] == "found"; !found {
		stored.Since = r.Since // as it was given, rather than there and back
	}
	return stored, found, nil
}

// Update stores r and renews its lease; see once.Ledger.
func (l *Ledger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	text, err := encode(&r)
	if err != nil {
		return err
	}
	return l.do(ctx, command{
		script: updateScript,
		keys:   l.keys,
		args:   []any{r.Key, r.Token, microseconds(lease), age(r.Since, time.Now()), text},
	})
}

// Finish stores r, which is done; see once.Ledger.
func (l *Ledger) Finish(ctx context.Context, r once.Record) error {
	text, err := encode(&r)
	if err != nil {
		return err
	}
	return l.do(ctx, command{
		script: finishScript,
		keys:   l.keys,
		args:   []any{r.Key, r.Token, age(r.Since, time.Now()), text, refDigest(r.Ref()), newID()},
	})
}

// Abandon removes the record of r, whose request made no copy; see
// once.Ledger.
func (l *Ledger) Abandon(ctx context.Context, r once.Record) error {
	return l.do(ctx, command{
		script: abandonScript,
		keys:   append(l.keys[:len(l.keys):len(l.keys)], l.prefix+"abandoned:"+newID()),
		args:   []any{r.Key, r.Token},
	})
}

// Owner returns the record of the copy ref; see once.Ledger.
func (l *Ledger) Owner(ctx context.Context, ref once.CopyRef) (r once.Record, found bool, err error) {
	asked := time.Now()
	reply, err := l.store.run(ctx, command{script: ownerScript, keys: l.keys, args: []any{refDigest(ref)}})
	if err != nil || reply[0] == "none" {
		return once.Record{}, false, err
	}
	r, err = decode(reply[1], reply[2], asked)
	return r, err == nil, err
}

// Remove removes the record of key, whatever it says; see once.Ledger.
func (l *Ledger) Remove(ctx context.Context, key string) error {
	return l.do(ctx, command{script: removeScript, keys: l.keys, args: []any{key}})
}

// unclaim takes back what a Begin did that nobody waited for any more.
func (l *Ledger) unclaim(key, nonce string) {
	ctx, cancel := context.WithTimeout(context.Background(), tidyTime)
	defer cancel()
	_ = l.do(ctx, command{script: unclaimScript, keys: l.keys, args: []any{key, nonce}}) // else the lease runs out
}

// do runs a script that answers with what became of it alone.
func (l *Ledger) do(ctx context.Context, c command) error {
	reply, err := l.store.run(ctx, c)
	if err != nil {
		return err
	}
	return fault(reply)
}

// fault is what a script refused.
func fault(reply []any) error {
	switch reply[0] {
	case "reused":
		return once.ErrKeyReused
	case "held":
		return once.ErrInProgress
	case "lost":
		return once.ErrLeaseLost
	case "taken":
		return once.ErrCopyTaken
	}
	return nil
}
