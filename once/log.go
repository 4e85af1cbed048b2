package once

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

func loggerOf(r *Runner) *slog.Logger {
	return cmp.Or(r.Logger, slog.New(slog.DiscardHandler))
}

// Log lines hold the key, the vendor and what is listed here: no name, no body and
// no text of an error.

func (r *run) logLine(ctx context.Context, level slog.Level, message string, more ...slog.Attr) {
	if !r.log.Enabled(ctx, level) {
		return
	}
	record := r.claim.current()
	attrs := append([]slog.Attr{slog.String("key", record.Key), slog.String("provider", record.Identity.Provider)}, more...)
	r.log.LogAttrs(context.WithoutCancel(ctx), level, message, attrs...)
}

func (r *run) logLook(ctx context.Context, why string) {
	r.logLine(ctx, slog.LevelWarn, "looking for the copy", slog.String("why", why), slog.Duration("settle_time", r.settleTime))
}

// logWait is for the pause between two looks: at Info when its reason is new, else
// at Debug.
func (r *run) logWait(ctx context.Context, pause time.Duration) {
	level, why := slog.LevelDebug, r.whyWait()
	if why != r.toldWhy {
		level, r.toldWhy = slog.LevelInfo, why
	}
	r.logLine(ctx, level, "waiting for the next look", slog.String("why", why),
		slog.Duration("wait", pause), slog.Duration("settles_in", max(0, r.settled.Sub(clock())).Round(time.Millisecond)))
}

func (r *run) whyWait() string {
	switch {
	case errors.Is(r.lastFindError, agentcopy.ErrLookIncomplete):
		return "the last look did not see everything"
	case r.lastFindError != nil:
		return "the last look failed"
	case r.finding == found:
		return "another key claimed the copy that was found"
	case r.finding == notYet:
		return "a later look may tell which agent is the copy"
	}
	return "no copy shows, and the vendor may still show one"
}

// logInProgress is for a key that another process is at work on.
func (r *Runner) logInProgress(ctx context.Context, record Record) {
	loggerOf(r).LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "waiting for another process to finish the key",
		slog.String("key", record.Key), slog.String("provider", record.Identity.Provider), slog.Duration("at_most", lease.Time))
}
