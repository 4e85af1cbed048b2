package engine

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/agentcopy/agentcopy-go/once"
)

// Adopt looks for the copies of rows that nothing is known of, and sends nothing.
// claimed are the IDs of copies by key, as a file of results has them: an agent that
// the vendor shows and that the results name is the copy. Other agents of the name
// make a row ambiguous.
func (r *Run) Adopt(ctx context.Context, claimed map[string]string) {
	var lanes sync.WaitGroup
	for _, l := range r.Lanes {
		rows := make(chan *Row)
		for range r.Concurrency {
			lanes.Go(func() {
				for row := range rows {
					r.adopt(ctx, l, row, claimed[row.Key])
				}
			})
		}
		lanes.Go(func() {
			defer close(rows)
			for _, row := range l.Rows {
				if row.Status == NotStarted && ctx.Err() == nil && !r.stopped() {
					rows <- row
				}
			}
		})
	}
	lanes.Wait()
}

func (r *Run) adopt(ctx context.Context, l *Lane, row *Row, id string) {
	runner := r.runner()
	found, err := runner.Find(ctx, row.Key, l.copier(row), row.Request)
	if ambiguous, ok := errors.AsType[*once.AmbiguousError](err); ok && id != "" {
		for _, c := range ambiguous.Candidates {
			if strings.EqualFold(c.Copy.ID, id) {
				if err = runner.Assign(ctx, row.Key, c.Copy.ID); err == nil {
					found = c.Copy
				}
			}
		}
	}
	switch {
	case err == nil:
		row.copied(found, true)
	case errors.Is(err, once.ErrNoCopy):
		return
	default:
		row.settle(err)
		l.breaker(err)
	}
	r.settled(ctx, row)
}
