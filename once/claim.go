package once

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

// ledgerTime bounds a write that is made although the call's context may have
// ended: what is known of a copy must not be lost with it.
const ledgerTime = 10 * time.Second

// claim is a record whose lease this call holds, and renews in the background
// until it is released.
type claim struct {
	ledger Ledger
	call   context.Context         // the call's; ends when the lease is lost
	end    context.CancelCauseFunc // ends call
	writes context.Context         // has the values of call, and does not end with it
	stop   context.CancelFunc      // ends the renewals
	kept   sync.WaitGroup          // the goroutine that renews
	found  bool                    // there was a record before

	// sem is held while the ledger writes, so that writes are in order. It is a
	// channel, since a mutex that is held across a ledger's call stops the clock of
	// testing/synctest.
	sem chan struct{}

	mu       sync.Mutex // of what follows; never held across a call
	record   Record
	version  int       // of the record, which set raises
	stored   int       // the version that the ledger has
	renewed  time.Time // the lease runs from here, or from later
	over     bool      // finished, abandoned or lost
	panicked any       // what the ledger panicked with in the background
}

// clock is time.Now, but in tests that set the wall clock.
var clock = time.Now

// newClaim begins to renew the lease of record, which was asked for at asked. The
// call that claim.call is for ends if the lease cannot be kept.
func newClaim(ctx context.Context, ledger Ledger, record Record, found bool, asked time.Time) *claim {
	c := &claim{ledger: ledger, record: record, found: found, renewed: asked, sem: make(chan struct{}, 1)}
	c.call, c.end = context.WithCancelCause(ctx)
	c.writes = context.WithoutCancel(ctx)
	keep, stop := context.WithCancel(c.writes)
	c.stop = stop
	c.kept.Go(func() { c.keep(keep) })
	return c
}

// keep renews the lease until ctx ends or the lease is lost.
func (c *claim) keep(ctx context.Context) {
	ticker := time.NewTicker(lease.Renewal())
	defer ticker.Stop()
	defer func() {
		if p := recover(); p != nil { // release passes it on
			c.panicked = p
			c.end(fmt.Errorf("%w: the ledger panicked: %v", ErrLeaseLost, p))
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := c.renew(ctx); err != nil && ctx.Err() == nil {
			c.end(err)
			return
		}
	}
}

// renew returns an error if the lease is lost, or will be before the next renewal.
func (c *claim) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lease.Renewal())
	defer cancel()
	err := c.save(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrLeaseLost):
		return err
	case elapsed(c.renewed)+lease.Renewal() >= lease.Time:
		return fmt.Errorf("%w: it could not be renewed: %w", ErrLeaseLost, err)
	}
	return nil
}

// update stores what change makes of the record. Where the ledger fails, the
// change stays: the next write carries it.
func (c *claim) update(ctx context.Context, change func(*Record)) error {
	c.set(change)
	return c.save(ctx)
}

// save stores the record and renews the lease.
func (c *claim) save(ctx context.Context) error {
	return c.write(ctx, false, nil, func(ctx context.Context, r Record) error { return c.ledger.Update(ctx, r, lease.Time) })
}

// set changes the record for the next write.
func (c *claim) set(change func(*Record)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.record)
	c.version++
}

// finish stores what done makes of the record, which is then done.
func (c *claim) finish(done func(*Record)) error {
	return c.write(c.writes, true, done, c.ledger.Finish)
}

// abandon takes the record back.
func (c *claim) abandon() error { return c.write(c.writes, true, nil, c.ledger.Abandon) }

// write has the ledger store what change, if there is one, makes of the record.
// last ends the claim. It returns ErrLeaseLost if the claim is over.
func (c *claim) write(ctx context.Context, last bool, change func(*Record), store func(context.Context, Record) error) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	select {
	case c.sem <- struct{}{}:
		defer func() { <-c.sem }()
	case <-ctx.Done():
		return contextError(ctx)
	}
	c.mu.Lock()
	record, version, over := cloned(c.record), c.version, c.over
	c.mu.Unlock()
	if over {
		return ErrLeaseLost
	}
	if change != nil {
		change(&record)
	}
	asked := clock()
	err := store(ctx, record)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.renewed, c.over, c.stored = asked, last, version
	case errors.Is(err, ErrLeaseLost):
		c.over = true
	}
	return err
}

// work has do work on the key, and releases it.
func (c *claim) work(do func() error) (err error) {
	defer func() {
		if lost := c.release(); lost != nil && err != nil {
			err = fmt.Errorf("%w; the ledger could not record what is known now: %w", err, lost)
		}
	}()
	return do()
}

// release ends the renewals, and gives the lease up if there is still one, so that
// the next call with the key need not wait for it to run out. It returns an error if
// the ledger does not know all that this call does.
func (c *claim) release() error {
	c.stop()
	c.kept.Wait()
	defer c.end(nil)
	if c.panicked != nil {
		panic(c.panicked)
	}
	err := c.write(c.writes, true, nil, c.ledger.Release) // if this fails, the lease runs out by itself
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.stored == c.version {
		return nil
	}
	return err
}

// current returns the record as this call knows it.
func (c *claim) current() Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cloned(c.record)
}

// elapsed is how long ago from was, by the clock that says more: the monotonic
// clock stands still while a machine sleeps, and the wall clock may be set back.
func elapsed(from time.Time) time.Duration {
	now := clock()
	return max(now.Sub(from), now.Round(0).Sub(from.Round(0)))
}
