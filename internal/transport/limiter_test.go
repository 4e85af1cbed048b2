package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// waitFunc is a Limiter.
type waitFunc func(context.Context) error

func (w waitFunc) Wait(ctx context.Context) error { return w(ctx) }

// acquirer is a Limiter and Acquirer.
type acquirer struct {
	waitFunc
	acquire func(context.Context) (func(), error)
}

func (p acquirer) Acquire(ctx context.Context) (func(), error) { return p.acquire(ctx) }

func withLimiter(l agentcopy.Limiter) agentcopy.Option { return agentcopy.WithLimiter(l) }

func TestEachAttemptTakesTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		limiter := waitFunc(func(context.Context) error { taken++; return nil })
		s := play(answer(429, "", "Retry-After", "1"), fail(io.EOF, "sought"), answer(200, made))
		_, _, err := doCopy(t, newClient(t, s, withLimiter(limiter)))
		require.NoError(t, err)
		require.Len(t, s.requests(), 3)
		require.Equal(t, 3, taken, "how often the limiter was asked")
	})
}

func TestRateLimiterWorksAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := play(answer(200, made)), time.Now()
		c := newClient(t, s, withLimiter(rate.NewLimiter(rate.Every(10*time.Second), 2)))
		for range 4 {
			_, _, err := doCopy(t, c)
			require.NoError(t, err)
		}
		require.Equal(t, 20*time.Second, time.Since(start), "time for 4 copies at one every 10s and a burst of 2")

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
		require.ErrorIs(t, err, context.DeadlineExceeded, "a wait that would outlast the deadline")
		require.Equal(t, 20*time.Second, time.Since(start), "it should fail at once")
	})
}

func TestARateLimiterThatAdmitsNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	c := newClient(t, play(answer(200, made)), withLimiter(rate.NewLimiter(1, 0)))
	_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
	require.ErrorContains(t, err, "exceeds limiter's burst 0")
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the deadline is not to blame")
}

func TestLimiterErrorsEndTheCall(t *testing.T) {
	broken := errors.New("redis is unreachable")
	cases := map[string]agentcopy.Limiter{
		"Limiter": waitFunc(func(context.Context) error { return broken }),
		"Acquirer": acquirer{acquire: func(context.Context) (func(), error) {
			return nil, broken
		}},
	}
	for name, limiter := range cases {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, withLimiter(limiter)))
			require.ErrorIs(t, err, broken)
			require.ErrorContains(t, err, "limiter: redis is unreachable")
			e := asError(t, err)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Empty(t, e.Attempts, "attempts: nothing was sent")
			require.Empty(t, s.requests())
		})
	}
}

func TestContextThatEndsDuringTheWaitForTheLimiter(t *testing.T) {
	reason := errors.New("the operator pressed the button")
	limiters := map[string]func() agentcopy.Limiter{
		"window": func() agentcopy.Limiter { return agentcopy.NewWindowLimiter(1, time.Hour) },
		"tokens": func() agentcopy.Limiter { return rate.NewLimiter(rate.Every(time.Hour), 1) },
		"one that ignores contexts": func() agentcopy.Limiter {
			return waitFunc(func(context.Context) error { time.Sleep(time.Minute); return nil })
		},
	}
	for name, limiter := range limiters {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := limiter()
				require.NoError(t, l.Wait(t.Context()))
				s := play(answer(200, made))
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(reason) })
				_, _, err := transport.Do(ctx, newClient(t, s, withLimiter(l)), copyRequest(), verifyThing)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, reason, "the context's cause")
				require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
				require.Empty(t, s.requests())
			})
		})
	}
}

func TestThePermitIsReleasedOnceTheHeadersAreSeen(t *testing.T) {
	slowBody := func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(readerFunc(func([]byte) (int, error) { time.Sleep(20 * time.Second); return 0, io.EOF }), strings.NewReader(made))
		return &http.Response{StatusCode: 200, ProtoMajor: 1, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}, nil
	}
	slowHeaders := func(req *http.Request) (*http.Response, error) {
		time.Sleep(10 * time.Second)
		return slowBody(req)
	}
	cases := map[string]struct {
		step step
		want time.Duration
	}{
		"an answer": {slowHeaders, 10 * time.Second},
		"a refusal": {answer(404, ""), 0},
		"a failure": {fail(io.EOF), 0},
		"a panic":   {func(*http.Request) (*http.Response, error) { panic("middleware") }, 0},
		"a time-out": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, time.Minute},
		"no answer at all": {func(*http.Request) (*http.Response, error) { return nil, nil }, 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var released []time.Duration
				limiter := acquirer{acquire: func(context.Context) (func(), error) {
					return func() { released = append(released, time.Since(start)) }, nil
				}}
				c := newClient(t, play(tc.step), withLimiter(limiter))
				func() {
					defer func() { _ = recover() }()
					_, _, _ = doCopy(t, c)
				}()
				require.NotEmpty(t, released, "the permit was never released")
				require.Equal(t, tc.want, released[0], "when it was released")
			})
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnAcquirerMayReturnNothingToRelease(t *testing.T) {
	limiter := acquirer{acquire: func(context.Context) (func(), error) { return nil, nil }}
	_, _, err := doCopy(t, newClient(t, play(answer(200, made)), withLimiter(limiter)))
	require.NoError(t, err)
}

func TestTheWaitIsToldToTheCaller(t *testing.T) {
	cases := []struct {
		waits   time.Duration
		message string
	}{
		{0, "msg=attempt "},
		{time.Second, "msg=attempt "},
		{time.Second + 1, `msg="attempt after a wait" `},
		{time.Hour, `msg="attempt after a wait" `},
	}
	for _, tc := range cases {
		t.Run(tc.waits.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				limiter := waitFunc(func(context.Context) error { time.Sleep(tc.waits); return nil })
				c := newClient(t, play(answer(200, made)), withLimiter(limiter), agentcopy.WithLogger(logger))
				start := time.Now()
				_, resp, err := doCopy(t, c)
				require.NoError(t, err)
				require.Len(t, resp.Attempts, 1)
				require.Equal(t, tc.waits, resp.Attempts[0].Waited, "Waited")
				require.Equal(t, start.Add(tc.waits), resp.Attempts[0].Start, "Start is after the wait")
				require.Contains(t, log.String(), "level=DEBUG "+tc.message)
				if tc.waits > time.Second {
					require.Contains(t, log.String(), "waited="+tc.waits.String())
				} else {
					require.NotContains(t, log.String(), "waited=")
				}
			})
		})
	}
}

// Waited of a retry is its own wait, without the waits of earlier attempts.
func TestEachAttemptHasItsOwnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(next step) step {
			return func(req *http.Request) (*http.Response, error) { time.Sleep(5 * time.Second); return next(req) }
		}
		s := play(slow(answer(429, "", "Retry-After", "2")), slow(answer(429, "", "Retry-After", "100")), slow(answer(200, made)))
		_, resp, err := doCopy(t, newClient(t, s, withLimiter(agentcopy.NewWindowLimiter(1, time.Minute))))
		require.NoError(t, err)
		var waited, took []time.Duration
		for _, a := range resp.Attempts {
			waited, took = append(waited, a.Waited), append(took, a.Duration)
		}
		require.Equal(t, []time.Duration{0, time.Minute, 100 * time.Second}, waited, "the longer one of Retry-After and the limiter's wait")
		require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}, took)
	})
}

// With many waiting, the one that is cancelled leaves no gap behind.
func TestACancelledCallUsesNoPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := play(answer(200, made)), time.Now()
		c := newClient(t, s, withLimiter(agentcopy.NewWindowLimiter(1, time.Minute)))
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		synctest.Wait()
		wg.Go(func() {
			_, _, err := doCopy(t, c)
			assert.NoError(t, err)
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		require.Equal(t, time.Minute, time.Since(start), "the last one should be admitted as if the others had never been")
	})
}
