package agentcopytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestCopiesTellsOfEachCopy(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		runs := make([][]agentcopytest.CopyRecord, 2)
		for run := range runs {
			synctest.Test(t, func(t *testing.T) {
				s := start()
				require.Empty(t, s.Copies())
				var want []agentcopytest.CopyRecord
				for i := range 3 {
					time.Sleep(time.Minute)
					source, name := s.add(), fmt.Sprint("Copy ", i)
					id, err := s.copy(t.Context(), source, name, agentcopy.WithHTTPClient(s.Client()))
					require.NoError(t, err)
					require.NotEqual(t, source, id)
					if s.Vendor.Name == "cotool" {
						name = "Agent " + source // which allows no choice
					}
					want = append(want, agentcopytest.CopyRecord{ID: id, SourceID: source, Name: name, At: time.Now()})
				}
				runs[run] = s.Copies()
				require.Equal(t, want, runs[run])
				s.Copies()[0].ID = "changed"
				require.Equal(t, want, s.Copies())
			})
		}
		require.Equal(t, runs[0], runs[1], "the IDs are the same in each run")
	})
}

// In a bubble, which ends only when no goroutine is left.
func TestManyRequestsAtOnceMakeAsManyCopies(t *testing.T) {
	const n = 200
	many := quirks{
		Rename: strings.TrimSpace, StaleLists: time.Millisecond, FlapLists: 0.5, ListOrder: agentcopytest.OrderShuffled, PageSize: 3,
		Stamps: agentcopytest.Stamps{Form: agentcopytest.StampUnix}, DateOffset: time.Second, Before: func(agentcopytest.Request) {},
	}
	for _, q := range []quirks{{}, many} {
		each(t, q, func(s quirky) {
			var group sync.WaitGroup
			for i := range n {
				group.Go(func() {
					if i%40 == 0 {
						s.Inject(fault{Status: 500, AfterCopy: true})
					}
					_, err := s.send(s.t.Context(), s.copyOf(s.add(), fmt.Sprint("Copy ", i)))
					assert.NoError(s.t, err)
					if i%40 == 0 {
						_, err = s.send(s.t.Context(), request{http.MethodGet, s.list(), keys, ""})
						assert.NoError(s.t, err)
						_, _ = s.Copies(), s.Requests()
					}
				})
			}
			group.Wait()
			ids := make(map[string]bool)
			for _, c := range s.Copies() {
				ids[c.ID] = true
			}
			require.Len(s.t, ids, n)
			require.Len(s.t, s.Requests(), n+n/40)
		}, agentcopytest.WithRateLimit(n, time.Hour))
	}
}

func TestCloseEndsWhatIsDelayed(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			id := s.add()
			s.Inject(fault{Delay: time.Hour})
			broke := make(chan error, 1)
			go func() {
				_, err := d.send(context.Background(), s.copyOf(id, "Copy"))
				broke <- err
			}()
			require.Eventually(t, func() bool { return len(s.Requests()) == 1 }, time.Minute, time.Millisecond)
			s.Close()
			require.ErrorIs(t, <-broke, io.EOF)
			s.Close()
			require.Empty(t, s.Copies())
			_, err := d.send(t.Context(), s.copyOf(id, "Copy"))
			require.ErrorContains(t, err, "refused")
			require.Len(t, s.Requests(), 1)
			_, err = s.copy(t.Context(), id, "Copy", agentcopy.WithHTTPClient(s.Client()), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
			require.ErrorContains(t, err, "not copied", "what the SDK makes of it")
		})
	})
}

func TestAfterCloseNoLateCopyIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newZudu()
		s.Inject(fault{Delay: time.Minute}, fault{Delay: time.Minute, Truncate: 3, AfterCopy: true})
		for i := range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := memory(s).send(ctx, s.copyOf(s.add(), fmt.Sprint("Copy ", i)))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		s.Close()
		time.Sleep(time.Hour)
		require.Len(t, s.Copies(), 1, "but one was made before")
	})
}

func TestOptionsPanicOnNonsense(t *testing.T) {
	limit, credential := agentcopytest.WithRateLimit, agentcopytest.WithCredential
	for says, does := range map[string]func(){
		"NewZudu: option 1 is nil":                                          func() { agentcopytest.NewZudu(nil) },
		"NewKolena: option 2 is nil":                                        func() { agentcopytest.NewKolena(limit(1, 1), nil) },
		"WithZuduFirstGeneration: this is a fake of Cotool":                 func() { agentcopytest.NewCotool(zuduForms[1]...) },
		"WithKolenaZonelessTimes: this is a fake of LangSmith":              func() { agentcopytest.NewLangSmith(kolenaForms[1]...) },
		"WithRateLimit(0, 1s): both must be positive":                       func() { limit(0, time.Second) },
		"WithRateLimit(-1, 1s): both must be positive":                      func() { limit(-1, time.Second) },
		"WithRateLimit(1, 0s): both must be positive":                       func() { limit(1, 0) },
		"WithRateLimit(1, -1ns): both must be positive":                     func() { limit(1, -1) },
		"WithCredential: a credential is empty":                             func() { credential() },
		"a credential is empty":                                             func() { credential("k", "") },
		"WithCredential: there are 3 values, and Zudu has no more than 2":   func() { agentcopytest.NewZudu(credential("a", "b", "c")) },
		"WithCredential: there are 2 values, and Kolena has no more than 1": func() { agentcopytest.NewKolena(credential("a", "b")) },
	} {
		requirePanic(t, does, says)
	}
}

func TestUnknownRoutesAre404Or405(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		id := s.add()
		for _, tc := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{http.MethodGet, "/", 404, ""},
			{http.MethodGet, "/api", 404, ""},
			{http.MethodPost, s.path(id) + "/", 404, ""},
			{http.MethodPost, s.path(id) + "/more", 404, ""},
			{http.MethodPost, "/v2" + s.path(id), 404, ""},
			{http.MethodPost, s.path(""), 404, ""},
			{http.MethodGet, s.path(id), 405, "POST"},
			{http.MethodDelete, s.path(id), 405, "POST"},
		} {
			out := memory(s).must(t, request{tc.method, tc.path, keys, ""})
			require.Equal(t, tc.status, out.StatusCode, "%s %s", tc.method, tc.path)
			require.Equal(t, tc.allow, out.Header.Get("Allow"))
		}
		require.Empty(t, s.Copies())
	})
}

func TestRequestsShowsWhatWasSent(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			require.Empty(t, s.Requests())
			id := s.add()
			begin := time.Now()
			r := s.copyOf(id, "Copy")
			r.target += "?a=1&a=2&b=%2F"
			out := d.must(t, r)
			d.must(t, request{http.MethodGet, "/odd%2Fpath", nil, ""})

			got := s.Requests()
			require.Len(t, got, 2)
			require.False(t, got[0].At.Before(begin))
			require.False(t, got[1].At.Before(got[0].At))
			require.Equal(t, http.MethodPost, got[0].Method)
			require.Equal(t, s.path(id), got[0].Path)
			require.Equal(t, map[string][]string{"a": {"1", "2"}, "b": {"/"}}, map[string][]string(got[0].Query))
			for name, values := range s.Header("any") {
				require.Equal(t, values, got[0].Header.Values(name))
			}
			require.Equal(t, s.body("Copy"), string(got[0].Body))
			require.Equal(t, out.StatusCode, got[0].StatusCode)
			require.Equal(t, "/odd%2Fpath", got[1].Path, "as it was sent")
			require.Equal(t, 404, got[1].StatusCode)

			want := fmt.Sprint(got[0].Header, got[0].Query, got[0].Body)
			clear(got[0].Header)
			got[0].Query["a"][0] = "changed"
			clear(got[0].Body)
			again := s.Requests()[0]
			require.Equal(t, want, fmt.Sprint(again.Header, again.Query, again.Body), "a change of the copy changes no record")
		})
	})
}

func TestNoPrintedRequestShowsACredential(t *testing.T) {
	const secret = "very-secret"
	header := http.Header{
		"Authorization": {"Bearer " + secret}, "X-Api-Key": {secret}, "X-Api-Secret": {secret}, "Cookie": {secret},
	}
	s := newZudu()
	memory(s).must(t, request{http.MethodPost, "/somewhere", header, `{"token":"` + secret + `"}`})
	r := s.Requests()[0]
	require.Equal(t, secret, r.Header.Get("X-Api-Key"), "it is there to be looked at")

	var text, lines bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&text, verb+verb+verb, r, &r, []agentcopytest.Request{r})
	}
	slog.New(slog.NewTextHandler(&lines, nil)).Info("seen", "request", r, "all", s.Requests())
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("seen", "request", &r, "all", s.Requests())
	marshalled, err := json.Marshal(s.Requests())
	require.NoError(t, err)
	for _, output := range []string{text.String(), lines.String(), string(marshalled), r.String()} {
		require.NotContains(t, output, secret)
		require.NotContains(t, output, fmt.Sprintf("%x", secret))
		require.Contains(t, output, "/somewhere")
	}
	require.Equal(t, "POST /somewhere: 404, 23 bytes sent", r.String())
}

func TestOnlyTheCredentialIsAccepted(t *testing.T) {
	const (
		zuduBody      = `{"message":"Unauthorized","status":"error","error":`
		kolenaMissing = `{"detail":"Missing credentials"}`
		kolenaWrong   = `{"detail":"Invalid credentials"}`
	)
	cases := []struct {
		name   string
		start  starter
		accept []string
		header http.Header
		status int
		body   string
	}{
		{"zudu: any pair", newZudu, nil, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}, 200, ""},
		{"zudu: none", newZudu, nil, nil, 401, zuduBody},
		{"zudu: no secret", newZudu, nil, http.Header{"X-Api-Key": {"k"}}, 401, zuduBody},
		{"zudu: an empty secret", newZudu, nil, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {""}}, 401, zuduBody},
		{"zudu: the pair", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}, 200, ""},
		{"zudu: another key", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"x"}, "X-Api-Secret": {"s"}}, 401, zuduBody},
		{"zudu: another secret", newZudu, []string{"k", "s"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"x"}}, 401, zuduBody},
		{"zudu: only the key counts", newZudu, []string{"k"}, http.Header{"X-Api-Key": {"k"}, "X-Api-Secret": {"x"}}, 200, ""},

		{"cotool: any", newCotool, nil, vendortest.Bearer("k"), 200, ""},
		{"cotool: none", newCotool, nil, nil, 401, `{"error":`},
		{"cotool: another", newCotool, []string{"k"}, vendortest.Bearer("x"), 401, `{"error":`},

		{"langsmith: any", newLangSmith, nil, http.Header{"X-Api-Key": {"k"}}, 201, ""},
		{"langsmith: none", newLangSmith, nil, nil, 401, `{"error":"Unauthorized"}`},
		{"langsmith: another", newLangSmith, []string{"k"}, http.Header{"X-Api-Key": {"x"}}, 403, `{"error":"Forbidden"}`},

		{"kolena: any", newKolena, nil, vendortest.Bearer("k"), 200, ""},
		{"kolena: the scheme in another case", newKolena, []string{"k"}, http.Header{"Authorization": {"bearer  k"}}, 200, ""},
		{"kolena: none", newKolena, nil, nil, 401, kolenaMissing},
		{"kolena: no token", newKolena, nil, vendortest.Bearer(""), 401, kolenaMissing},
		{"kolena: another scheme", newKolena, nil, http.Header{"Authorization": {"Basic k"}}, 401, kolenaMissing},
		{"kolena: another", newKolena, []string{"k"}, vendortest.Bearer("x"), 401, kolenaWrong},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var opts []agentcopytest.ServerOption
			if tc.accept != nil {
				opts = append(opts, agentcopytest.WithCredential(tc.accept...))
			}
			eachDoor(t, tc.start, func(t *testing.T, s *subject, d door) {
				r := s.copyOf(s.add(), "Copy")
				r.header = tc.header
				out := d.must(t, r)
				require.Equal(t, tc.status, out.StatusCode)
				if tc.body != "" {
					require.Contains(t, out.body, tc.body)
					require.Equal(t, "application/json", out.Header.Get("Content-Type"))
					require.Equal(t, s.Vendor.Name == "kolena", out.Header.Get("WWW-Authenticate") == "Bearer")
					require.Empty(t, s.Copies())
				}
			}, opts...)
		})
	}
}

func TestRateLimitIsAWindowPerCredential(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) {
			s := start(agentcopytest.WithRateLimit(2, 10*time.Second))
			d := memory(s)
			names := 0
			requireCopy := func(key, why string) {
				t.Helper()
				names++
				out := d.must(t, request{http.MethodPost, s.path(s.add()), s.Header(key), s.body(fmt.Sprint("Copy ", names))})
				require.Equal(t, s.Success, out.StatusCode, "%s: %s", why, out.body)
			}
			requireRefusal := func(retryAfter, why string) {
				t.Helper()
				out := d.must(t, s.copyOf(s.add(), "Copy"))
				require.Equal(t, 429, out.StatusCode, why)
				require.Equal(t, retryAfter, out.Header.Get("Retry-After"), why)
				require.Contains(t, out.body, "Rate limit exceeded: 2 per 10s")
			}
			requireCopy("any", "first")
			time.Sleep(1500 * time.Millisecond)
			requireCopy("any", "second")
			for range 3 {
				requireRefusal("9", "8.5 seconds left, rounded up; and refusals do not count")
			}
			requireCopy("other", "credentials are counted apart")
			time.Sleep(8500*time.Millisecond - 1)
			requireRefusal("1", "a nanosecond left")
			time.Sleep(time.Nanosecond)
			requireCopy("any", "the first one is out of the window")
			requireRefusal("2", "the second is not: 1.5 seconds")
			time.Sleep(1500 * time.Millisecond)
			requireCopy("any", "now it is")
			require.Len(t, s.Copies(), 5)
		})
	})
}

func TestRateLimitCountsWhatTheVendorDealsWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKolena(agentcopytest.WithRateLimit(1, time.Minute), agentcopytest.WithCredential("any"))
		d := memory(s)
		id := s.add()
		require.Equal(t, 401, d.must(t, request{http.MethodPost, s.path(id), s.Header("wrong"), s.body("a")}).StatusCode)
		require.Equal(t, 200, d.must(t, request{http.MethodGet, "/api/v1/client/agents/" + id, s.Header("any"), ""}).StatusCode)
		require.Equal(t, 422, d.must(t, s.copyOf(id, "")).StatusCode, "the first that counts")
		require.Equal(t, 429, d.must(t, s.copyOf(id, "a")).StatusCode)
		require.Equal(t, 200, d.must(t, request{http.MethodGet, "/api/v1/client/agents/" + id, s.Header("any"), ""}).StatusCode, "reads are not limited")
	})
}

func TestOnlyKolenaLimitsByDefault(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) {
			s := start()
			for i := range 62 {
				out := memory(s).must(t, s.copyOf(s.add(), fmt.Sprint("Copy ", i)))
				want := s.Success
				if s.Vendor.Name == "kolena" && i >= 60 {
					want = 429
					require.Equal(t, "60", out.Header.Get("Retry-After"))
				}
				require.Equal(t, want, out.StatusCode)
			}
		})
	})
}

func TestRateLimitOptionServesManyServers(t *testing.T) {
	once := agentcopytest.WithRateLimit(1, time.Hour)
	for range 2 {
		s := newZudu(once)
		require.Equal(t, 200, memory(s).must(t, s.copyOf(s.add(), "Copy")).StatusCode)
	}
}

type fault = agentcopytest.Fault

func TestEachFaultShowsAsItSays(t *testing.T) {
	const long = "Sat, 03 Feb 2001 04:05:06 GMT" // in place of the server's own Date
	cases := map[string]struct {
		fault  fault
		status int // 0: success
		body   string
		kind   string // Content-Type; "" for no matter
		err    error
		copies int
	}{
		"none":                   {copies: 1},
		"status":                 {fault: fault{Status: 500}, status: 500},
		"status and body":        {fault: fault{Status: 502, Body: "<html><title>Bad gateway</title></html>"}, status: 502, body: "<html><title>Bad gateway</title></html>", kind: "text/html; charset=utf-8"},
		"no content":             {fault: fault{Status: 204}, status: 204},
		"status after the copy":  {fault: fault{Status: 500, Body: "{}", AfterCopy: true}, status: 500, body: "{}", copies: 1},
		"body":                   {fault: fault{Body: "{}"}, body: "{}", kind: "application/json"},
		"body after the copy":    {fault: fault{Body: "{}", AfterCopy: true}, body: "{}", copies: 1},
		"drop":                   {fault: fault{Drop: true}, err: io.EOF},
		"drop after the copy":    {fault: fault{Drop: true, AfterCopy: true}, err: io.EOF, copies: 1},
		"truncate":               {fault: fault{Truncate: 3}, err: io.ErrUnexpectedEOF, copies: 1},
		"truncate after it":      {fault: fault{Truncate: 3, AfterCopy: true}, err: io.ErrUnexpectedEOF, copies: 1},
		"truncate a body":        {fault: fault{Status: 400, Body: "Bad request", Truncate: 3}, status: 400, body: "Bad", kind: "text/plain; charset=utf-8", err: io.ErrUnexpectedEOF},
		"truncate beyond":        {fault: fault{Truncate: 1 << 20}, copies: 1},
		"delay":                  {fault: fault{Delay: time.Millisecond}, copies: 1},
		"delay and status":       {fault: fault{Delay: time.Millisecond, Status: 503}, status: 503},
		"delay after the copy":   {fault: fault{Delay: time.Millisecond, AfterCopy: true}, copies: 1},
		"delay between the two":  {fault: fault{Delay: time.Millisecond, Drop: true, AfterCopy: true}, err: io.EOF, copies: 1},
		"header":                 {fault: fault{Header: http.Header{"X-Two": {"a", "b"}, "date": {long}, "content-type": nil}}, copies: 1},
		"a whole answer by hand": {fault: fault{Status: 201, Header: http.Header{"content-type": {"text/x"}}, Body: "hi"}, status: 201, body: "hi"},
	}
	eachVendor(t, func(t *testing.T, start starter) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				eachDoor(t, start, func(t *testing.T, s *subject, d door) {
					given := tc.fault
					given.Header = tc.fault.Header.Clone()
					s.Inject(given)
					for _, values := range given.Header {
						clear(values) // Inject has copied them
					}
					out, err := d.send(t.Context(), s.copyOf(s.add(), "Copy"))
					if tc.status == 0 {
						tc.status = s.Success
					}
					if tc.err != nil {
						require.ErrorIs(t, err, tc.err)
					} else {
						require.NoError(t, err)
					}
					if tc.err == io.EOF {
						tc.status = 0
					} else {
						require.Equal(t, tc.status, out.StatusCode)
					}
					if tc.body != "" || tc.status == 204 {
						require.Equal(t, tc.body, out.body)
					}
					if tc.kind != "" {
						require.Equal(t, tc.kind, out.Header.Get("Content-Type"))
					}
					for name, values := range tc.fault.Header {
						require.Equal(t, values, out.Header.Values(name))
					}
					require.Len(t, s.Copies(), tc.copies)
					require.Equal(t, tc.status, s.Requests()[0].StatusCode)

					again := d.must(t, s.copyOf(s.add(), "Copy 2"))
					require.Equal(t, s.Success, again.StatusCode, "the request after the fault: %s", again.body)
					require.Len(t, s.Copies(), tc.copies+1)
				})
			})
		}
	})
}

func TestFaultsComeInOrderOnePerCopyRequest(t *testing.T) {
	s := newKolena(agentcopytest.WithCredential("good"))
	d := memory(s)
	id := s.add()
	good := s.copyOf(id, "a")
	good.header = s.Header("good")
	s.Inject(fault{Status: 500}, fault{}, fault{Status: 501})
	s.Inject(fault{Status: 502}, fault{Drop: true, AfterCopy: true}, fault{Truncate: 2, AfterCopy: true})

	require.Equal(t, 500, d.must(t, s.copyOf(id, "a")).StatusCode, "before authentication")
	require.Equal(t, 200, d.must(t, request{http.MethodGet, "/api/v1/client/agents", s.Header("good"), ""}).StatusCode, "reads meet none")
	require.Equal(t, 405, d.must(t, request{http.MethodGet, s.path(id), s.Header("good"), ""}).StatusCode)
	require.Equal(t, 404, d.must(t, request{http.MethodPost, "/elsewhere", s.Header("good"), ""}).StatusCode)
	require.Equal(t, 200, d.must(t, good).StatusCode, "a zero fault lets it pass")
	require.Equal(t, 501, d.must(t, request{http.MethodPost, s.path(id), nil, "garbage"}).StatusCode, "before validation")
	require.Equal(t, 502, d.must(t, s.copyOf(id, "a")).StatusCode)
	for range 2 {
		refused := d.must(t, s.copyOf(id, "a"))
		require.Equal(t, 401, refused.StatusCode, "there is no copy to lose")
		require.NotEmpty(t, refused.body)
	}
	require.Equal(t, 200, d.must(t, good).StatusCode, "the faults are used up")
	require.Len(t, s.Copies(), 2)
}

func TestAFaultDoesNotReachTheRateLimit(t *testing.T) {
	s := newZudu(agentcopytest.WithRateLimit(1, time.Hour))
	d := memory(s)
	id := s.add()
	s.Inject(fault{Status: 500}, fault{Drop: true}, fault{Status: 500, AfterCopy: true}, fault{Status: 500, AfterCopy: true})
	require.Equal(t, 500, d.must(t, s.copyOf(id, "a")).StatusCode)
	_, err := d.send(t.Context(), s.copyOf(id, "b"))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 500, d.must(t, s.copyOf(id, "c")).StatusCode)
	require.Equal(t, 429, d.must(t, s.copyOf(id, "d")).StatusCode, "with AfterCopy, what the vendor refuses is refused")
	require.Len(t, s.Copies(), 1)
}

func TestInjectRefusesNonsense(t *testing.T) {
	header := http.Header{"A": {"b"}}
	for _, tc := range []struct {
		fault fault
		says  string
	}{
		{fault{Status: 99}, "Status 99"},
		{fault{Status: 600}, "Status 600"},
		{fault{Status: -1}, "Status -1"},
		{fault{Status: 103}, "Status 103"}, // informational
		{fault{Delay: -1}, "Delay is negative"},
		{fault{Truncate: -1}, "Truncate is negative"},
		{fault{Status: 500, Truncate: 1}, "Truncate 1 cuts nothing off"},
		{fault{Body: "abc", Truncate: 3}, "Truncate 3 cuts nothing off"},
		{fault{Drop: true, Status: 500}, "Drop"},
		{fault{Drop: true, Body: "x"}, "Drop"},
		{fault{Drop: true, Truncate: 1}, "Drop"},
		{fault{Drop: true, Header: header}, "Drop"},
		{fault{AfterCopy: true}, "AfterCopy"},
		{fault{AfterCopy: true, Header: header}, "AfterCopy"},
		{fault{Status: 204, Body: "x"}, "204"},
		{fault{Status: 500, Header: http.Header{"content-length": {"3"}}}, "Truncate"},
		{fault{Status: 500, Header: http.Header{"A": {"b\r\nC: d"}}}, "control character"},
	} {
		s := newZudu()
		requirePanic(t, func() { s.Inject(fault{Status: 500}, tc.fault) }, "Inject: fault 2: ", tc.says)
		require.Equal(t, 200, memory(s).must(t, s.copyOf(s.add(), "Copy")).StatusCode, "nothing was injected")
	}
}

// A copy that is made after the client has stopped waiting is the one that a
// client must not take for none.
func TestTheVendorGoesOnWithoutTheClient(t *testing.T) {
	cases := map[string]struct {
		fault       fault
		made        time.Duration // after the request; -1: never
		atTheClient error         // of a client that waits
	}{
		"before the copy":               {fault{Delay: time.Minute}, time.Minute, nil},
		"after the copy":                {fault{Delay: time.Minute, AfterCopy: true, Drop: true}, 0, io.EOF},
		"before a refusal":              {fault{Delay: time.Minute, Drop: true}, -1, io.EOF},
		"before a copy that is cut off": {fault{Delay: time.Minute, Truncate: 2}, time.Minute, io.ErrUnexpectedEOF},
	}
	eachVendor(t, func(t *testing.T, start starter) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := start()
					begin := time.Now()
					s.Inject(tc.fault, tc.fault)

					ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errUserLeft)
					defer cancel()
					req := memory(s).build(ctx, s.copyOf(s.add(), "Copy"), nil)
					_, err := s.Client().Do(req)
					require.ErrorIs(t, err, errUserLeft)
					clear(req.Header) // it is the caller's again, although the vendor has not dealt with it yet
					require.Equal(t, 10*time.Second, time.Since(begin), "the client does not wait for the vendor")
					if tc.made == 0 {
						require.Len(t, s.Copies(), 1)
					} else {
						require.Empty(t, s.Copies())
					}

					time.Sleep(50*time.Second - 1)
					require.Equal(t, tc.made == 0, len(s.Copies()) == 1)
					require.Zero(t, s.Requests()[0].StatusCode, "there is no answer yet")
					time.Sleep(time.Nanosecond)
					synctest.Wait()
					require.Equal(t, tc.made >= 0, len(s.Copies()) == 1, "the vendor went on")
					if tc.made >= 0 {
						require.Equal(t, begin.Add(tc.made), s.Copies()[0].At)
					}
					require.Equal(t, tc.fault.Drop, s.Requests()[0].StatusCode == 0, "the status, although nobody waits for it")

					begin = time.Now()
					_, err = memory(s).send(t.Context(), s.copyOf(s.add(), "Copy 2"))
					require.ErrorIs(t, err, tc.atTheClient)
					require.Equal(t, time.Minute, time.Since(begin))
				})
			})
		}
	})
}

func TestALateCopyOverASocketIsMade(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	giveUp := func(agentcopytest.Request) { cancel() } // as soon as the vendor has the request
	s := newKolena(agentcopytest.WithQuirks(quirks{Before: giveUp}))
	t.Cleanup(s.Close)
	s.Inject(fault{Delay: 2 * time.Second})
	_, err := door{socketClient(t), s.URL()}.send(ctx, s.copyOf(s.add(), "Copy"))
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return len(s.Copies()) == 1 }, 2*time.Minute, time.Millisecond)
}
