package once_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// Runs of many keys, in which anything may go wrong that Once promises to
// survive. In the end each key has a copy, and nobody has a second one.
//
// AGENTCOPY_SEEDS=6000 tries that many courses of events.
func TestOnceSurvivesAnythingItPromisesTo(t *testing.T) {
	seeds := uint64(20)
	if more, err := strconv.ParseUint(os.Getenv("AGENTCOPY_SEEDS"), 10, 64); err == nil {
		seeds = more
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chaos{random: rand.New(rand.NewPCG(seed, 5)), vendor: &acme{}, ledger: once.NewMemoryLedger()}
				const keys = 40
				for run := 0; !c.done(t, keys); run++ {
					require.Less(t, run, 100, "no end: %v", c.last)
					c.last = map[string]error{}
					c.run(t, keys)
					if run == 50 {
						c.operate(t)
					}
				}
				requireSettled(t, c.ledger, c.vendor, keys)
			})
		})
	}
}

// chaos is a vendor, a ledger and a source of trouble.
type chaos struct {
	mu     sync.Mutex
	random *rand.Rand
	vendor *acme
	ledger once.Ledger
	last   map[string]error // of the last run, by key
}

func (c *chaos) chance(percent int) bool { return c.below(100) < percent }

func (c *chaos) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

func (c *chaos) upTo(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.random.Int64N(int64(d)))
}

func (c *chaos) done(t *testing.T, keys int) bool { return settled(t, c.ledger) == keys }

// run is one life of two processes that share the ledger, and end at random
// moments.
func (c *chaos) run(t *testing.T, keys int) {
	var processes sync.WaitGroup
	for range 2 {
		life := c.upTo(2 * time.Minute)
		order := c.order(keys)
		processes.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), life)
			defer cancel()
			// A ledger of its own in the eyes of Once, so that the two do not take turns.
			runner := &once.Runner{Ledger: &process{Ledger: c.ledger, chaos: c}}
			for r := range runner.All(ctx, c.jobs(order)) {
				if c.chance(1) {
					break
				}
				c.account(t, r)
			}
		})
	}
	processes.Wait()
	time.Sleep(c.upTo(30 * time.Second)) // until somebody starts them again
}

// operate does what an operator must once in a thousand lives: a key whose copy
// the vendor has confirmed, but which a key of the same request has adopted
// before that, waits for it until it is removed.
func (c *chaos) operate(t *testing.T) {
	for key, r := range records(t, c.ledger) {
		if !r.Done() && r.Outcome == agentcopy.OutcomeCopied {
			require.NoError(t, c.ledger.Remove(t.Context(), key))
		}
	}
}

func (c *chaos) order(n int) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Perm(n)
}

func (c *chaos) jobs(order []int) func(func(once.Job) bool) {
	return func(yield func(once.Job) bool) {
		for _, i := range order {
			// Three keys stand for the same request.
			job := once.Job{Key: keyOf(i), Copier: c, Request: agentcopy.CopyRequest{SourceID: "source-1", Name: keyOf(i / 3)}}
			if !yield(job) {
				return
			}
		}
	}
}

// account fails the test for an error that nothing explains.
func (c *chaos) account(t *testing.T, r once.Result) {
	if r.Err != nil {
		c.mu.Lock()
		c.last[r.Job.Key] = r.Err
		c.mu.Unlock()
	}
	for _, known := range []error{
		nil, agentcopy.ErrOutcomeUnknown, agentcopy.ErrCopied, once.ErrInProgress, once.ErrLeaseLost,
		agentcopy.ErrRateLimited, errAway, context.DeadlineExceeded,
	} {
		if r.Err == known || known != nil && errors.Is(r.Err, known) {
			return
		}
	}
	t.Errorf("%v", r.Err)
}

func (c *chaos) Identify(req agentcopy.CopyRequest) agentcopy.Identity { return c.vendor.Identify(req) }

// Copy is answered, lost, refused or late, and never made later than the settle
// time.
func (c *chaos) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	if err := pause(ctx, c.upTo(2*time.Second)); err != nil {
		return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 0, err)
	}
	var made agentcopy.Copy
	copies := c.chance(70)
	if copies {
		made = c.vendor.make(req, c.upTo(20*time.Second))
	}
	if err := pause(ctx, c.upTo(5*time.Second)); err != nil {
		return agentcopy.Copy{}, failed(agentcopy.OutcomeUnknown, 0, err)
	}
	switch {
	case copies && c.chance(60):
		return made, nil
	case copies && c.chance(20):
		return agentcopy.Copy{}, failed(agentcopy.OutcomeCopied, 200, nil)
	case !copies && c.chance(30):
		return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 429, nil)
	case c.chance(20):
		return agentcopy.Copy{}, errDropped
	}
	return agentcopy.Copy{}, failed(agentcopy.OutcomeUnknown, 502, nil)
}

func (c *chaos) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	if err := pause(ctx, c.upTo(time.Second)); err != nil {
		return nil, failed(agentcopy.OutcomeNotCopied, 0, err)
	}
	if c.chance(10) {
		return nil, failed(agentcopy.OutcomeNotCopied, 503, nil)
	}
	return c.vendor.FindCopies(ctx, req, since)
}

// process is the ledger as one process sees it: away now and then.
type process struct {
	once.Ledger
	chaos *chaos
}

var errAway = fmt.Errorf("the ledger is away")

// fails says that the ledger failed before it did anything, or only after it.
func (p *process) fails() (before, after bool) {
	return p.chaos.chance(2), p.chaos.chance(2)
}

func (p *process) Begin(ctx context.Context, r once.Record, lease time.Duration) (once.Record, bool, error) {
	before, after := p.fails()
	if before {
		return once.Record{}, false, errAway
	}
	stored, found, err := p.Ledger.Begin(ctx, r, lease)
	if after {
		return once.Record{}, false, errAway
	}
	return stored, found, err
}

func (p *process) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return p.write(func() error { return p.Ledger.Update(ctx, r, lease) })
}

func (p *process) Finish(ctx context.Context, r once.Record) error {
	return p.write(func() error { return p.Ledger.Finish(ctx, r) })
}

func (p *process) Abandon(ctx context.Context, r once.Record) error {
	return p.write(func() error { return p.Ledger.Abandon(ctx, r) })
}

func (p *process) write(do func() error) error {
	before, after := p.fails()
	if before {
		return errAway
	}
	err := do()
	if after {
		return errAway
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
