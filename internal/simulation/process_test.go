package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// process is one life of a program that makes copies. It may be suspended or crash
// at any of its calls of the ledger, and before a read.
type process struct {
	world   *world
	name    string
	calm    bool
	runner  *once.Runner
	clients map[*service]agentcopy.Copier
	end     context.CancelCauseFunc

	mu        sync.Mutex
	calls     int
	crashAt   int
	suspendAt map[int]time.Duration
	wakes     time.Time
	crashed   bool
	clock     clock
}

func (w *world) newProcess(name string, r *rand.Rand, calm bool) *process {
	p := &process{world: w, name: name, calm: calm, clients: make(map[*service]agentcopy.Copier), crashAt: -1, suspendAt: make(map[int]time.Duration)}
	l := &ledger{process: p, Ledger: w.ledger}
	p.runner = &once.Runner{Ledger: l}
	if r.IntN(2) == 0 {
		p.runner.Ledger = &indexed{l, w.ledger}
	}
	for i, s := range w.services {
		n := &network{process: p, service: s, scope: fmt.Sprintf("simulation %d %s %d", w.seed, name, i), http2: r.IntN(2) == 0}
		p.clients[s] = watched{s.client(n)}
	}
	p.clock.shown = make(map[time.Time]time.Time)
	if calm {
		return p
	}
	if !w.blinds() { // a SentAt from a clock that is ahead makes short calls wait until then
		p.clock.draw(r)
	}
	if r.IntN(3) == 0 {
		p.crashAt = r.IntN(20 * len(w.jobs))
	}
	for r.IntN(2) == 0 {
		p.suspendAt[r.IntN(20*len(w.jobs))] = upTo(r, 50*time.Second)
	}
	return p
}

// watched tells the story what looks have shown.
type watched struct{ agentcopy.Copier }

func (c watched) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	candidates, err := c.Copier.FindCopies(ctx, req, since)
	shows := ""
	for _, one := range candidates {
		shows += fmt.Sprintf(" %s %q %v", one.Copy.ID, one.Copy.Name, one.Match)
	}
	call := callOf(ctx)
	call.showing = call.process.world.own(call.key, candidates)
	call.look(shows, err)
	return candidates, err
}

// gate is where a process may stop for good, or for a while. A process that is
// suspended does not notice that a context has ended.
func (p *process) gate() error {
	p.mu.Lock()
	p.calls++
	if p.calls == p.crashAt {
		p.crashed = true
		p.world.log("", "%s crashes", p.name)
		defer p.end(errCrashed)
	}
	if d := p.suspendAt[p.calls]; d > 0 {
		p.wakes = time.Now().Add(d)
		p.world.log("", "%s is suspended for %v", p.name, d)
	}
	wait := time.Until(p.wakes)
	p.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
	if p.dead() {
		return errCrashed
	}
	return nil
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.crashed
}

// call is what one process does for one key. What it draws does not depend on what
// others do.
type call struct {
	process   *process
	key       string
	random    *rand.Rand
	shown     string // by the last look
	showing   string // the key's own copy, that the look under way has shown
	seen      string // the key's own copy, that a look has shown
	abandoned bool   // the record was taken back
	claimed   bool   // an answer said that the copy was made, and not which
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

func (c *call) below(n int) int { return c.random.IntN(n) }

func (c *call) upTo(d time.Duration) time.Duration { return upTo(c.random, d) }

// look tells of a look that has shown something else than the one before.
func (c *call) look(shows string, err error) {
	if err != nil {
		shows += ", " + err.Error()
	}
	if shows == "" {
		shows = " nothing"
	}
	if c.shown != shows {
		c.shown = shows
		c.log("a look shows%s", shows)
	}
}

func (c *call) log(format string, args ...any) {
	c.process.world.log(c.key, c.process.name+": "+format, args...)
}

// ledger is the one ledger as a process sees it: it fails before or after the work is
// done, is late by more than a lease, and gives times on the clock of the process.
type ledger struct {
	once.Ledger
	process *process
}

var errAway = errors.New("the ledger is away")

// do makes one call of the ledger.
func (l *ledger) do(ctx context.Context, name string, do func() error) error {
	c := callOf(ctx)
	if err := l.process.gate(); err != nil {
		return err
	}
	if l.process.calm {
		return do()
	}
	wait := func(d time.Duration) error {
		if c.below(60) == 0 {
			d = upTo(c.random, 25*time.Second)
			c.log("%s takes %v", name, d)
		}
		return pause(ctx, d)
	}
	fate := c.below(100)
	if err := wait(c.upTo(20 * time.Millisecond)); err != nil {
		return err
	}
	if fate < 2 {
		c.log("%s fails before it is done", name)
		return errAway
	}
	err := do()
	if late := wait(c.upTo(20 * time.Millisecond)); late != nil {
		return late
	}
	if err := l.process.gate(); err != nil {
		return err
	}
	if fate < 4 {
		c.log("%s fails after it is done", name)
		return errAway
	}
	if err != nil && !errors.Is(err, once.ErrInProgress) {
		c.log("%s: %v", name, err)
	}
	return err
}

// clock is the wall clock of a process. The code under test reads the true time, which
// its times are here, too; what its clock showed matters where times leave the process
// and come back.
type clock struct {
	ahead time.Duration
	steps []step
	shown map[time.Time]time.Time // what the clock showed, by a time of the process
}

type step struct {
	at time.Time
	by time.Duration
}

func (c *clock) draw(r *rand.Rand) {
	if r.IntN(3) > 0 {
		return
	}
	around := func() time.Duration {
		return pick(r, time.Duration(1), -1) * upTo(r, pick(r, 5*time.Second, 3*time.Minute, time.Hour))
	}
	c.ahead = around()
	for range r.IntN(3) {
		c.steps = append(c.steps, step{time.Now().Add(upTo(r, 3*time.Minute)), around()})
	}
}

// now is by how much the clock is ahead.
func (c *clock) now() (ahead time.Duration) {
	ahead = c.ahead
	for _, s := range c.steps {
		if !time.Now().Before(s.at) {
			ahead += s.by
		}
	}
	return ahead
}

// stored is one time of a record: as the process that wrote it saw it, and on the
// ledger's own clock.
type stored struct{ shown, own time.Time }

// store is what a ledger on a database keeps of a time that the process writes. What has
// not changed stays.
func (p *process) store(before stored, t time.Time) stored {
	if t.IsZero() {
		return stored{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ahead := p.clock.now()
	shown, known := p.clock.shown[t]
	if !known {
		shown = t.Add(ahead)
		p.clock.shown[t] = shown
	}
	if before.shown.Equal(shown) {
		return before
	}
	return stored{shown, shown.Add(-ahead)}
}

// load is what the process is given of it: on its clock, the earlier or the later.
func (p *process) load(s stored, latest bool) time.Time {
	if s.own.IsZero() {
		return time.Time{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ahead := p.clock.now()
	t := s.shown.Add(-ahead)
	if s.own.After(t) == latest {
		t = s.own
	}
	p.clock.shown[t] = t.Add(ahead)
	return t
}

// times are those of the record of a key.
type times struct{ since, sentAt, lookedAt stored }

// wrote has the ledger store the times of r, unless writing it failed.
func (l *ledger) wrote(r once.Record, err error) error {
	if err == nil {
		p, t := l.process, l.process.world.timesOf(r.Key)
		t = times{p.store(t.since, r.Since), p.store(t.sentAt, r.SentAt), p.store(t.lookedAt, r.LookedAt)}
		p.world.times.Store(r.Key, t)
	}
	return err
}

func (w *world) timesOf(key string) times {
	t, _ := w.times.LoadOrStore(key, times{})
	return t.(times)
}

// read is a record as the process is given it.
func (l *ledger) read(r once.Record) once.Record {
	t := l.process.world.timesOf(r.Key)
	r.Since, r.SentAt, r.LookedAt = l.process.load(t.since, false), l.process.load(t.sentAt, true), l.process.load(t.lookedAt, true)
	return r
}

func (l *ledger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = l.do(ctx, "Begin", func() error {
		stored, found, err = l.Ledger.Begin(ctx, r, lease)
		if err == nil && !found {
			return l.wrote(r, nil)
		}
		return err
	})
	if err != nil {
		return once.Record{}, false, err
	}
	return l.read(stored), found, nil
}

func (l *ledger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return l.do(ctx, "Update", func() error { return l.wrote(r, l.Ledger.Update(ctx, r, lease)) })
}

func (l *ledger) Release(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Release", func() error { return l.wrote(r, l.Ledger.Release(ctx, r)) })
}

func (l *ledger) Finish(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Finish", func() error { return l.wrote(r, l.Ledger.Finish(ctx, r)) })
}

func (l *ledger) Abandon(ctx context.Context, r once.Record) error {
	return l.do(ctx, "Abandon", func() error {
		err := l.Ledger.Abandon(ctx, r)
		if err == nil {
			callOf(ctx).abandoned = true
			l.process.world.abandoned(r.Key)
		}
		return err
	})
}

func (l *ledger) Owners(ctx context.Context, refs []once.CopyRef) (owners map[once.CopyRef]once.Record, err error) {
	err = l.do(ctx, "Owners", func() error {
		owners, err = l.Ledger.Owners(ctx, refs)
		for ref, r := range owners {
			owners[ref] = l.read(r)
		}
		return err
	})
	if c := callOf(ctx); err == nil && c.showing != "" {
		c.seen = c.showing // the look is whole
	}
	return owners, err
}

func (l *ledger) Pending(ctx context.Context, id agentcopy.Identity, sentSince time.Time) iter.Seq2[once.Record, error] {
	return l.records(ctx, "Pending", l.Ledger.Pending(ctx, id, time.Time{}), sentSince)
}

func (l *ledger) List(ctx context.Context) iter.Seq2[once.Record, error] {
	return l.records(ctx, "List", l.Ledger.List(ctx), time.Time{})
}

func (l *ledger) records(ctx context.Context, name string, all iter.Seq2[once.Record, error], sentSince time.Time) iter.Seq2[once.Record, error] {
	return func(yield func(once.Record, error) bool) {
		var records []once.Record
		err := l.do(ctx, name, func() error {
			for r, err := range all {
				if err != nil {
					return err
				}
				if r = l.read(r); !r.SentAt.Before(sentSince) {
					records = append(records, r)
				}
			}
			return nil
		})
		if err != nil {
			yield(once.Record{}, err)
			return
		}
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// indexed is a ledger that has an index.
type indexed struct {
	*ledger
	index once.Index
}

func (l *indexed) Get(ctx context.Context, key string) (r once.Record, found bool, err error) {
	err = l.do(ctx, "Get", func() error {
		r, found, err = l.index.Get(ctx, key)
		return err
	})
	return l.read(r), found, err
}

func (l *indexed) KeepsNames(ctx context.Context, id agentcopy.Identity) (keeps bool, err error) {
	err = l.do(ctx, "KeepsNames", func() error {
		keeps, err = l.index.KeepsNames(ctx, id)
		return err
	})
	return keeps, err
}
