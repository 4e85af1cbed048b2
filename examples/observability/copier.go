package main

import (
	"context"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// watchedCopier is an agentcopy.Copier whose calls are watched, for programs that
// copy on several vendors, and for Once.
type watchedCopier struct {
	agentcopy.Copier
	provider  string
	telemetry *telemetry
}

func (t *telemetry) watch(provider string, c agentcopy.Copier) agentcopy.Copier {
	return watchedCopier{c, provider, t}
}

func (c watchedCopier) Copy(ctx context.Context, req agentcopy.CopyRequest) (made agentcopy.Copy, err error) {
	c.watched(ctx, "Copy", func(ctx context.Context) error {
		made, err = c.Copier.Copy(ctx, req)
		return err
	})
	return made, err
}

func (c watchedCopier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	c.watched(ctx, "FindCopies", func(ctx context.Context) error {
		found, err = c.Copier.FindCopies(ctx, req, since)
		return err
	})
	return found, err
}

func (c watchedCopier) watched(ctx context.Context, operation string, do func(context.Context) error) {
	ctx, span := c.telemetry.start(ctx, c.provider, operation)
	defer span.End()
	ctx, notes := withNotes(ctx)
	err := do(ctx)
	c.telemetry.ended(span, c.provider, operation, notes.taken(), err)
}
