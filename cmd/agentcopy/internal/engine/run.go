// Package engine makes the copies of a manifest: each vendor in a lane of its own, all
// at once, each at its own pace.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
)

// Run makes the copies of a manifest.
type Run struct {
	Manifest *manifest.Manifest
	Rows     []*Row
	Lanes    []*Lane
	Gone     []once.Record // of the ledger, and no longer in the manifest
	Missing  []string      // the variables of the environment that lack a credential

	Settings
	Store   *store.Store                             // nil: there is none yet
	Known   map[string]string                        // by key, the IDs of copies that an older file of results names
	Logger  *slog.Logger                             // required by Open
	Limiter func(l *Lane) (agentcopy.Limiter, error) // nil: one in this process

	OnRow func(*Row)                    // a row is settled; one at a time
	OnSay func(lane *Lane, text string) // something about a lane, or nil for the run

	mu     sync.Mutex // of the rows
	saying sync.WaitGroup
}

// Settings are how a run works.
type Settings struct {
	Limits      map[string]vendor.Limit // by vendor, those of the operator's own
	SettleTime  time.Duration
	MaxWait     time.Duration
	Concurrency int  // of each lane
	FailedOnly  bool // take no rows but those that failed
	NoHalt      bool
	Adopt       bool // before any copy is made, look for those of rows that nothing is known about
}

// New sorts the rows of a manifest into lanes.
func New(m *manifest.Manifest, s Settings) *Run {
	r := &Run{Manifest: m, Settings: s, OnRow: func(*Row) {}, OnSay: func(*Lane, string) {}}
	lanes := make(map[*vendor.Vendor]*Lane)
	for _, row := range m.Rows {
		l := lanes[row.Vendor]
		if l == nil {
			l = &Lane{Vendor: row.Vendor, Limit: row.Vendor.Limit, run: r, flights: make(map[*flight]bool), looking: make(map[*Row]time.Time)}
			l.closed, l.shut = context.WithCancel(context.Background())
			if own, ok := s.Limits[row.Vendor.Name]; ok {
				l.Limit = own
			}
			lanes[row.Vendor], r.Lanes = l, append(r.Lanes, l)
		}
		own := &Row{Row: row, Status: NotStarted, lane: l}
		r.Rows, l.Rows = append(r.Rows, own), append(l.Rows, own)
	}
	return r
}

// Open makes the clients of the lanes whose credentials are in the environment, and notes
// which variables are missing for the others.
func (r *Run) Open() error {
	for _, l := range r.Lanes {
		if missing := l.Vendor.Missing(); len(missing) > 0 {
			r.Missing = append(r.Missing, missing...)
			continue
		}
		opts := []agentcopy.Option{
			agentcopy.WithUserAgent("agentcopy-tool/1"),
			agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: r.MaxWait}),
			agentcopy.WithTrace(l.trace()),
			agentcopy.WithLogger(r.Logger),
		}
		switch {
		case r.Limiter != nil:
			limiter, err := r.Limiter(l)
			if err != nil {
				return err
			}
			opts = append(opts, agentcopy.WithLimiter(limiter))
		case !l.Limit.Refills:
			// Also in place of Kolena's default, which rests for up to a minute after each
			// refusal, whatever Retry-After says. A run waits for what the vendor asks.
			opts = append(opts, agentcopy.WithLimiter(agentcopy.NewWindowLimiter(l.Limit.N, l.Limit.Per)))
		}
		copiers, err := l.Vendor.Open(opts...)
		if err != nil {
			return err
		}
		l.copiers = copiers
		l.Origin = l.copier(l.Rows[0]).Identify(l.Rows[0].Request).Origin
	}
	return nil
}

// Look asks the ledger for the account of each lane that has credentials, and what
// earlier runs have left. Its faults are rows whose keys name something else in the
// ledger. With sameAccount, a new credential belongs to the account that it knows.
func (r *Run) Look(ctx context.Context, sameAccount bool) (faults []manifest.Fault, err error) {
	for _, l := range r.Lanes {
		if l.Origin == "" {
			continue
		}
		if l.Account, err = r.Store.Account(ctx, l.Vendor.Name+" "+l.Origin, l.Vendor.Credential(), sameAccount); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Vendor.Name, err)
		}
	}
	failures, err := r.Store.Failures(ctx)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]*Row, len(r.Rows))
	for _, row := range r.Rows {
		rows[row.Key] = row
		if f, ok := failures[row.Key]; ok {
			row.Status, row.Cause, row.Error, row.failed = Failed, f.Cause, f.Error, true
		}
	}
	for record, err := range r.Store.List(ctx) {
		if err != nil {
			return nil, err
		}
		row := rows[record.Key]
		if row == nil {
			r.Gone = append(r.Gone, record)
			continue
		}
		row.AtWork = !record.Done()
		if status, why := StatusOf(&record); status != NotStarted { // that one may have failed
			row.Status, row.Cause, row.Error, row.Copy, row.Existing = status, "", why, record.Copy, status == Copied
		}
		if why := row.lane.conflict(row, &record); why != "" {
			faults = append(faults, manifest.Fault{Line: row.Line, Column: "key", Value: row.Key, Text: why})
		}
	}
	return faults, nil
}

// conflict says why the ledger's record cannot be that of the row.
func (l *Lane) conflict(row *Row, record *once.Record) string {
	was := record.Identity
	id := agentcopy.Identity{Provider: row.Vendor.Name, SourceID: row.Request.SourceID, Origin: was.Origin, Account: was.Account, Template: was.Template}
	if l.copiers != nil {
		id = l.copier(row).Identify(row.Request)
		if l.Account == "" {
			id.Account = was.Account
		}
	}
	own := once.Record{Identity: id, Request: row.Request}
	if own.Request.Name != record.Request.Name && id.SearchKey == record.Request.Name {
		own.Request.Name = id.SearchKey
	}
	switch {
	case own.SameRequest(record):
		return ""
	case was.Origin != id.Origin:
		return "was used at " + was.Origin + "; the base URL is now " + id.Origin
	case was.Account != id.Account:
		return "was used for another account"
	case was.Template != id.Template:
		return "was used with other values: " + was.Template + "; now they are " + id.Template
	}
	return fmt.Sprintf("names another copy in the ledger: %s %s %q; a key names one copy as long as the ledger lasts",
		was.Provider, record.Request.SourceID, record.Request.Name)
}

// Work are the rows of the lane that a run has work with.
func (l *Lane) Work() []*Row {
	return slices.DeleteFunc(slices.Clone(l.Rows), func(row *Row) bool {
		return row.Status == Copied || l.run.FailedOnly && row.Status != Failed
	})
}

// Stop sends no more. What is on the wire may end.
func (r *Run) Stop() {
	for _, l := range r.Lanes {
		l.locked(func() { l.close("") })
	}
}

// Do makes the copies. The end of ctx breaks off what is under way.
func (r *Run) Do(ctx context.Context) {
	var lanes sync.WaitGroup
	for _, l := range r.Lanes {
		ctx, cancel := context.WithCancel(ctx)
		l.locked(func() {
			l.cancel = cancel
			l.check() // a signal may have come before
		})
		lanes.Go(func() {
			defer cancel()
			defer context.AfterFunc(ctx, l.shut)()
			if r.Adopt {
				l.adopt(ctx)
			}
			l.fill()
			l.drive(ctx)
		})
	}
	lanes.Wait()
	r.saying.Wait()
}

// fill queues the rows that have work. Those that another process may hold, even one
// that was killed, come last.
func (l *Lane) fill() {
	var rows, held []*Row
	for _, row := range l.Work() {
		if row.AtWork {
			held = append(held, row)
		} else {
			rows = append(rows, row)
		}
	}
	rows = append(rows, held...)
	if l.run.Store.Shared { // or all processes would work on the same rows
		rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.left = make(chan *Row, len(rows)), len(rows)
	for _, row := range rows {
		l.queue <- row
	}
	if len(rows) == 0 {
		l.close("")
	}
}

func (r *Run) runner() *once.Runner {
	return &once.Runner{Ledger: r.Store, SettleTime: r.SettleTime, Concurrency: r.Concurrency, Logger: r.Logger}
}

func (l *Lane) drive(ctx context.Context) {
	for result := range l.run.runner().All(ctx, l.jobs) {
		row := result.Job.Data.(*Row)
		if errors.Is(result.Err, store.ErrFails) {
			l.breaker(result.Err)
		}
		settled := l.back(row, result.Err)
		l.run.settle(ctx, row, result.Copy, result.Existing, result.Err, settled)
	}
}

// adopt looks for the copies of rows that nothing is known about, and sends nothing. An
// agent that the vendor shows and that the results name is the copy. Other agents of
// the name make a row ambiguous.
func (l *Lane) adopt(ctx context.Context) {
	var workers sync.WaitGroup
	slots := make(chan struct{}, l.run.Concurrency)
	for _, row := range l.Rows {
		if row.Status != NotStarted || ctx.Err() != nil {
			continue
		}
		slots <- struct{}{}
		workers.Go(func() {
			found, err := l.find(ctx, row, l.run.Known[row.Key])
			l.locked(func() { delete(l.looking, row) })
			if !errors.Is(err, once.ErrNoCopy) {
				l.run.settle(ctx, row, found, true, err, err == nil) // a row in doubt comes again in drive
			}
			<-slots
		})
	}
	workers.Wait()
}

func (l *Lane) find(ctx context.Context, row *Row, id string) (agentcopy.Copy, error) {
	runner := l.run.runner()
	found, err := runner.Find(ctx, row.Key, l.copier(row), row.Request)
	if ambiguous, ok := errors.AsType[*once.AmbiguousError](err); ok && id != "" {
		for _, c := range ambiguous.Candidates {
			if strings.EqualFold(c.Copy.ID, id) {
				return c.Copy, runner.Assign(ctx, row.Key, c.Copy.ID)
			}
		}
	}
	return found, err
}

// settle notes how a call of the Runner ended for a row, remembers failures, and tells of
// the row if it is settled. A row that was not sent stays what it was.
func (r *Run) settle(ctx context.Context, row *Row, copied agentcopy.Copy, existing bool, err error, settled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	copied.Body, copied.Attempts = nil, nil // too much to keep of each row
	row.Copy, row.Existing = copied, existing && err == nil
	if status := statusOf(err); status != NotStarted || row.Status == NotStarted {
		row.Status, row.Cause, row.Error = status, causeOf(err).text, ""
		if err != nil {
			row.Error = strings.TrimPrefix(err.Error(), fmt.Sprintf("key %q: ", row.Key))
		}
	}
	if !settled {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = nil
	switch {
	case row.Status == Failed:
		err = r.Store.SetFailure(ctx, row.Key, store.Failure{Cause: row.Cause, Error: row.Error})
	case row.failed:
		err = r.Store.ClearFailure(ctx, row.Key)
	}
	if err != nil {
		r.OnSay(nil, "the ledger could not remember a failure: "+err.Error())
	}
	r.OnRow(row)
}
