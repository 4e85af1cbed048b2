package once

import (
	"context"
	"log/slog"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func loggerOf(r *Runner) *slog.Logger {
	if r.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Logger
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

func (r *run) logSend(ctx context.Context, again bool) {
	message := "sending the request"
	if again {
		message = "no copy is to be seen: sending the request again"
	}
	r.logLine(ctx, slog.LevelInfo, message, slog.Int("sends", r.claim.current().Sends+1))
}

func (r *run) logLook(ctx context.Context, why string) {
	r.logLine(ctx, slog.LevelWarn, "looking for the copy", slog.String("why", why), slog.Duration("settle_time", r.settleTime))
}

func (r *run) logFound(ctx context.Context, copied agentcopy.Copy) {
	r.logLine(ctx, slog.LevelInfo, "found the copy", slog.String("id", oneLine(copied.ID)))
}

func (r *run) logWait(ctx context.Context, f finding) {
	why := map[finding]string{
		nothing: "no copy shows, and the vendor may still show one",
		notYet:  "a later look may tell which agent is the copy",
	}[f]
	if r.trouble != nil {
		why = "the last look did not see everything"
	}
	r.logLine(ctx, slog.LevelDebug, "looking again", slog.String("why", why), slog.Duration("in", r.pause))
}

func (r *run) logAmbiguous(ctx context.Context, candidates int) {
	r.logLine(ctx, slog.LevelWarn, "it cannot be told which agent is the copy: a person has to decide", slog.Int("candidates", candidates))
}
