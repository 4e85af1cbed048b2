package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestRetrySendsTheSameRequest, whatever middleware did to the one before, which it should
// not change, and each time with a permit of its own.
func TestRetrySendsTheSameRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changing := around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			req.Method, req.Host, req.Body, req.ContentLength = http.MethodPut, "elsewhere.example", nil, 0
			req.URL.Scheme, req.URL.Host, req.URL.Path, req.URL.RawPath, req.URL.RawQuery = "http", "elsewhere.example", "/", "", "key=1"
			req.Header.Set("Authorization", "none")
			req.Header["Content-Type"][0] = "text/plain"
			return resp, err
		})
		permits := 0
		limiter := waitFunc(func(context.Context) error { permits++; return nil })
		s := play(answer(429, "", "Retry-After", "1"), fail(io.EOF, "sought"), answer(200, made))
		_, resp, err := doCopy(t, newClient(t, s, changing, agentcopy.WithLimiter(limiter)))
		require.NoError(t, err)
		requests := s.requests()
		require.Equal(t, `{"name":"new"}`, requests[0].Body)
		require.Equal(t, []seen{requests[0], requests[0], requests[0]}, requests)
		require.Equal(t, 3, permits)
		require.Len(t, resp.Attempts, 3)
		require.Equal(t, []int{429, 0, 200}, []int{resp.Attempts[0].StatusCode, resp.Attempts[1].StatusCode, resp.Attempts[2].StatusCode})
		require.Equal(t, time.Second, resp.Attempts[1].Waited, "the wait for Retry-After belongs to the attempt after it")
	})
}

func TestWaitsThatAreNotBegun(t *testing.T) {
	cases := []struct {
		name       string
		step       step
		deadline   time.Duration // of the context; 0 for none
		retryAfter time.Duration
		is         error
	}{
		{"Retry-After beyond MaxWait", answer(429, `{"detail":"slow down"}`, "Retry-After", "3600"), 0, time.Hour, agentcopy.ErrRateLimited},
		{"Retry-After beyond the deadline", answer(429, "", "Retry-After", "60"), 10 * time.Second, time.Minute, context.DeadlineExceeded},
		{"Retry-After that ends with the deadline", answer(429, "", "Retry-After", "10"), 10 * time.Second, 10 * time.Second, context.DeadlineExceeded},
		{"backoff beyond the deadline", fail(io.EOF, "sought"), time.Nanosecond, 0, io.EOF},
	}
	for _, tc := range cases {
		inBubble(t, tc.name, func(t *testing.T) {
			ctx := t.Context()
			if tc.deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.deadline)
				defer cancel()
			}
			s, start := play(tc.step), time.Now()
			_, _, err := copyWith(ctx, newClient(t, s))
			e := asError(t, err)
			require.ErrorIs(t, err, tc.is)
			require.Equal(t, tc.retryAfter, e.RetryAfter, "RetryAfter")
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Len(t, s.requests(), 1)
			require.Zero(t, time.Since(start), "the call must end at once")
		})
	}
}

// TestContextThatEndsDuringTheBackoff: both causes are told, and neither shows the key that it quotes.
func TestContextThatEndsDuringTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := newKey()
		reason, failure := errors.New("no longer "+key), fmt.Errorf("header %q: %w", key, io.ErrClosedPipe)
		ctx, cancel := context.WithCancelCause(t.Context())
		policy := agentcopy.RetryPolicy{MinBackoff: time.Hour, MaxBackoff: time.Hour}
		time.AfterFunc(time.Millisecond, func() { cancel(reason) })
		_, _, err := copyWith(ctx, newClientWithKey(t, key, play(fail(failure, "sought")), agentcopy.WithRetry(policy)))
		for _, is := range []error{context.Canceled, reason, io.ErrClosedPipe} {
			require.ErrorIs(t, err, is)
		}
		require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
		require.Len(t, asError(t, err).Attempts, 1)
		require.Contains(t, err.Error(), "[redacted]")
		require.NotContains(t, fmt.Sprint(err, asError(t, err).Attempts[0].Err), key)
	})
}

func TestNilContext(t *testing.T) {
	//lint:ignore SA1012 a nil context is the fault under test
	_, _, err := copyWith(nil, newClient(t, play()))
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.Equal(t, "ctx", asError(t, err).Fields[0].Field)
}

func TestAttemptTimeout(t *testing.T) {
	for name, opt := range map[string]agentcopy.Option{
		"WithAttemptTimeout":             agentcopy.WithAttemptTimeout(2 * time.Second),
		"Timeout of the caller's client": agentcopy.WithHTTPClient(&http.Client{Transport: step(hang), Timeout: 2 * time.Second}),
	} {
		inBubble(t, name, func(t *testing.T) {
			_, _, err := doGet(t, newClient(t, step(hang), opt))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "attempt timeout of 2s")
			require.Len(t, asError(t, err).Attempts, 4, "a read is retried")
			for _, a := range asError(t, err).Attempts {
				require.Equal(t, 2*time.Second, a.Duration)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	policy := agentcopy.RetryPolicy{MaxAttempts: 70, MinBackoff: 100 * time.Millisecond, MaxBackoff: 2 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		_, _, err := doCopy(t, newClient(t, play(fail(io.EOF, "sought")), agentcopy.WithRetry(policy)))
		attempts := asError(t, err).Attempts
		require.Len(t, attempts, 70)
		var total time.Duration
		for i, a := range attempts[1:] {
			bound := policy.MaxBackoff
			if i < 5 {
				bound = min(bound, policy.MinBackoff<<i)
			}
			require.LessOrEqual(t, a.Waited, bound, "before attempt %d", i+2)
			total += a.Waited
		}
		// Full jitter: the mean of 65 draws from 0 to 2s lies near a second.
		require.InDelta(t, 65, total.Seconds(), 25, "total of the waits in seconds")
	})
}

func TestLongestBackoffDoesNotOverflow(t *testing.T) {
	longest := agentcopy.RetryPolicy{MinBackoff: math.MaxInt64, MaxBackoff: math.MaxInt64}
	_, _, err := doCopy(t, newClient(t, play(answer(200, made)), agentcopy.WithRetry(longest)))
	require.NoError(t, err)

	policy := agentcopy.RetryPolicy{MaxAttempts: 100, MinBackoff: 1, MaxBackoff: math.MaxInt64 - 1}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		_, _, err := copyWith(ctx, newClient(t, play(fail(io.EOF, "sought")), agentcopy.WithRetry(policy)))
		for _, a := range asError(t, err).Attempts {
			require.GreaterOrEqual(t, a.Waited, time.Duration(0))
		}
	})
}

func TestCookiesOfTheCallersJar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jar, _ := cookiejar.New(nil) // which never fails
		s := play(answer(429, "", "Retry-After", "1", "Set-Cookie", "shard=7; Path=/"), answer(429, "", "Retry-After", "1"), answer(200, made))
		c := newClient(t, nil, agentcopy.WithHTTPClient(&http.Client{Transport: s, Jar: jar}))
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		var cookies []string
		for _, r := range s.requests() {
			cookies = append(cookies, r.Header.Get("Cookie"))
		}
		require.Equal(t, []string{"", "shard=7", "shard=7"}, cookies)

		limiter := agentcopy.NewWindowLimiter(1, 1)
		panics := &http.Client{Jar: struct{ http.CookieJar }{}}
		require.Panics(t, func() {
			_, _, _ = doCopy(t, newClient(t, nil, agentcopy.WithHTTPClient(panics), agentcopy.WithLimiter(limiter)))
		})
		require.NoError(t, limiter.Wait(t.Context()), "the permit is lost")
	})
}

// TestContextThatEndsWithinARefusal: the error is both, what the vendor said and why
// the rest of it was not read.
func TestContextThatEndsWithinARefusal(t *testing.T) {
	why := errors.New("the user has left")
	for status, sentinel := range map[int]error{500: agentcopy.ErrServer, 403: agentcopy.ErrForbidden, 429: agentcopy.ErrRateLimited} {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := newClient(t, play(func(req *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				_, _ = w.Write([]byte("<h1>No"))
				cancel(why)
				_ = w.CloseWithError(req.Context().Err())
			}()
			return &http.Response{StatusCode: status, ProtoMajor: 1, Header: http.Header{}, Request: req, ContentLength: 100, Body: body}, nil
		}))
		_, _, err := copyWith(ctx, c)
		for _, is := range []error{sentinel, context.Canceled, why} {
			require.ErrorIs(t, err, is)
		}
		require.Equal(t, status, asError(t, err).StatusCode)
	}
}
