package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/once"
)

// Run makes the copies of a manifest.
type Run struct {
	Rows        []manifest.Row
	Lanes       []*Lane
	Ledger      once.Ledger
	SettleTime  time.Duration
	Concurrency int // of each lane
}

// Open makes the clients. Its error names everything that is missing.
func (r *Run) Open(opener Opener) error {
	var errs []error
	for _, lane := range r.Lanes {
		if err := lane.open(opener); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Look reads from the ledger what earlier runs have left. Its faults are rows
// whose keys the ledger has for something else.
func (r *Run) Look(ctx context.Context) ([]manifest.Fault, error) {
	records := make(map[string]once.Record)
	for record, err := range r.Ledger.List(ctx) {
		if err != nil {
			return nil, fmt.Errorf("the ledger cannot be read: %w", err)
		}
		records[record.Key] = record
	}
	var faults []manifest.Fault
	for _, lane := range r.Lanes {
		lane.Done = 0
		for _, row := range lane.Rows {
			record, known := records[row.Key]
			switch {
			case !known:
			case record.Request != row.Request || record.Identity.Provider != row.Vendor.Name:
				faults = append(faults, keyReused(row, &record))
			case record.Done():
				lane.Done++
			}
		}
	}
	return faults, nil
}

func keyReused(row manifest.Row, record *once.Record) manifest.Fault {
	return manifest.Fault{Line: row.Line, Column: "key", Text: fmt.Sprintf(
		"in the ledger, %q stands for another copy: %s %s %q; a key names one copy for as long as the ledger lasts",
		row.Key, record.Identity.Provider, record.Request.SourceID, record.Request.Name)}
}

// Do makes the copies, and hands over each result as it comes, one at a time.
// When stop is closed, it sends no more and finishes what is under way; when ctx
// ends, it breaks that off as well. It returns what became of each row.
func (r *Run) Do(ctx context.Context, stop <-chan struct{}, each func(Result)) []Result {
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { r.watch(stop, ended) })
	results := make(map[string]Result) // by key
	var mu sync.Mutex
	var lanes sync.WaitGroup
	for _, lane := range r.Lanes {
		lane.begin()
		lanes.Go(func() {
			r.drive(ctx, lane, stop, func(result Result) {
				mu.Lock()
				defer mu.Unlock()
				results[result.Row.Key] = result
				lane.count(result)
				each(result)
			})
		})
	}
	lanes.Wait()
	close(ended)
	watching.Wait()
	return r.inOrder(results)
}

// drive sees one lane through.
func (r *Run) drive(ctx context.Context, lane *Lane, stop <-chan struct{}, each func(Result)) {
	rows := make(map[string]manifest.Row)
	for _, row := range lane.Rows {
		rows[row.Key] = row
	}
	runner := &once.Runner{Ledger: r.Ledger, SettleTime: r.SettleTime, Concurrency: r.Concurrency}
	for result := range runner.All(ctx, lane.jobs(stop)) {
		each(resultOf(rows[result.Job.Key], result))
	}
}

// watch withdraws what waits for its turn, once the run is to stop.
func (r *Run) watch(stop, ended <-chan struct{}) {
	select {
	case <-stop:
		for _, lane := range r.Lanes {
			lane.traffic.stop()
		}
	case <-ended:
	}
}

// inOrder is what became of each row, as they stand in the manifest.
func (r *Run) inOrder(results map[string]Result) []Result {
	var all []Result
	for _, row := range r.Rows {
		result, known := results[row.Key]
		if !known {
			result = Result{Row: row, Status: NotStarted}
		}
		all = append(all, result)
	}
	return all
}
