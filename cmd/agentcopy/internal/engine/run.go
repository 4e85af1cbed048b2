package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
)

// Run makes the copies of a manifest.
type Run struct {
	Rows  []*Row
	Lanes []*Lane
	Gone  []once.Record // of the ledger, and no longer in the manifest

	Store       *store.Store // nil: there is none yet
	SettleTime  time.Duration
	MaxWait     time.Duration
	Concurrency int // of each lane
	NoHalt      bool
	FailedOnly  bool
	Logger      *slog.Logger
	Limiter     func(l *Lane) agentcopy.Limiter // nil: the clients' own

	OnRow func(*Row)                    // a row is settled; one at a time
	OnSay func(lane *Lane, text string) // something about a lane
	OnErr func(err error)               // the table beside the ledger fails

	stop    atomic.Bool
	traffic *traffic
	mu      sync.Mutex
}

// New sorts the rows of a manifest into lanes. limits are the operator's own.
func New(rows []*manifest.Row, limits map[string]vendor.Limit) *Run {
	r := &Run{traffic: &traffic{flights: make(map[*flight]bool), idle: func() {}}}
	lanes := make(map[*vendor.Vendor]*Lane)
	for _, v := range vendor.All() {
		lanes[v] = &Lane{Vendor: v, Limit: v.Limit, run: r, traffic: r.traffic}
		lanes[v].changed = sync.NewCond(&lanes[v].mu)
		if own, ok := limits[v.Name]; ok {
			lanes[v].Limit = own
		}
	}
	for _, row := range rows {
		own := &Row{Row: row, Status: NotStarted}
		r.Rows = append(r.Rows, own)
		lanes[row.Vendor].Rows = append(lanes[row.Vendor].Rows, own)
	}
	for _, v := range vendor.All() {
		if len(lanes[v].Rows) > 0 {
			r.Lanes = append(r.Lanes, lanes[v])
		}
	}
	return r
}

func (r *Run) say(l *Lane, text string) {
	if r.OnSay != nil {
		r.OnSay(l, text)
	}
}

func (r *Run) stopped() bool { return r.stop.Load() }

// Open makes the clients of the lanes whose credentials there are.
func (r *Run) Open() error {
	var errs []error
	for _, l := range r.Lanes {
		if len(l.Vendor.Missing()) == 0 {
			errs = append(errs, l.open())
		}
	}
	return errors.Join(errs...)
}

func (l *Lane) open() (err error) {
	opts := []agentcopy.Option{
		agentcopy.WithUserAgent("agentcopy-tool/1"),
		agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: l.run.MaxWait}),
		agentcopy.WithTrace(l.traffic.trace()), agentcopy.WithTrace(l.trace()),
	}
	if l.run.Logger != nil {
		opts = append(opts, agentcopy.WithLogger(l.run.Logger))
	}
	switch {
	case l.run.Limiter != nil:
		opts = append(opts, agentcopy.WithLimiter(l.run.Limiter(l)))
	case l.Limit != l.Vendor.Limit:
		opts = append(opts, agentcopy.WithLimiter(l.Limit.Limiter()))
	}
	if l.client, err = l.Vendor.Open(opts...); err == nil {
		l.Origin = l.client.Copier(l.Rows[0].Extras).Identify(l.Rows[0].Request).Origin
	}
	return err
}

// Look reads from the ledger what earlier runs have left. Its faults are rows whose
// keys the ledger has for something else.
func (r *Run) Look(ctx context.Context) (faults []manifest.Fault, err error) {
	if r.Store == nil {
		return nil, nil
	}
	failures, err := r.Store.Failures(ctx)
	if err != nil {
		return nil, fmt.Errorf("the ledger cannot be read: %w", err)
	}
	rows := make(map[string]*Row, len(r.Rows))
	lanes := make(map[*vendor.Vendor]*Lane)
	for _, l := range r.Lanes {
		lanes[l.Vendor] = l
	}
	for _, row := range r.Rows {
		rows[row.Key] = row
		if f, ok := failures[row.Key]; ok {
			row.Status, row.Cause, row.Error, row.failed = Failed, f.Cause, f.Error, true
		}
	}
	for record, err := range r.Store.List(ctx) {
		if err != nil {
			return nil, fmt.Errorf("the ledger cannot be read: %w", err)
		}
		row := rows[record.Key]
		if row == nil {
			r.Gone = append(r.Gone, record)
			continue
		}
		row.remembered(&record)
		if why := lanes[row.Vendor].conflict(row, &record); why != "" {
			faults = append(faults, manifest.Fault{Line: row.Line, Column: "key", Value: row.Key, Text: why})
		}
	}
	return faults, nil
}

// remembered notes what the ledger says of the row.
func (r *Row) remembered(record *once.Record) {
	r.begun = !record.Done()
	switch {
	case record.Done():
		r.copied(record.Copy, true)
	case len(record.Seen) > 0:
		r.Status, r.Error = Ambiguous, fmt.Sprintf("%d agents may be the copy", len(record.Seen))
	case record.Outcome == agentcopy.OutcomeCopied:
		r.Status, r.Error = InDoubt, "the vendor said it made the copy, which did not show yet"
	case record.Sent():
		r.Status, r.Error = InDoubt, "it is not known whether the request made a copy"
	}
}

// conflict says why the ledger's record cannot be that of the row.
func (l *Lane) conflict(row *Row, record *once.Record) string {
	id := agentcopy.Identity{Provider: row.Vendor.Name, SourceID: row.Request.SourceID, Origin: record.Identity.Origin, Account: record.Identity.Account, Template: record.Identity.Template}
	if l.client != nil {
		id = l.copier(row).Identify(row.Request)
		if l.Account == "" {
			id.Account = record.Identity.Account
		}
	}
	own := once.Record{Identity: id, Request: row.Request}
	if own.Request.Name != record.Request.Name && id.SearchKey == record.Request.Name {
		own.Request.Name = id.SearchKey
	}
	was := record.Identity
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
	return fmt.Sprintf("stands in the ledger for another copy: %s %s %q; a key names one copy as long as the ledger lasts",
		was.Provider, record.Request.SourceID, record.Request.Name)
}

// ToDo reports whether a run has work with the row.
func (r *Run) ToDo(row *Row) bool {
	return row.Status != Copied && (!r.FailedOnly || row.Status == Failed)
}

// Stop lets what is on the wire end, and sends no more.
func (r *Run) Stop() {
	r.stop.Store(true)
	r.traffic.withdraw(true)
	for _, l := range r.Lanes {
		l.changed.Broadcast()
	}
}

// Do makes the copies. The end of ctx breaks off what is under way.
func (r *Run) Do(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.traffic.idle = cancel
	defer context.AfterFunc(ctx, func() {
		for _, l := range r.Lanes {
			l.changed.Broadcast()
		}
	})()
	var lanes sync.WaitGroup
	for _, l := range r.Lanes {
		var begun []*Row // another process, that was killed, may hold them for a while
		for _, row := range l.Rows {
			switch {
			case r.ToDo(row) && row.begun:
				begun = append(begun, row)
			case r.ToDo(row):
				l.queue = append(l.queue, row)
			}
		}
		l.queue = append(l.queue, begun...)
		if r.Store.Shared { // or several processes would all be at work on the same rows
			rand.Shuffle(len(l.queue), func(i, j int) { l.queue[i], l.queue[j] = l.queue[j], l.queue[i] })
		}
		l.left = len(l.queue)
		lanes.Go(func() { l.drive(ctx) })
	}
	lanes.Wait()
}

func (r *Run) runner() *once.Runner {
	return &once.Runner{Ledger: r.Store, SettleTime: r.SettleTime, Concurrency: r.Concurrency, Logger: r.Logger}
}

// drive sees one lane through.
func (l *Lane) drive(ctx context.Context) {
	for result := range l.run.runner().All(ctx, l.jobs(ctx)) {
		row := result.Job.Data.(*Row)
		l.run.mu.Lock()
		if result.Err != nil {
			row.settle(result.Err)
		} else {
			row.copied(result.Copy, result.Existing)
		}
		l.run.mu.Unlock()
		if row.Cause == ledgerFails {
			l.breaker(result.Err)
		}
		if l.back(row, result.Err) {
			l.run.settled(ctx, row)
		}
	}
}

// settled remembers failures, and tells of the row.
func (r *Run) settled(ctx context.Context, row *Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var err error
	switch row.Status {
	case Failed:
		err = r.Store.SetFailure(ctx, row.Key, store.Failure{Cause: row.Cause, Error: row.Error})
	case Copied, InDoubt, Ambiguous:
		if row.failed {
			err = r.Store.ClearFailure(ctx, row.Key)
		}
	}
	if err != nil && r.OnErr != nil {
		r.OnErr(err)
	}
	if r.OnRow != nil {
		r.OnRow(row)
	}
}
