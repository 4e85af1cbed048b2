package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// around is middleware that does something with each request and the way on.
func around(do func(req *http.Request, next http.RoundTripper) (*http.Response, error)) agentcopy.Option {
	return agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return step(func(req *http.Request) (*http.Response, error) { return do(req, next) })
	})
}

// middleware makes a middleware that edits a copy of each request.
func middleware(edit func(*http.Request)) agentcopy.Option {
	return around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		req = req.Clone(req.Context())
		edit(req)
		return next.RoundTrip(req)
	})
}

// twice is middleware that sends a request again after a failure, as one that renews a
// token does.
var twice = around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
	if resp, err := next.RoundTrip(req); err == nil && resp.StatusCode < 300 {
		return resp, nil
	}
	again := req.Clone(req.Context())
	again.Body, again.ContentLength = http.NoBody, 0
	return next.RoundTrip(again)
})

func TestRequestsThatMiddlewareTurnsElsewhereNeverLeave(t *testing.T) {
	type edit = func(*http.Request)
	elsewhere := map[string]edit{
		"another host":     func(r *http.Request) { r.URL.Host = "evil.example" },
		"another port":     func(r *http.Request) { r.URL.Host = "api.acme.example:8443" },
		"another scheme":   func(r *http.Request) { r.URL.Scheme = "http" },
		"a longer host":    func(r *http.Request) { r.URL.Host = "api.acme.example.evil.example" },
		"Host header":      func(r *http.Request) { r.Host = "evil.example" },
		"no URL":           func(r *http.Request) { r.URL = nil },
		"an empty URL":     func(r *http.Request) { r.URL = &url.URL{} },
		"a host in opaque": func(r *http.Request) { r.URL.Opaque = "//evil.example/x" },
	}
	for _, name := range []string{"hOST", "content_length", "X-Original-URL", ":path", "Host ", ""} { // more are in package check
		elsewhere["header "+name] = func(r *http.Request) { r.Header[name] = []string{"chunked"} }
	}
	for name, edit := range elsewhere {
		t.Run(name, func(t *testing.T) {
			s := play(answer(200, made))
			_, _, err := doCopy(t, newClient(t, s, middleware(edit)))
			e := asError(t, err)
			require.Empty(t, s.requests(), "nothing may leave")
			require.ErrorIs(t, err, agentcopy.ErrInvalid)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
			require.Len(t, e.Attempts, 1)
			require.False(t, e.Attempts[0].Sent)
		})
	}
	for name, edit := range map[string]edit{
		"default port":       func(r *http.Request) { r.URL.Host = "api.acme.example:443" },
		"upper case":         func(r *http.Request) { r.URL.Host = "API.acme.EXAMPLE" },
		"Host header":        func(r *http.Request) { r.Host = "api.acme.example:443" },
		"another path":       func(r *http.Request) { r.URL.Path += "/x" },
		"no Host header set": func(r *http.Request) { r.Host = "" },
	} {
		t.Run("the same origin, "+name, func(t *testing.T) {
			_, _, err := doCopy(t, newClient(t, play(answer(200, made)), middleware(edit)))
			require.NoError(t, err)
		})
	}
}

func TestIdempotencyKeyOfMiddlewareIsTakenOut(t *testing.T) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key", "idempotency-key", "x-IDEMPOTENCY-key"} {
		s := play(answer(200, made))
		_, _, err := doCopy(t, newClient(t, s, middleware(func(r *http.Request) { r.Header[name] = []string{"1"} })))
		require.NoError(t, err, name)
		require.NotContains(t, s.requests()[0].Header, name)
	}
}

func TestMiddleware(t *testing.T) {
	var order []string
	note := func(name string) agentcopy.Option {
		return around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			order = append(order, name)
			req.Header.Set("X-Seen-By", name) // in place, as careless middleware does
			return next.RoundTrip(req)
		})
	}
	s := play(answer(429, "", "Retry-After-Ms", "1"), answer(200, made))
	_, _, err := doCopy(t, newClient(t, s, note("outer"), note("inner")))
	require.NoError(t, err)
	require.Equal(t, []string{"outer", "inner", "outer", "inner"}, order, "once per attempt, the first one outermost")

	t.Run("that fails without sending gives no proof", func(t *testing.T) {
		s := play(answer(200, made))
		boom := errors.New("boom")
		_, _, err := doCopy(t, newClient(t, s, around(func(*http.Request, http.RoundTripper) (*http.Response, error) {
			return nil, boom
		})))
		require.ErrorIs(t, err, boom)
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	})
}

// TestMiddlewareThatSendsTwice: it may where the first request provably made no
// copy, as one that renews a token does, and not where it may have made one.
func TestMiddlewareThatSendsTwice(t *testing.T) {
	for _, tt := range []struct {
		name  string
		call  func(testing.TB, *transport.Client) (*thing, *agentcopy.Response, error)
		first step
		sent  int
	}{
		{"refused", doCopy, answer(401, ""), 2},
		{"rate limited", doCopy, answer(429, ""), 2},
		{"never left", doCopy, fail(io.EOF, "sought"), 2},
		{"failed", doCopy, answer(500, ""), 1},
		{"unavailable, it does not say until when", doCopy, answer(503, "", "Retry-After", "soon"), 1},
		{"broke off", doCopy, fail(io.EOF, "sought", "got", "written"), 1},
		{"no proof", doCopy, fail(io.EOF), 1},
		{"a read that failed", doGet, answer(500, ""), 2},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			s := play(tt.first, answer(201, made))
			_, _, err := tt.call(t, newClient(t, s, twice))
			require.Len(t, s.requests(), tt.sent)
			if tt.sent == 2 {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "middleware tried to send the copy a second time")
			require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome)
		})
	}
}

// fetch makes a request that is none of the SDK's.
func fetch(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// TestRequestsOfMiddlewaresOwn: what it sends with the context of a request, over
// whatever protocol, is no part of the attempt.
func TestRequestsOfMiddlewaresOwn(t *testing.T) {
	tokens := serveOver(t, "h2", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "token") })
	t.Run("before and after a good answer", func(t *testing.T) {
		c := newClient(t, play(answer(201, made)), around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			for range 2 {
				if err := fetch(req.Context(), tokens.Client(), tokens.URL); err != nil {
					return nil, err
				}
			}
			resp, err := next.RoundTrip(req)
			return resp, errors.Join(err, fetch(req.Context(), tokens.Client(), tokens.URL))
		}))
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
	})
	refused := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, syscall.ECONNREFUSED
	}}}
	t.Run("one that cannot be dialed, before a failure without proof", func(t *testing.T) {
		s := play(fail(io.ErrUnexpectedEOF))
		_, _, err := doCopy(t, newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			_ = fetch(req.Context(), refused, "http://metrics.example")
			return next.RoundTrip(req)
		})))
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.Len(t, s.requests(), 1)
	})
	t.Run("one that arrives, before a dial that is refused", func(t *testing.T) {
		s := play(fail(io.EOF, "sought"), answer(201, made))
		_, _, err := doCopy(t, newClient(t, s, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxBackoff: 1}), around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			if err := fetch(req.Context(), tokens.Client(), tokens.URL); err != nil {
				return nil, err
			}
			return next.RoundTrip(req)
		})))
		require.NoError(t, err)
		require.Len(t, s.requests(), 2)
	})
}

// TestNamesLookedUpOverHTTP2: a dialer may ask for connections of its own with the
// context of the request.
func TestNamesLookedUpOverHTTP2(t *testing.T) {
	names := serveOver(t, "h2", func(http.ResponseWriter, *http.Request) {})
	var copies atomic.Int32
	server := serveOver(t, "h2", func(w http.ResponseWriter, _ *http.Request) {
		copies.Add(1)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, made)
	})
	mine := server.Client().Transport.(*http.Transport).Clone()
	mine.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		for range 2 { // as for IPv4 and IPv6
			if err := fetch(ctx, names.Client(), names.URL); err != nil {
				return nil, err
			}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	c := newClient(t, mine, agentcopy.WithBaseURL(server.URL))
	for range 3 {
		_, _, err := doCopy(t, c)
		require.NoError(t, err)
		mine.CloseIdleConnections()
	}
	require.EqualValues(t, 3, copies.Load())
}

// TestARequestThatPassedBeforeOneThatIsBlocked: that nothing was sent elsewhere
// says nothing of what was sent before.
func TestARequestThatPassedBeforeOneThatIsBlocked(t *testing.T) {
	s := play(fail(io.ErrUnexpectedEOF)) // by a transport that does not report to the trace
	_, _, err := doCopy(t, newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		_, _ = next.RoundTrip(req)
		other := req.Clone(req.Context())
		other.URL.Host = "mirror.example"
		return next.RoundTrip(other)
	})))
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.Len(t, s.requests(), 1)
}

// TestMiddlewareThatDropsTheContext is refused: nothing would bound its request.
func TestMiddlewareThatDropsTheContext(t *testing.T) {
	s := play(answer(201, made))
	_, _, err := doCopy(t, newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		return next.RoundTrip(req.WithContext(context.Background()))
	})))
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.ErrorContains(t, err, "without the context it came with")
	require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
	require.Empty(t, s.requests())
}

// TestMiddlewareThatDoesNotWait: a request that middleware has left to itself may
// still make a copy, however far it had come when the middleware returned.
func TestMiddlewareThatDoesNotWait(t *testing.T) {
	for _, reached := range [][]string{{}, {"sought"}, {"sought", "got"}} {
		sought, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s := play(func(req *http.Request) (*http.Response, error) {
			reach(req, reached...)
			close(sought)
			<-goOn
			return answer(201, made)(req)
		})
		c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			go func() {
				defer close(done)
				_, _ = next.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
			}()
			<-sought
			return nil, errors.New("it takes too long")
		}))
		_, _, err := doCopy(t, c)
		close(goOn)
		<-done
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome, "%v: %v", reached, err)
		require.Len(t, s.requests(), 1)
	}
}

// TestMiddlewareThatSendsLate: what it begins to send after it has returned would be
// part of no attempt.
func TestMiddlewareThatSendsLate(t *testing.T) {
	returned, late := make(chan struct{}), make(chan error)
	s := play(answer(201, made))
	c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		go func() {
			<-returned
			_, err := next.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
			late <- err
		}()
		return answer(429, "")(req)
	}), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
	_, _, err := doCopy(t, c)
	close(returned)
	require.ErrorContains(t, <-late, "after it had returned")
	require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
	require.Empty(t, s.requests())
}

// TestMiddlewareThatReturnsAnotherAnswer: that of a request that it sent again tells
// nothing of the one after it.
func TestMiddlewareThatReturnsAnotherAnswer(t *testing.T) {
	s := play(answer(401, ""), answer(201, made))
	c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		first, err := next.RoundTrip(req.Clone(req.Context()))
		if err == nil {
			_, err = next.RoundTrip(req)
		}
		return first, err
	}))
	_, _, err := doCopy(t, c)
	require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome)
	require.Len(t, s.requests(), 2)
}

// sideBySide sends a request three times at once, and returns the first good answer.
func sideBySide(req *http.Request, next http.RoundTripper) *http.Response {
	first := make(chan *http.Response, 3)
	for range cap(first) {
		go func() {
			if resp, err := next.RoundTrip(req.Clone(req.Context())); err == nil {
				first <- resp
			}
		}()
	}
	return <-first
}

// TestReadsThatMiddlewareSendsSideBySide is for the race detector.
func TestReadsThatMiddlewareSendsSideBySide(t *testing.T) {
	s := play(answer(200, made))
	c := newClient(t, s, agentcopy.WithTrace(agentcopy.Trace{
		AttemptDone: func(context.Context, agentcopy.AttemptInfo, agentcopy.Attempt, agentcopy.Outcome) {},
	}), around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		return sideBySide(req, next), nil
	}))
	for range 100 {
		_, _, err := doGet(t, c)
		require.NoError(t, err)
	}
}

// permits is a limiter of a few requests at once.
type permits struct {
	free     chan struct{}
	mu       sync.Mutex
	given    []int // how often each permit was given back
	underWay int   // requests on the wire
	excess   int   // the most of them without a permit
}

func (p *permits) Wait(context.Context) error { return errors.New("Acquire is to be called") }

func (p *permits) Acquire(ctx context.Context) (func(), error) {
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := len(p.given)
	p.given = append(p.given, 0)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.given[i]++; p.given[i] == 1 {
			<-p.free
		}
	}, nil
}

// wire notes that a request begins or ends.
func (p *permits) wire(begins, ends int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underWay += begins
	p.excess = max(p.excess, p.underWay-len(p.free))
	p.underWay -= ends
}

// TestPermitsBehindMiddleware: whatever middleware does, each permit is given back
// once, and no earlier than its request is answered or has failed.
func TestPermitsBehindMiddleware(t *testing.T) {
	type roundTrip = func(*http.Request, http.RoundTripper) (*http.Response, error)
	recovers := func(req *http.Request, next http.RoundTripper) (_ *http.Response, err error) {
		defer func() { err = fmt.Errorf("recovered: %v", recover()) }()
		return next.RoundTrip(req)
	}
	leaves := func(then func() error) roundTrip {
		return func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			go func() { _, _ = next.RoundTrip(req.Clone(context.WithoutCancel(req.Context()))) }()
			synctest.Wait()
			return nil, then()
		}
	}
	slow := after(time.Minute/2, answer(200, made))
	cases := map[string]struct {
		read       bool
		taken      int
		want       string // the error of the call; "" for none, "panic" and "exit" if it does not return
		step       step
		start      func() error // Trace.AttemptStart
		middleware roundTrip
	}{
		"answers by itself": {taken: 1, step: hang, middleware: func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(200, made)(req)
		}},
		"panics before it sends": {taken: 1, want: "panic", middleware: func(*http.Request, http.RoundTripper) (*http.Response, error) {
			panic("middleware")
		}},
		"exits after it has sent": {taken: 1, want: "exit", step: slow, middleware: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			_, _ = next.RoundTrip(req)
			runtime.Goexit()
			return nil, nil
		}},
		"exits while it sends": {taken: 1, want: "exit", step: slow, middleware: leaves(func() error { runtime.Goexit(); return nil })},
		"returns while it sends": {taken: 1, want: "impatient", step: slow, middleware: leaves(func() error {
			return errors.New("impatient")
		})},
		"recovers from the transport": {taken: 1, want: "recovered: wire", middleware: recovers, step: func(*http.Request) (*http.Response, error) {
			panic("wire")
		}},
		"recovers from a Trace": {taken: 1, want: "recovered: trace", middleware: recovers, start: func() error { panic("trace") }},
		"waits after it recovered from a Trace": {taken: 1, want: "attempt timeout", start: func() error { panic("trace") }, middleware: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			_, _ = recovers(req, next)
			<-req.Context().Done() // as the clock of the attempt goes on
			return nil, req.Context().Err()
		}},
		"sends what a Trace refuses": {taken: 1, want: "not now", middleware: leaves(func() error { return nil }), start: func() error {
			return errors.New("not now")
		}},
		"outlives a goroutine that exits": {taken: 1, want: "left alone", middleware: leaves(func() error {
			return errors.New("left alone")
		}), step: func(*http.Request) (*http.Response, error) {
			runtime.Goexit()
			return nil, nil
		}},
		"retries a 429": {taken: 2, want: "Too Many", step: answer(429, ""), middleware: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			_, _ = next.RoundTrip(req.Clone(req.Context()))
			return next.RoundTrip(req)
		}},
		"hedges": {read: true, taken: 3, step: slow, middleware: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			return sideBySide(req, next), nil
		}},
		"hedges, and gives one up that waits for a permit": {read: true, taken: 3, step: slow, middleware: func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(req.Context(), time.Second)
			defer cancel()
			var wg sync.WaitGroup
			wg.Go(func() {
				synctest.Wait()
				_, _ = next.RoundTrip(req.Clone(ctx))
			})
			resp := sideBySide(req, next)
			wg.Wait()
			return resp, nil
		}},
	}
	for name, tc := range cases {
		inBubble(t, name, func(t *testing.T) {
			limiter := &permits{free: make(chan struct{}, 3)}
			wire := step(func(req *http.Request) (*http.Response, error) {
				limiter.wire(1, 0)
				defer limiter.wire(0, 1)
				return tc.step(req)
			})
			c := newClient(t, wire, around(tc.middleware), agentcopy.WithLimiter(limiter), agentcopy.WithReadLimiter(limiter),
				agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}), agentcopy.WithTrace(agentcopy.Trace{
					AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
						if tc.start == nil {
							return ctx, nil
						}
						return ctx, tc.start()
					},
				}))
			got := "exit"
			go func() {
				defer func() {
					if recover() != nil {
						got = "panic"
					}
				}()
				call := doCopy
				if tc.read {
					call = doGet
				}
				_, _, err := call(t, c)
				if got = ""; err != nil {
					got = err.Error()
				}
			}()
			time.Sleep(time.Hour)
			synctest.Wait() // until what middleware has left to itself is over as well
			require.Contains(t, got, tc.want)
			require.Equal(t, tc.want == "", got == "", got)
			require.Equal(t, slices.Repeat([]int{1}, tc.taken), limiter.given, "how often each permit was given back")
			require.Zero(t, limiter.excess, "requests under way without a permit")
		})
	}
}
