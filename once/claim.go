package once

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go"
)

const (
	// leaseTime is how long a crashed process keeps others from a key, in a ledger
	// that cannot know that it crashed.
	leaseTime = 15 * time.Second
	// renewalTime is how often the lease is renewed. One renewal may fail.
	renewalTime = leaseTime / 3
	// ledgerTime bounds a write that is made although the call's context may have
	// ended: what is known of a copy must not be lost over that.
	ledgerTime = 10 * time.Second
)

// claim is a record whose lease this call holds, and renews in the background
// until it is released.
type claim struct {
	ledger   Ledger
	ctx      context.Context         // the values of the call's, and not ended with it
	endCall  context.CancelCauseFunc // cancels the call
	stopKeep context.CancelFunc      // ends the renewals
	kept     sync.WaitGroup          // the goroutine that renews

	mu      sync.Mutex // held while the ledger writes, so that writes are in order
	record  Record
	renewed time.Time // the lease runs from here, or from later
	over    bool      // finished, abandoned or lost
}

// newClaim begins to renew the lease of record, which was asked for at begun. If
// the lease cannot be kept, the call is cancelled by cancel.
func newClaim(ctx context.Context, ledger Ledger, record Record, begun time.Time, cancel context.CancelCauseFunc) *claim {
	c := &claim{ledger: ledger, ctx: context.WithoutCancel(ctx), endCall: cancel, record: record, renewed: begun}
	keep, stop := context.WithCancel(c.ctx)
	c.stopKeep = stop
	c.kept.Go(func() { c.keep(keep) })
	return c
}

// keep renews the lease until ctx ends or the lease is lost.
func (c *claim) keep(ctx context.Context) {
	ticker := time.NewTicker(renewalTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := c.renew(ctx); err != nil && ctx.Err() == nil {
			c.endCall(err)
			return
		}
	}
}

// renew returns an error if the lease is lost, or will be before it can be
// renewed the next time.
func (c *claim) renew(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil
	}
	now := time.Now()
	ctx, cancel := context.WithTimeout(ctx, renewalTime)
	defer cancel()
	err := c.ledger.Update(ctx, c.record, leaseTime)
	switch {
	case err == nil:
		c.renewed = now
		return nil
	case errors.Is(err, ErrLeaseLost):
		c.over = true
		return err
	case time.Since(c.renewed)+renewalTime >= leaseTime:
		return fmt.Errorf("%w: it could not be renewed: %w", ErrLeaseLost, err)
	}
	return nil
}

// update stores what change makes of the record. Where the ledger fails, the
// change stays: the next write will carry it.
func (c *claim) update(change func(*Record)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.record)
	return c.write(c.record, false, func(ctx context.Context, r Record) error {
		return c.ledger.Update(ctx, r, leaseTime)
	})
}

// finish records the copy. found says that no answer named it.
func (c *claim) finish(copied agentcopy.Copy, found bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := c.record
	done.Copy, done.Found = copied, found
	done.Copy.Body = nil // it may hold user data
	return c.write(done, true, c.ledger.Finish)
}

// abandon takes the record back.
func (c *claim) abandon() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(c.record, true, c.ledger.Abandon)
}

// write has the ledger store r by store, which ends the claim if last. The lock
// is held.
func (c *claim) write(r Record, last bool, store func(context.Context, Record) error) error {
	now := time.Now()
	ctx, cancel := context.WithTimeout(c.ctx, ledgerTime)
	defer cancel()
	err := store(ctx, r)
	switch {
	case err == nil:
		c.renewed, c.over = now, last
	case errors.Is(err, ErrLeaseLost):
		c.over = true
	}
	return err
}

// release ends the renewals, and gives the lease up if there is still one, so
// that the next call with the key need not wait for it to run out.
func (c *claim) release() {
	c.stopKeep()
	c.kept.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, ledgerTime)
	defer cancel()
	_ = c.ledger.Update(ctx, c.record, 0) // if this fails, it runs out by itself
}

// current returns the record as this call knows it.
func (c *claim) current() Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record
}
