package transport

import (
	"context"
	"log/slog"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// noteworthyWait is the wait for the limiter from which on it is mentioned.
const noteworthyWait = time.Second

// Log lines hold what is listed here and nothing else: no header, no body, no
// URL, no credential, and no text of an error, which may quote one of them.

func (c *call) logAttempt(r *result) {
	if !c.client.log.Enabled(c, slog.LevelDebug) {
		return
	}
	a := c.attempts[len(c.attempts)-1]
	attrs := c.attrs(r, slog.Duration("duration", a.Duration))
	message := "attempt"
	if a.Waited > noteworthyWait {
		message = "attempt after a wait"
		attrs = append(attrs, slog.Duration("waited", a.Waited))
	}
	c.log(slog.LevelDebug, message, attrs)
}

func (c *call) logRetry(r *result) {
	c.log(slog.LevelWarn, "retrying the request", c.attrs(r, slog.Duration("wait", r.wait)))
}

// logPause is for an attempt under way, which is not among the attempts yet.
func (c *call) logPause(r *result) {
	message := "the vendor asks to wait: the credential is paused"
	if r.wait > pacing.LongestPause {
		message = "the vendor asks to wait for more than a day: the credential is paused for a minute"
	}
	c.log(slog.LevelWarn, message, c.attrsOf(r, c.number(), slog.Duration("wait", r.wait)))
}

// logWait is for a wait that the lines of retries and pauses do not tell of.
func (c *call) logWait(w agentcopy.WaitInfo) {
	if w.Reason == agentcopy.WaitBackoff || w.Reason == agentcopy.WaitPause && c.last != nil && c.last.pauses() {
		return
	}
	attrs := []slog.Attr{
		slog.String("provider", w.Call.Provider),
		slog.String("operation", w.Call.Operation),
		slog.Int("attempt", w.Number),
		slog.String("reason", string(w.Reason)),
	}
	if w.For > 0 {
		attrs = append(attrs, slog.Duration("wait", w.For))
	}
	c.log(slog.LevelInfo, "waiting", attrs)
}

func (c *call) logEnd(err *agentcopy.Error) {
	if !c.op.copies() || err.Outcome == agentcopy.OutcomeNotCopied {
		return
	}
	message := "a copy may have been made although the call failed"
	if err.Outcome == agentcopy.OutcomeCopied {
		message = "a copy was made although the call failed"
	}
	c.log(slog.LevelWarn, message, c.attrs(c.last, slog.Int("attempts", len(c.attempts))))
}

func (c *call) attrs(r *result, more ...slog.Attr) []slog.Attr {
	return c.attrsOf(r, len(c.attempts), more...)
}

func (c *call) attrsOf(r *result, attempt int, more ...slog.Attr) []slog.Attr {
	outcome := r.outcome.String()
	if r.succeeded {
		outcome = "success"
	}
	attrs := []slog.Attr{
		slog.String("provider", c.client.vendor.Name),
		slog.String("operation", c.op.Name),
		slog.Int("attempt", attempt),
		slog.Int("status", r.status),
		slog.String("outcome", outcome),
	}
	if id := c.client.requestID(r.header); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	return append(attrs, more...)
}

func (c *call) log(level slog.Level, message string, attrs []slog.Attr) {
	c.client.log.LogAttrs(context.WithoutCancel(c), level, message, attrs...)
}
