package transport_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// logged is a logger that writes to out what is the same in each run.
func logged(out *bytes.Buffer, level slog.Level) agentcopy.Option {
	return agentcopy.WithLogger(slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" {
				return slog.Attr{}
			}
			return a
		},
	})))
}

// TestLogLines: a wait is logged once, when it begins, unless it is short or a line of a retry tells of it.
func TestLogLines(t *testing.T) {
	const (
		attempt  = "level=DEBUG msg=attempt attempt=1 status="
		waiting  = "level=INFO msg=waiting attempt=1 reason=limiter"
		retrying = `level=WARN msg="retrying the request" attempt=1 status=`
	)
	for name, tt := range map[string]struct {
		steps []step
		waits time.Duration // of the limiter
		want  []string
	}{
		"success": {[]step{answer(200, made, "X-Request-Id", "r1")}, 0, []string{attempt + "200 outcome=success request_id=r1"}},
		"refusal": {[]step{answer(404, "")}, 0, []string{attempt + `404 outcome="not copied"`}},
		"unknown": {[]step{answer(500, "")}, 0, []string{
			attempt + "500 outcome=unknown",
			`level=WARN msg="a copy may have been made although the call failed" attempt=1 status=500 outcome=unknown attempts=1`,
		}},
		"copied": {[]step{answer(200, "")}, 0, []string{
			attempt + "200 outcome=copied",
			`level=WARN msg="a copy was made although the call failed" attempt=1 status=200 outcome=copied attempts=1`,
		}},
		"retried": {[]step{fail(io.EOF, "sought"), answer(200, made)}, 0, []string{
			attempt + `0 outcome="not copied"`, retrying + `0 outcome="not copied"`,
			"level=DEBUG msg=attempt attempt=2 status=200 outcome=success",
		}},
		"paused": {[]step{answer(429, "", "Retry-After", "5"), answer(200, made)}, 0, []string{
			`level=WARN msg="the vendor asks to wait: the credential is paused" attempt=1 status=429 outcome="not copied" wait=5s`,
			attempt + `429 outcome="not copied"`, retrying + `429 outcome="not copied" wait=5s`,
			`level=DEBUG msg="attempt after a wait" attempt=2 status=200 outcome=success waited=5s`,
		}},
		"too long a Retry-After": {[]step{answer(429, "", "Retry-After", "99999999")}, 0, []string{
			`level=WARN msg="the vendor asks to wait for more than a day: the credential is paused for a minute" ` +
				`attempt=1 status=429 outcome="not copied" wait=27777h46m39s`,
			attempt + `429 outcome="not copied"`,
		}},
		"a short wait": {[]step{answer(200, made)}, time.Second - 1, []string{attempt + "200 outcome=success"}},
		"a long wait": {[]step{answer(200, made)}, time.Hour, []string{
			waiting, `level=DEBUG msg="attempt after a wait" attempt=1 status=200 outcome=success waited=1h0m0s`,
		}},
	} {
		inBubble(t, name, func(t *testing.T) {
			var out bytes.Buffer
			limiter := waitFunc(func(context.Context) error { time.Sleep(tt.waits); return nil })
			_, _, _ = doCopy(t, newClient(t, play(tt.steps...), agentcopy.WithLimiter(limiter), logged(&out, slog.LevelDebug),
				agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: 1, MaxBackoff: 1})))
			lines := strings.NewReplacer(" provider=acme operation=CopyThing", "", " wait=0s", "", " wait=1ns", "").Replace(out.String())
			require.Equal(t, strings.Join(tt.want, "\n")+"\n", lines)
		})
	}
}

// TestALongWaitIsLoggedWhenItBegins: for the end of a pause that another call has met, and
// for the limiter.
func TestALongWaitIsLoggedWhenItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c := newClient(t, refuseFirst(answer(429, "", "Retry-After", "30")), agentcopy.WithLimiter(drained()),
			logged(&out, slog.LevelInfo), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
		_, _, err := doCopy(t, c)
		require.ErrorIs(t, err, agentcopy.ErrRateLimited)
		time.Sleep(10 * time.Second)
		for _, want := range []string{"reason=pause wait=20s", "reason=limiter wait=10s"} {
			out.Reset()
			go func() { _, _, _ = doCopy(t, c) }()
			synctest.Wait()
			require.Equal(t, "level=INFO msg=waiting provider=acme operation=CopyThing attempt=1 "+want+"\n", out.String())
			time.Sleep(20 * time.Second)
			synctest.Wait() // for the end of the call
		}
	})
}
