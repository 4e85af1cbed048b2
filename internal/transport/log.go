package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// noteworthyWait is the wait for the limiter from which on it is logged.
const noteworthyWait = time.Second

// Log lines hold what is listed here and nothing else: no header, no body, no
// URL, no credential, and no text of an error, which may quote one of them.

func (a *attempt) log() {
	if !a.call.client.log.Enabled(a.call.ctx, slog.LevelDebug) {
		return
	}
	attrs := a.attrs(slog.Duration("duration", a.record.Duration))
	message := "attempt"
	if a.record.Waited > noteworthyWait {
		message = "attempt after a wait"
		attrs = append(attrs, slog.Duration("waited", a.record.Waited))
	}
	a.call.log(slog.LevelDebug, message, attrs)
}

func (a *attempt) logRetry() {
	a.call.log(slog.LevelWarn, "retrying the request", a.attrs(slog.Duration("wait", a.wait)))
}

// logPause is for an attempt that is not judged yet.
func (a *attempt) logPause(resp *http.Response, wait time.Duration) {
	message := "the vendor asks to wait: the credential is paused"
	if wait > pacing.LongestPause {
		message = "the vendor asks to wait for more than a day: the credential is paused for a minute"
	}
	outcome := judgeStatus(a.call.op.copies(), resp.StatusCode, nil, false).outcome
	a.call.log(slog.LevelWarn, message, a.call.attrs(a.number, resp.StatusCode, outcome.String(), resp.Header, slog.Duration("wait", wait)))
}

// logWait is for a wait that the lines of retries and pauses do not tell of.
func (c *call) logWait(w agentcopy.WaitInfo) {
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

func (c *call) logEnd(err *agentcopy.Error, all *attempts) {
	if !c.op.copies() || err.Outcome == agentcopy.OutcomeNotCopied {
		return
	}
	message := "a copy may have been made although the call failed"
	if err.Outcome == agentcopy.OutcomeCopied {
		message = "a copy was made although the call failed"
	}
	n, last := len(all.records), all.last
	c.log(slog.LevelWarn, message, c.attrs(n, last.status, last.outcome.String(), last.header, slog.Int("attempts", n)))
}

func (a *attempt) attrs(more ...slog.Attr) []slog.Attr {
	outcome := a.outcome.String()
	if a.succeeded {
		outcome = "success"
	}
	return a.call.attrs(a.number, a.status, outcome, a.header, more...)
}

func (c *call) attrs(number, status int, outcome string, header http.Header, more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("provider", c.client.vendor.Name),
		slog.String("operation", c.op.Name),
		slog.Int("attempt", number),
		slog.Int("status", status),
		slog.String("outcome", outcome),
	}
	if id := c.client.requestID(header); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	return append(attrs, more...)
}

func (c *call) log(level slog.Level, message string, attrs []slog.Attr) {
	c.client.log.LogAttrs(context.WithoutCancel(c.ctx), level, message, attrs...)
}
