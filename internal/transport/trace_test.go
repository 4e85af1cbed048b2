package transport_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// diary notes all that a Trace is told.
type diary struct{ lines []string }

func (d *diary) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) trace() agentcopy.Trace {
	start := time.Now()
	return agentcopy.Trace{
		CallStart: func(ctx context.Context, c agentcopy.CallInfo) context.Context {
			d.add("%v call %s.%s copies=%t", time.Since(start), c.Provider, c.Operation, c.Copies)
			return ctx
		},
		WaitStart: func(_ context.Context, w agentcopy.WaitInfo) {
			d.add("%v wait %d %s %v", time.Since(start), w.Number, w.Reason, w.For)
		},
		WaitDone: func(_ context.Context, w agentcopy.WaitInfo, err error) {
			d.add("%v waited %d %s: %v", time.Since(start), w.Number, w.Reason, err)
		},
		AttemptStart: func(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
			d.add("%v attempt %d, %v left", time.Since(start), a.Number, a.Timeout)
			return ctx, nil
		},
		AttemptDone: func(_ context.Context, a agentcopy.AttemptInfo, attempt agentcopy.Attempt, o agentcopy.Outcome) {
			d.add("%v attempted %d: %d, %v, %v", time.Since(start), a.Number, attempt.StatusCode, attempt.Err, o)
		},
		CallDone: func(_ context.Context, _ agentcopy.CallInfo, err error) {
			d.add("%v done: %t", time.Since(start), err == nil)
		},
	}
}

func TestTraceIsToldOfEachStep(t *testing.T) {
	const call, last = "0s call acme.CopyThing copies=true", "0s done: "
	slow := waitFunc(func(context.Context) error { time.Sleep(time.Minute); return nil })
	refusing := waitFunc(func(context.Context) error { return errors.New("no") })
	for name, tt := range map[string]struct {
		steps   []step
		limiter func() agentcopy.Limiter // made in the bubble; nil for none
		want    []string
	}{
		"success": {[]step{answer(200, made)}, nil, []string{call, "0s attempt 1, 1m0s left", "0s attempted 1: 200, <nil>, copied", last + "true"}},
		"refusal": {[]step{answer(404, "")}, nil, []string{call, "0s attempt 1, 1m0s left", "0s attempted 1: 404, <nil>, not copied", last + "false"}},
		"unknown": {[]step{fail(io.EOF)}, nil, []string{call, "0s attempt 1, 1m0s left", "0s attempted 1: 0, EOF, unknown", last + "false"}},
		"no ID":   {[]step{answer(200, "{}")}, nil, []string{call, "0s attempt 1, 1m0s left", "0s attempted 1: 200, the vendor made the copy, but its answer cannot be used: the answer lacks the agent's ID, copied", last + "false"}},
		"pause": {[]step{answer(429, "", "Retry-After", "3"), answer(200, made)}, nil, []string{
			call, "0s attempt 1, 1m0s left", "0s attempted 1: 429, <nil>, not copied",
			"0s wait 2 pause 3s", "3s waited 2 pause: <nil>",
			"3s attempt 2, 1m0s left", "3s attempted 2: 200, <nil>, copied", "3s done: true",
		}},
		"limiter": {[]step{answer(200, made)}, func() agentcopy.Limiter { return slow }, []string{
			call, "1ms wait 1 limiter 0s", "1m0s waited 1 limiter: <nil>",
			"1m0s attempt 1, 1m0s left", "1m0s attempted 1: 200, <nil>, copied", "1m0s done: true",
		}},
		"rate limiter": {[]step{answer(200, made)}, drained, []string{
			call, "0s wait 1 limiter 10s", "10s waited 1 limiter: <nil>",
			"10s attempt 1, 1m0s left", "10s attempted 1: 200, <nil>, copied", "10s done: true",
		}},
		"limiter that refuses": {[]step{answer(200, made)}, func() agentcopy.Limiter { return refusing }, []string{
			call, last + "false",
		}},
		"bad certificate": {[]step{fail(&tls.CertificateVerificationError{Err: io.EOF}, "sought")}, nil, []string{
			call, "0s attempt 1, 1m0s left", "0s attempted 1: 0, tls: failed to verify certificate: EOF, not copied", last + "false",
		}},
	} {
		inBubble(t, name, func(t *testing.T) {
			d, limiter := new(diary), agentcopy.Unlimited
			if tt.limiter != nil {
				limiter = tt.limiter()
			}
			_, _, _ = doCopy(t, newClient(t, play(tt.steps...), agentcopy.WithLimiter(limiter), agentcopy.WithTrace(d.trace())))
			require.Equal(t, tt.want, d.lines)
		})
	}
}

// drained is a limiter of one every ten seconds that has just admitted one.
func drained() agentcopy.Limiter {
	l := rate.NewLimiter(rate.Every(10*time.Second), 1)
	l.Allow()
	return l
}

func TestBackoffIsTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(diary)
		_, _, err := doCopy(t, newClient(t, play(fail(io.EOF, "sought"), answer(200, made)), agentcopy.WithTrace(d.trace())))
		require.NoError(t, err)
		require.Regexp(t, `^0s wait 2 backoff [1-9]`, d.lines[3])
		require.Regexp(t, `waited 2 backoff: <nil>$`, d.lines[4])
	})
}

// TestAttemptStartThatStops: nothing is sent, the limiter gets its permit back,
// and there is no retry.
func TestAttemptStartThatStops(t *testing.T) {
	no := errors.New("the lease is gone")
	synctest.Test(t, func(t *testing.T) {
		var done []agentcopy.Outcome
		first := agentcopy.Trace{AttemptDone: func(_ context.Context, _ agentcopy.AttemptInfo, a agentcopy.Attempt, o agentcopy.Outcome) {
			require.ErrorIs(t, a.Err, no)
			done = append(done, o)
		}}
		limiter := pacing.NewAdaptiveWindow(1, time.Minute, time.Second)
		refuse := true
		second := agentcopy.Trace{AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			time.Sleep(time.Hour) // is not part of the attempt's time
			if refuse {
				return nil, no
			}
			return nil, nil // stands for ctx
		}}
		s := play(answer(200, made))
		c := newClient(t, s, agentcopy.WithLimiter(limiter), agentcopy.WithTrace(first), agentcopy.WithTrace(second))
		start := time.Now()
		_, _, err := doCopy(t, c)
		require.ErrorIs(t, err, no)
		e := asError(t, err)
		require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
		require.Empty(t, e.Attempts)
		require.Empty(t, s.requests())
		require.Equal(t, time.Hour, time.Since(start))
		require.Equal(t, []agentcopy.Outcome{agentcopy.OutcomeNotCopied}, done, "what the trace before it was told")

		refuse, start = false, time.Now()
		first.AttemptDone = nil
		_, _, err = doCopy(t, newClient(t, s, agentcopy.WithLimiter(limiter), agentcopy.WithTrace(second)))
		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(start), "the permit was given back")
	})
}

// TestContextOfAnAttempt: what AttemptStart returns goes to the wire, and comes
// back with AttemptDone, when it has not ended.
func TestContextOfAnAttempt(t *testing.T) {
	type key string
	var seen []any
	note := func(ctx context.Context) {
		seen = append(seen, ctx.Value(key("call")), ctx.Value(key("attempt")), ctx.Err())
	}
	trace := agentcopy.Trace{
		CallStart: func(ctx context.Context, _ agentcopy.CallInfo) context.Context {
			return context.WithValue(ctx, key("call"), 1)
		},
		AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			return context.WithValue(ctx, key("attempt"), 2), nil
		},
		AttemptDone: func(ctx context.Context, _ agentcopy.AttemptInfo, _ agentcopy.Attempt, _ agentcopy.Outcome) {
			note(ctx)
		},
		CallDone: func(ctx context.Context, _ agentcopy.CallInfo, _ error) { note(ctx) },
	}
	wire := step(func(req *http.Request) (*http.Response, error) {
		note(req.Context())
		return answer(200, made)(req)
	})
	_, _, err := copyWith(agentcopy.ContextWithTrace(t.Context(), trace), newClient(t, wire))
	require.NoError(t, err)
	require.Equal(t, []any{1, 2, nil, 1, 2, nil, 1, nil, nil}, seen)

	for want, parent := range map[string]context.Context{"not descend from the one it was given (not copied": context.Background(), "canceled (not copied": nil} {
		trace.AttemptStart = func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			ended, cancel := context.WithCancel(cmp.Or(parent, ctx))
			cancel()
			return ended, nil
		}
		_, _, err = doCopy(t, newClient(t, play(), agentcopy.WithTrace(trace), agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 1})))
		require.ErrorContains(t, err, want)
	}
}

// TestTracesOfClientAndContext are told in order.
func TestTracesOfClientAndContext(t *testing.T) {
	var told []string
	trace := func(name string) agentcopy.Trace {
		return agentcopy.Trace{CallStart: func(ctx context.Context, _ agentcopy.CallInfo) context.Context {
			told = append(told, name)
			return nil
		}}
	}
	ctx := agentcopy.ContextWithTrace(agentcopy.ContextWithTrace(t.Context(), trace("c")), trace("d"))
	c := newClient(t, play(answer(200, made)), agentcopy.WithTrace(trace("a")), agentcopy.WithTrace(trace("b")))
	_, _, err := copyWith(ctx, c)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, told)
}

// TestSecondSendOfMiddleware waits for a permit of its own, and that wait is not
// part of the attempt timeout.
func TestSecondSendOfMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(diary)
		s := play(after(time.Second, answer(401, "")), after(time.Second, answer(201, made)))
		limiter := pacing.NewAdaptiveWindow(1, time.Minute, time.Second)
		c := newClient(t, s, twice, agentcopy.WithLimiter(limiter), agentcopy.WithTrace(d.trace()), agentcopy.WithAttemptTimeout(3*time.Second))
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		require.Equal(t, []string{
			"0s call acme.CopyThing copies=true",
			"0s attempt 1, 3s left",
			"1s attempted 1: 401, <nil>, not copied",
			"1s wait 1 limiter 1m0s", "1m1s waited 1 limiter: <nil>",
			"1m1s attempt 1, 2s left",
			"1m2s attempted 1: 201, <nil>, copied",
			"1m2s done: true",
		}, d.lines)
	})
}

// TestSecondSendThatIsStopped: the first one provably made no copy, so the call
// did not either.
func TestSecondSendThatIsStopped(t *testing.T) {
	no := errors.New("no more")
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		limiter := waitFunc(func(context.Context) error {
			if asked++; asked > 1 {
				return no
			}
			return nil
		})
		s := play(answer(401, ""))
		_, _, err := doCopy(t, newClient(t, s, twice, agentcopy.WithLimiter(limiter)))
		require.ErrorIs(t, err, no)
		require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
		require.Len(t, asError(t, err).Attempts, 1)
		require.Len(t, s.requests(), 1)
	})
}

// TestMiddlewareSeesTheBodyOfARefusal that the guard had to read.
func TestMiddlewareSeesTheBodyOfARefusal(t *testing.T) {
	const page = "<html>no</html>"
	for _, tt := range []struct {
		body string
		sent int
	}{{page, 1}, {`{"detail":"no"}`, 2}, {"", 2}} {
		var read []string
		s := play(answer(403, tt.body), answer(201, made))
		_, _, _ = doCopy(t, newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			read = append(read, string(body))
			return next.RoundTrip(req)
		})))
		require.Equal(t, tt.body, read[0])
		require.Len(t, s.requests(), tt.sent)
	}
}

// TestNoTraceCostsNothing: a call without one allocates as much as one whose
// Trace has funcs that are never called.
func TestNoTraceCostsNothing(t *testing.T) {
	wire := answer(200, made)
	count := func(opts ...agentcopy.Option) float64 {
		c := newClient(t, wire, opts...)
		return testing.AllocsPerRun(200, func() { _, _, _ = doCopy(t, c) })
	}
	idle := agentcopy.Trace{CallDone: func(context.Context, agentcopy.CallInfo, error) {}}
	require.LessOrEqual(t, count(), count(agentcopy.WithTrace(idle)))
}
