package transport_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// refuseFirst is a server that refuses the first request.
func refuseFirst(refusal step) *script { return play(refusal, answer(http.StatusOK, made)) }

// refused makes a call that the server refuses, without a retry.
func refused(t *testing.T, c *transport.Client) {
	t.Helper()
	once, err := c.With([]agentcopy.Option{agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever})})
	assert.NoError(t, err)
	_, _, err = doCopy(t, once)
	assert.Error(t, err)
}

// goCopy makes a copy on a goroutine of its own.
func goCopy(t *testing.T, wg *sync.WaitGroup, c *transport.Client) {
	wg.Go(func() {
		_, _, err := doCopy(t, c)
		assert.NoError(t, err)
	})
}

func TestPauseHoldsEverybodyBack(t *testing.T) {
	another := &transport.Vendor{Name: "another", BaseURL: vendor.BaseURL, Limits: vendor.Limits}
	for name, tc := range map[string]struct {
		of   *transport.Vendor // of another client; nil for the one that was refused
		key  string            // of another client; "" for the same
		opt  agentcopy.Option  // of another client
		read bool
		want time.Duration
	}{
		"the same client":       {want: 10 * time.Second},
		"a read":                {read: true, want: 10 * time.Second},
		"another client":        {of: vendor, opt: agentcopy.WithInsecureHTTP(), want: 10 * time.Second},
		"one that is not paced": {of: vendor, opt: agentcopy.WithLimiter(agentcopy.Unlimited), want: 10 * time.Second},
		"one on another path": {
			of: vendor, opt: agentcopy.WithBaseURL("https://API.acme.example:443/elsewhere"), want: 10 * time.Second,
		},
		"one with another key":  {of: vendor, key: newKey(), opt: agentcopy.WithInsecureHTTP()},
		"one on another origin": {of: vendor, opt: agentcopy.WithBaseURL("https://eu.acme.example")},
		"one of another vendor": {of: another, opt: agentcopy.WithInsecureHTTP()},
	} {
		inBubble(t, name, func(t *testing.T) {
			server, key := refuseFirst(answer(429, "", "Retry-After", "10")), newKey()
			c := newClientWithKey(t, key, server)
			refused(t, c)
			if tc.of != nil {
				c = newClientOf(t, tc.of, cmp.Or(tc.key, key), server, tc.opt)
			}
			call := doCopy
			if tc.read {
				call = doGet
			}
			_, resp, err := call(t, c)
			require.NoError(t, err)
			require.Equal(t, []time.Duration{0, tc.want}, server.arrivals, "arrivals at the server")
			require.Equal(t, tc.want, resp.Attempts[0].Waited, "Waited")
		})
	}
}

// sharedLimiter is a Limiter that other processes share. It notes for how long it is
// told to pause, in all.
type sharedLimiter struct {
	agentcopy.Limiter
	paused time.Duration
}

func (s *sharedLimiter) Pause(_ context.Context, d time.Duration) { s.paused += d }

func TestWhatPauses(t *testing.T) {
	once := agentcopy.WithRetry(agentcopy.RetryPolicy{
		Mode: agentcopy.RetryNever, MinBackoff: 1, MaxBackoff: 1, MaxWait: 48 * time.Hour,
	})
	cases := map[string]struct {
		answer step
		want   time.Duration
	}{
		"429 with Retry-After":    {answer(429, "", "Retry-After", "3"), 3 * time.Second},
		"503 with Retry-After":    {answer(503, "", "Retry-After", "3"), 3 * time.Second},
		"503 without":             {answer(503, ""), 0},
		"500 with Retry-After":    {answer(500, "", "Retry-After", "3"), 0},
		"success":                 {answer(200, made, "Retry-After", "3"), 0},
		"as long as a day":        {answer(429, "", "Retry-After", "86400"), 24 * time.Hour},
		"longer than a day":       {answer(429, "", "Retry-After", "99999999"), time.Minute},
		"X-RateLimit-Reset":       {answer(429, "", "X-RateLimit-Reset", "3"), 3 * time.Second},
		"Retry-After in the past": {answer(429, "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), 0},
	}
	for name, tc := range cases {
		inBubble(t, name, func(t *testing.T) {
			server, limiter := refuseFirst(tc.answer), &sharedLimiter{Limiter: agentcopy.Unlimited}
			c := newClient(t, server, once, agentcopy.WithLimiter(limiter))
			_, _, _ = doCopy(t, c)
			require.InDelta(t, tc.want, limiter.paused, 1, "the pause that the limiter was told of, or a backoff of a nanosecond")
			_, _, err := doCopy(t, c)
			require.NoError(t, err)
			require.InDelta(t, tc.want, server.arrivals[1], float64(time.Second), "arrival of the next request")
		})
	}
}

// A 429 that names no time pauses everybody for as long as the call that met it.
func TestPauseByBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := refuseFirst(answer(429, ""))
		slow := agentcopy.RetryPolicy{MinBackoff: time.Minute, MaxBackoff: time.Minute}
		c := newClient(t, server, agentcopy.WithRetry(slow))
		var wg sync.WaitGroup
		for range 3 {
			goCopy(t, &wg, c)
			synctest.Wait()
		}
		wg.Wait()
		pause := server.arrivals[1]
		require.Positive(t, pause, "the backoff is drawn between zero and a minute")
		require.Equal(t, []time.Duration{0, pause, pause + 100*time.Millisecond, pause + 200*time.Millisecond}, server.arrivals)
	})
}

func TestWaitersResumeOneByOneInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiters = 20
		server := refuseFirst(answer(429, "", "Retry-After", "10"))
		c := newClient(t, server)
		refused(t, c)
		waited := make([]time.Duration, waiters)
		var wg sync.WaitGroup
		for i := range waiters {
			wg.Go(func() {
				_, resp, err := doCopy(t, c)
				if assert.NoError(t, err) {
					waited[i] = resp.Attempts[0].Waited
				}
			})
			synctest.Wait()
		}
		// One that comes when the pause is over is not held up by those who resume.
		time.Sleep(10*time.Second + time.Millisecond)
		_, late, err := doCopy(t, c)
		require.NoError(t, err)
		require.Zero(t, late.Attempts[0].Waited)
		wg.Wait()
		for i := range waiters {
			require.Equal(t, 10*time.Second+time.Duration(i)*100*time.Millisecond, waited[i], "wait of number %d", i)
		}
	})
}

func TestPauseThatLastsTooLong(t *testing.T) {
	for name, tc := range map[string]struct {
		maxWait, deadline time.Duration
		is                error
	}{
		"beyond MaxWait":      {50 * time.Second, time.Hour, agentcopy.ErrRateLimited},
		"beyond the deadline": {2 * time.Minute, 50 * time.Second, context.DeadlineExceeded},
		"until the deadline":  {2 * time.Minute, time.Minute, context.DeadlineExceeded},
	} {
		inBubble(t, name, func(t *testing.T) {
			server := refuseFirst(answer(429, "", "Retry-After", "60"))
			c := newClient(t, server, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: tc.maxWait}))
			refused(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), tc.deadline)
			defer cancel()
			_, _, err := copyWith(ctx, c)
			require.ErrorIs(t, err, agentcopy.ErrRateLimited)
			require.ErrorIs(t, err, tc.is)
			e := asError(t, err)
			require.Equal(t, time.Minute, e.RetryAfter, "RetryAfter")
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Empty(t, e.Attempts, "attempts: nothing was sent")
			require.Equal(t, []time.Duration{0}, server.arrivals)
			require.Zero(t, time.Since(server.start), "the call must end at once")
		})
	}
}

// Those who wait already are told when another answer prolongs the pause beyond
// what they may wait.
func TestPauseThatIsProlonged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := newKey()
		tenSeconds := newClientWithKey(t, key, refuseFirst(answer(429, "", "Retry-After", "10")))
		inFlight := make(chan struct{})
		anHour := newClientWithKey(t, key, refuseFirst(func(req *http.Request) (*http.Response, error) {
			<-inFlight
			return answer(429, "", "Retry-After", "3600")(req)
		}))
		var wg sync.WaitGroup
		wg.Go(func() { refused(t, anHour) })
		synctest.Wait() // it was sent before the pause
		refused(t, tenSeconds)

		start := time.Now()
		wg.Go(func() {
			_, _, err := doCopy(t, tenSeconds)
			assert.ErrorIs(t, err, agentcopy.ErrRateLimited)
			assert.Equal(t, time.Hour, asError(t, err).RetryAfter, "RetryAfter")
			assert.Equal(t, 4*time.Second, time.Since(start), "when it was told")
		})
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			defer cancel()
			patient, err := tenSeconds.With([]agentcopy.Option{agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: 24 * time.Hour})})
			assert.NoError(t, err)
			_, _, err = copyWith(ctx, patient)
			assert.ErrorIs(t, err, agentcopy.ErrRateLimited)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 4*time.Second, time.Since(start), "when it was told")
		})
		time.Sleep(4 * time.Second)
		close(inFlight)
		wg.Wait()
	})
}

// An attempt that waits for the limiter when a pause begins keeps its permit of a
// window, but not a token: otherwise a long pause would end in a burst.
func TestPauseDuringTheWaitForTheLimiter(t *testing.T) {
	cases := map[string]struct {
		limiter agentcopy.Limiter
		taken   int // permits, when the test begins
		want    []time.Duration
	}{
		"window": {
			agentcopy.NewWindowLimiter(3, time.Minute), 2,
			[]time.Duration{0, 90 * time.Second, 90*time.Second + 100*time.Millisecond, 90*time.Second + 200*time.Millisecond, 150 * time.Second},
		},
		"tokens": {
			rate.NewLimiter(rate.Every(time.Second), 1), 0,
			[]time.Duration{0, 90 * time.Second, 91 * time.Second, 92 * time.Second, 93 * time.Second},
		},
	}
	for name, tc := range cases {
		inBubble(t, name, func(t *testing.T) {
			server := refuseFirst(after(time.Millisecond, answer(429, "", "Retry-After", "90"))) // meanwhile the others wait for the limiter
			for range tc.taken {
				require.NoError(t, tc.limiter.Wait(t.Context()))
			}
			c := newClient(t, server, agentcopy.WithLimiter(tc.limiter))
			var wg sync.WaitGroup
			wg.Go(func() { refused(t, c) })
			synctest.Wait()
			for range 4 {
				goCopy(t, &wg, c)
			}
			wg.Wait()
			for i, at := range server.arrivals {
				server.arrivals[i] = at.Truncate(10 * time.Millisecond)
			}
			require.Equal(t, tc.want, server.arrivals, "arrivals at the server")
		})
	}
}

// newLimitedClient is a client that may make n copies a minute, and one every two
// seconds after a refusal, on a server that refuses the first for 90 seconds.
func newLimitedClient(t *testing.T, n int) (*transport.Client, *script) {
	t.Helper()
	limited := &transport.Vendor{Name: "limited", BaseURL: vendor.BaseURL, Limits: func() pacing.Limits {
		return pacing.Limits{Copy: pacing.NewAdaptiveWindow(n, time.Minute, 2*time.Second)}
	}}
	server := refuseFirst(after(time.Second, answer(429, "", "Retry-After", "90"))) // meanwhile others wait for a permit
	return newClientOf(t, limited, newKey(), server), server
}

// What was admitted before or during the pause is spaced too. Otherwise it would
// meet the next refusal.
func TestAttemptsThatWaitedOutThePauseAreSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newLimitedClient(t, 4)
		var wg sync.WaitGroup
		for range 6 { // four are admitted, two at the end of the minute
			goCopy(t, &wg, c)
		}
		wg.Wait()
		require.Equal(t, []time.Duration{0, 0, 0, 0, 91 * time.Second, 93 * time.Second, 95 * time.Second}, server.arrivals, "arrivals at the server")
	})
}

// A permit that was not used because the call ended in the pause is free at once,
// not a window later.
func TestCallThatEndsInAPauseUsesNoPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newLimitedClient(t, 2)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _, _, _ = doCopy(t, c) })
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			wg.Go(func() {
				_, _, err := copyWith(ctx, c)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		time.Sleep(70 * time.Second) // two of them have got the permits
		cancel()
		synctest.Wait()
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		wg.Wait()
		require.Equal(t, []time.Duration{0, 0, 91 * time.Second, 93 * time.Second}, server.arrivals, "arrivals at the server")
	})
}

// waitFunc is a Limiter.
type waitFunc func(context.Context) error

func (w waitFunc) Wait(ctx context.Context) error { return w(ctx) }

// acquirer is a Limiter and Acquirer.
type acquirer struct {
	waitFunc
	acquire func(context.Context) (func(), error)
}

func (p acquirer) Acquire(ctx context.Context) (func(), error) { return p.acquire(ctx) }

func TestRateLimiterWorksAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := play(answer(200, made)), time.Now()
		c := newClient(t, s, agentcopy.WithLimiter(rate.NewLimiter(rate.Every(10*time.Second), 2)))
		for range 4 {
			_, _, err := doCopy(t, c)
			require.NoError(t, err)
		}
		require.Equal(t, 20*time.Second, time.Since(start), "time for 4 copies at one every 10s and a burst of 2")

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, _, err := copyWith(ctx, c)
		require.ErrorIs(t, err, context.DeadlineExceeded, "a wait that would outlast the deadline")
		require.Equal(t, 20*time.Second, time.Since(start), "it should fail at once")

		_, _, err = copyWith(ctx, newClient(t, s, agentcopy.WithLimiter(rate.NewLimiter(1, 0))))
		require.ErrorContains(t, err, "exceeds limiter's burst 0")
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the deadline is not to blame")
	})
}

func TestLimiterErrorsEndTheCall(t *testing.T) {
	broken := errors.New("redis is unreachable")
	cases := map[string]agentcopy.Limiter{
		"Limiter":  waitFunc(func(context.Context) error { return broken }),
		"Acquirer": acquirer{acquire: func(context.Context) (func(), error) { return nil, broken }},
	}
	for name, limiter := range cases {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, agentcopy.WithLimiter(limiter)))
			require.ErrorIs(t, err, broken)
			require.ErrorContains(t, err, "limiter: redis is unreachable")
			require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
			require.Empty(t, asError(t, err).Attempts, "attempts: nothing was sent")
			require.Empty(t, s.requests())
		})
	}
}

// Limiters that watch the context are in the tables of package conformance.
func TestALimiterThatIgnoresTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("the operator pressed the button")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(reason) })
		s, limiter := play(answer(200, made)), waitFunc(func(context.Context) error { time.Sleep(time.Minute); return nil })
		_, _, err := copyWith(ctx, newClient(t, s, agentcopy.WithLimiter(limiter)))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, reason, "the context's cause")
		require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
		require.Empty(t, s.requests())
	})
}

// TestATraceThatPanicsLosesNoPermit: the panic is the caller's to see, also where a timer met it.
func TestATraceThatPanicsLosesNoPermit(t *testing.T) {
	for _, reason := range []agentcopy.WaitReason{agentcopy.WaitLimiter, agentcopy.WaitPause} {
		panics := func(_ context.Context, w agentcopy.WaitInfo) {
			if w.Reason == reason {
				panic("a trace")
			}
		}
		for _, trace := range []agentcopy.Trace{{WaitStart: panics}, {WaitDone: func(ctx context.Context, w agentcopy.WaitInfo, _ error) { panics(ctx, w) }}} {
			inBubble(t, string(reason), func(t *testing.T) {
				held, key := 0, newKey()
				limiter := acquirer{acquire: func(context.Context) (func(), error) {
					held++
					time.Sleep(time.Second)
					return func() { held-- }, nil
				}}
				c := newClientWithKey(t, key, play(answer(http.StatusOK, made)), agentcopy.WithLimiter(limiter), agentcopy.WithTrace(trace))
				if reason == agentcopy.WaitPause { // which begins during the wait for the limiter
					other := newClientWithKey(t, key, play(answer(http.StatusTooManyRequests, "", "Retry-After", "5")))
					time.AfterFunc(time.Second/2, func() { refused(t, other) })
				}
				require.PanicsWithValue(t, "a trace", func() { _, _, _ = doCopy(t, c) })
				require.Zero(t, held)
			})
		}
	}
}

func TestThePermitIsReleasedOnceTheHeadersAreSeen(t *testing.T) {
	slowBody := func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(readerFunc(func([]byte) (int, error) { time.Sleep(20 * time.Second); return 0, io.EOF }), strings.NewReader(made))
		return &http.Response{StatusCode: 200, ProtoMajor: 1, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}, nil
	}
	cases := map[string]struct {
		step step
		want time.Duration
	}{
		"an answer":        {after(10*time.Second, slowBody), 10 * time.Second},
		"a refusal":        {answer(404, ""), 0},
		"a failure":        {fail(io.EOF), 0},
		"a time-out":       {hang, time.Minute},
		"no answer at all": {func(*http.Request) (*http.Response, error) { return nil, nil }, 0},
	}
	for name, tc := range cases {
		inBubble(t, name, func(t *testing.T) {
			start := time.Now()
			var released []time.Duration
			limiter := acquirer{acquire: func(context.Context) (func(), error) {
				return func() { released = append(released, time.Since(start)) }, nil
			}}
			c := newClient(t, play(tc.step), agentcopy.WithLimiter(limiter))
			_, _, _ = doCopy(t, c)
			require.NotEmpty(t, released, "the permit was never released")
			require.Equal(t, tc.want, released[0], "when it was released")
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnAcquirerMayReturnNothingToRelease(t *testing.T) {
	limiter := acquirer{acquire: func(context.Context) (func(), error) { return nil, nil }}
	_, _, err := doCopy(t, newClient(t, play(answer(200, made)), agentcopy.WithLimiter(limiter)))
	require.NoError(t, err)
}

// Waited of a retry is its own wait, without the waits of earlier attempts.
func TestEachAttemptHasItsOwnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(next step) step { return after(5*time.Second, next) }
		s := play(slow(answer(429, "", "Retry-After", "2")), slow(answer(429, "", "Retry-After", "100")), slow(answer(200, made)))
		_, resp, err := doCopy(t, newClient(t, s, agentcopy.WithLimiter(agentcopy.NewWindowLimiter(1, time.Minute))))
		require.NoError(t, err)
		var waited, took []time.Duration
		for _, a := range resp.Attempts {
			waited, took = append(waited, a.Waited), append(took, a.Duration)
		}
		last := resp.Attempts[2]
		require.Equal(t, time.Now(), last.Start.Add(last.Duration), "Start is after the wait")
		require.Equal(t, []time.Duration{0, time.Minute, 100 * time.Second}, waited, "the longer one of Retry-After and the limiter's wait")
		require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}, took)
	})
}

// paced is a vendor that allows two copies a minute.
var paced = &transport.Vendor{Name: "paced", BaseURL: vendor.BaseURL, Limits: func() pacing.Limits {
	return pacing.Limits{Copy: agentcopy.NewWindowLimiter(2, time.Minute)}
}}

func TestClientsOfOneCredentialShareTheirPace(t *testing.T) {
	for name, tc := range map[string]struct {
		client func(t *testing.T, key string, s *script) *transport.Client // one for each copy
		want   time.Duration                                               // for 5 copies, at 2 a minute
	}{
		"built apart": {func(t *testing.T, key string, s *script) *transport.Client {
			return newClientOf(t, paced, key, s)
		}, 2 * time.Minute},
		"With": {func(t *testing.T, key string, s *script) *transport.Client {
			c, err := newClientOf(t, paced, key, s).With([]agentcopy.Option{agentcopy.WithUserAgent("another/1")})
			require.NoError(t, err)
			return c
		}, 2 * time.Minute},
		"other credentials": {func(t *testing.T, _ string, s *script) *transport.Client {
			return newClientOf(t, paced, newKey(), s)
		}, 0},
		"a limiter that replaces the default": {func(t *testing.T, key string, s *script) *transport.Client {
			return newClientOf(t, paced, key, s, agentcopy.WithLimiter(agentcopy.Unlimited))
		}, 0},
		"servers in memory": {func(t *testing.T, key string, s *script) *transport.Client {
			return newClientOf(t, paced, key, inMemory{s, newKey()})
		}, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			s, key := play(answer(200, made)), newKey()
			for range 5 {
				_, _, err := doCopy(t, tc.client(t, key, s))
				require.NoError(t, err)
				runtime.GC() // a program that drops its clients must not begin with a fresh limit: the server remembers
			}
			require.Equal(t, tc.want, time.Since(s.start))
		})
	}
}

// inMemory answers for any origin, as agentcopytest's transports do, and says
// what its own is.
type inMemory struct {
	http.RoundTripper
	scope string
}

func (m inMemory) PacingScope() string { return m.scope }

func TestAPauseOutlivesTheClients(t *testing.T) {
	key := newKey()
	patient := agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever, MaxWait: time.Hour})
	synctest.Test(t, func(t *testing.T) {
		server := refuseFirst(answer(429, "", "Retry-After", "3600"))
		_, _, err := doCopy(t, newClientOf(t, paced, key, server, patient))
		require.ErrorIs(t, err, agentcopy.ErrRateLimited)
		for range 5 {
			time.Sleep(10 * time.Minute)
			runtime.GC()
		}
		_, _, err = doCopy(t, newClientOf(t, paced, key, server, patient))
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, time.Hour}, server.arrivals)
	})
}
