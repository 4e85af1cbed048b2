package once_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// acme is a vendor with its Copier. Copies do what the next step says; looks show the
// agents that are visible.
type acme struct {
	mu     sync.Mutex
	agents []acmeAgent
	steps  []step // of the next copies; later ones are answered
	looks  []look // of the next looks; later ones tell the truth
	// edit changes what the later looks show.
	edit func([]agentcopy.Candidate) []agentcopy.Candidate

	sent   []time.Time
	keys   []string // the idempotency keys that were sent
	looked []time.Time

	traced bool // Identify says so; the steps tell the Trace, or do not
}

type acmeAgent struct {
	agentcopy.Copy
	visible time.Time
}

// step is what becomes of one copy request.
type step func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error)

// look is what becomes of one look.
type look func(context.Context) ([]agentcopy.Candidate, error)

func (a *acme) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	a.mu.Lock()
	a.sent, a.keys = append(a.sent, time.Now()), append(a.keys, req.IdempotencyKey)
	next := answered
	if len(a.steps) > 0 {
		next, a.steps = a.steps[0], a.steps[1:]
	}
	a.mu.Unlock()
	return next(a, ctx, req)
}

func (a *acme) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looked = append(a.looked, time.Now())
	if ctx.Err() != nil {
		return nil, failed(agentcopy.OutcomeNotCopied, 0, context.Cause(ctx))
	}
	if len(a.looks) > 0 {
		next := a.looks[0]
		a.looks = a.looks[1:]
		return next(ctx)
	}
	var found []agentcopy.Candidate
	for _, agent := range slices.Backward(a.agents) {
		if agent.Name == req.Name && !agent.CreatedAt.Before(since) && !time.Now().Before(agent.visible) {
			c := agent.Copy
			c.SourceID = req.SourceID // the vendor does not tell
			found = append(found, agentcopy.Candidate{Copy: c, Match: agentcopy.MatchCertain, Made: c.CreatedAt})
		}
	}
	if a.edit != nil {
		found = a.edit(found)
	}
	return found, nil
}

func (a *acme) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SearchKey: req.Name, Traced: a.traced}
}

// make adds an agent that shows after delay.
func (a *acme) make(req agentcopy.CopyRequest, delay time.Duration) agentcopy.Copy {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := agentcopy.Copy{
		Provider:  "acme",
		SourceID:  req.SourceID,
		ID:        "agent-" + strconv.Itoa(len(a.agents)+1),
		Name:      req.Name,
		CreatedAt: time.Now().Add(delay),
	}
	a.agents = append(a.agents, acmeAgent{c, c.CreatedAt})
	c.Body = []byte(`{"user": "data"}`)
	return c
}

func (a *acme) delete(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.agents = slices.DeleteFunc(a.agents, func(agent acmeAgent) bool { return agent.ID == id })
}

// counts returns how many agents there are, and how many copies were asked for.
func (a *acme) counts() (agents, sent int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.agents), len(a.sent)
}

// failed is the error of a vendor's client.
func failed(outcome agentcopy.Outcome, status int, cause error) *agentcopy.Error {
	return &agentcopy.Error{
		Provider: "acme", Operation: "CopyAgent", Outcome: outcome, StatusCode: status, Err: cause,
		Attempts: []agentcopy.Attempt{{Sent: true, StatusCode: status}},
	}
}

// nameTaken is the error of a vendor that says why it refuses.
func nameTaken(status int) *agentcopy.Error {
	e := failed(agentcopy.OutcomeNotCopied, status, nil)
	e.Message = "An agent with this name already exists"
	return e
}

// The steps.

var answered = late(0)

// making makes a copy that shows after delay, and returns what answer does.
func making(delay time.Duration, answer func(agentcopy.Copy) (agentcopy.Copy, error)) step {
	return func(a *acme, _ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
		return answer(a.make(req, delay))
	}
}

// late makes a copy that shows at once, and answers after delay.
func late(delay time.Duration) step {
	return making(0, func(c agentcopy.Copy) (agentcopy.Copy, error) {
		time.Sleep(delay)
		return c, nil
	})
}

// failing makes a copy that shows after delay, and fails with err.
func failing(delay time.Duration, err error) step {
	return making(delay, func(agentcopy.Copy) (agentcopy.Copy, error) { return agentcopy.Copy{}, err })
}

// lost makes a copy that shows after delay, and the answer is lost.
func lost(delay time.Duration) step {
	return failing(delay, failed(agentcopy.OutcomeUnknown, 502, nil))
}

// garbled makes a copy that shows after delay, and says so without naming it.
func garbled(delay time.Duration) step {
	return failing(delay, failed(agentcopy.OutcomeCopied, 200, nil))
}

// never ends with err and makes no copy.
func never(err error) step {
	return func(*acme, context.Context, agentcopy.CopyRequest) (agentcopy.Copy, error) {
		return agentcopy.Copy{}, err
	}
}

// slow does next after delay, or fails with an unknown outcome when ctx ends.
func slow(delay time.Duration, next step) step {
	return func(a *acme, ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
		select {
		case <-time.After(delay):
			return next(a, ctx, req)
		case <-ctx.Done():
			return agentcopy.Copy{}, failed(agentcopy.OutcomeUnknown, 0, context.Cause(ctx))
		}
	}
}

// blind is a look that ends with err.
func blind(err error) look {
	return func(context.Context) ([]agentcopy.Candidate, error) { return nil, err }
}

// possible is a look that shows agents of the name which may be older.
func possible(ids ...string) look {
	return func(context.Context) (found []agentcopy.Candidate, err error) {
		for _, id := range ids {
			found = append(found, agentcopy.Candidate{
				Copy:  agentcopy.Copy{Provider: "acme", SourceID: request.SourceID, ID: id, Name: request.Name},
				Match: agentcopy.MatchPossible, Reason: "it has no time stamp",
			})
		}
		return found, nil
	}
}

func repeated(l look, n int) []look { return slices.Repeat([]look{l}, n) }

var (
	errDropped = errors.New("connection reset")
	request    = agentcopy.CopyRequest{SourceID: "source-1", Name: "new"}
)

// newOnce returns a Runner with a ledger in memory, and a vendor.
func newOnce(steps ...step) (*once.Runner, *acme) {
	return &once.Runner{Ledger: once.NewMemoryLedger()}, &acme{steps: steps}
}

// faultyLedger is a ledger in memory to whose calls anything may happen.
type faultyLedger struct {
	*once.MemoryLedger

	mu     sync.Mutex
	errs   map[string]error // by method: it fails, and does nothing
	around func(ctx context.Context, method string, call func() error) error
}

// newFaulty returns a Runner with such a ledger, and a vendor.
func newFaulty(steps ...step) (*once.Runner, *faultyLedger, *acme) {
	ledger := &faultyLedger{MemoryLedger: once.NewMemoryLedger(), errs: make(map[string]error)}
	return &once.Runner{Ledger: ledger}, ledger, &acme{steps: steps}
}

// fail makes a method fail from now on; with nil, it works again.
func (l *faultyLedger) fail(method string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs[method] = err
}

// takeOver gives the key k to another process.
func (l *faultyLedger) takeOver(t *testing.T) {
	require.NoError(t, l.Remove(t.Context(), "k"))
	_, _, err := l.MemoryLedger.Begin(t.Context(), once.Record{Key: "k", Request: request}, time.Hour)
	require.NoError(t, err)
}

func (l *faultyLedger) do(ctx context.Context, method string, call func() error) error {
	l.mu.Lock()
	err, around := l.errs[method], l.around
	l.mu.Unlock()
	switch {
	case err != nil:
		return err
	case around != nil:
		return around(ctx, method, call)
	}
	return call()
}

func (l *faultyLedger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = l.do(ctx, "Begin", func() (err error) { stored, found, err = l.MemoryLedger.Begin(ctx, r, lease); return err })
	return stored, found, err
}

func (l *faultyLedger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return l.do(ctx, "Update", func() error { return l.MemoryLedger.Update(ctx, r, lease) })
}

func (l *faultyLedger) Finish(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Finish", func() error { return l.MemoryLedger.Finish(ctx, r) })
}

func (l *faultyLedger) Abandon(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Abandon", func() error { return l.MemoryLedger.Abandon(ctx, r) })
}

func (l *faultyLedger) Release(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Release", func() error { return l.MemoryLedger.Release(ctx, r) })
}

func (l *faultyLedger) Owners(ctx context.Context, refs []once.CopyRef) (owners map[once.CopyRef]once.Record, err error) {
	err = l.do(ctx, "Owners", func() (err error) { owners, err = l.MemoryLedger.Owners(ctx, refs); return err })
	return owners, err
}

func (l *faultyLedger) KeepsNames(ctx context.Context, id agentcopy.Identity) (keeps bool, err error) {
	err = l.do(ctx, "KeepsNames", func() (err error) { keeps, err = l.MemoryLedger.KeepsNames(ctx, id); return err })
	return keeps, err
}

func (l *faultyLedger) Pending(ctx context.Context, id agentcopy.Identity, since time.Time) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		if err := l.do(ctx, "Pending", func() error { return nil }); err != nil {
			yield(once.Record{}, err)
			return
		}
		l.MemoryLedger.Pending(ctx, id, since)(yield)
	}
}

// records returns the ledger's records by key.
func records(t *testing.T, l once.Ledger) map[string]once.Record {
	t.Helper()
	byKey := map[string]once.Record{}
	for r, err := range l.List(t.Context()) {
		require.NoError(t, err)
		byKey[r.Key] = r
	}
	return byKey
}

// requireSettled checks that each key has a copy of its own, and that the vendor
// made no other.
func requireSettled(t *testing.T, l once.Ledger, a *acme, keys int) {
	t.Helper()
	owned := map[string]string{}
	for key, r := range records(t, l) {
		require.True(t, r.Done(), "key %s is not done", key)
		require.Empty(t, owned[r.Copy.ID], "%s belongs to two keys", r.Copy.ID)
		owned[r.Copy.ID] = key
	}
	require.Len(t, owned, keys)
	agents, _ := a.counts()
	require.Equal(t, keys, agents, "agents made for %d keys", keys)
}

// leave puts the record of a key into the ledger whose process is gone.
func leave(t *testing.T, l once.Ledger, key string, change func(*once.Record)) once.Record {
	t.Helper()
	r := once.Record{Key: key, Request: request, Since: time.Now().UTC(), SentAt: time.Now().UTC(), Sends: 1, Identity: (&acme{}).Identify(request)}
	change(&r)
	r, _, err := l.Begin(t.Context(), r, 0)
	require.NoError(t, err)
	return r
}

// begin claims k as another process does.
func begin(t *testing.T, l once.Ledger, lease time.Duration) (r once.Record, found bool, err error) {
	return l.Begin(t.Context(), once.Record{Key: "k", Request: request, Identity: (&acme{}).Identify(request)}, lease)
}

// abandonedAfter ends a call for k after d, with its outcome unknown.
func abandonedAfter(t *testing.T, runner *once.Runner, vendor *acme, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.ErrorIs(t, copyOf(ctx, runner, "k", vendor, request), agentcopy.ErrOutcomeUnknown)
}

func copyOf(ctx context.Context, o *once.Runner, key string, c agentcopy.Copier, req agentcopy.CopyRequest) error {
	_, err := o.Copy(ctx, key, c, req)
	return err
}

// requireCopy requires that the copy of k is the agent id.
func requireCopy(t *testing.T, runner *once.Runner, c agentcopy.Copier, id string) {
	t.Helper()
	made, err := runner.Copy(t.Context(), "k", c, request)
	require.NoError(t, err)
	require.Equal(t, id, made.ID)
}

// inBubble runs test as a subtest of t, where waits take no time.
func inBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func keyOf(i int) string { return fmt.Sprintf("key %03d", i) }
