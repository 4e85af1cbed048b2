package agentcopytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestCopiesTellsOfEachCopy(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) {
			s := start()
			require.Empty(t, s.Copies())
			var want []agentcopytest.CopyRecord
			for i := range 3 {
				time.Sleep(time.Minute)
				source := s.add()
				id, err := s.copy(t.Context(), source, "Copy "+strconv.Itoa(i), agentcopy.WithHTTPClient(s.Client()))
				require.NoError(t, err)
				require.NotEqual(t, source, id)
				name := "Copy " + strconv.Itoa(i)
				if s.Vendor.Name == "cotool" {
					name = "Agent " + source // which allows no choice
				}
				want = append(want, agentcopytest.CopyRecord{ID: id, SourceID: source, Name: name, At: time.Now()})
			}
			require.Equal(t, want, s.Copies())
			s.Copies()[0].ID = "changed"
			require.Equal(t, want, s.Copies())
		})
	})
}

func TestIDsAreTheSameInEachRun(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		ids := func() (ids []string) {
			s := start()
			for i := range 3 {
				ids = append(ids, s.add())
				memory(s.Server).must(t, s.copyOf(ids[len(ids)-1], "Copy "+strconv.Itoa(i)))
				ids = append(ids, s.Copies()[i].ID)
			}
			return ids
		}
		require.Equal(t, ids(), ids())
	})
}

func TestManyRequestsAtOnceMakeAsManyCopies(t *testing.T) {
	const n = 200
	eachVendor(t, func(t *testing.T, start starter) {
		requireNoGoroutines(t, func() {
			s := start(agentcopytest.WithRateLimit(n, time.Hour))
			d := memory(s.Server)
			var group sync.WaitGroup
			for i := range n {
				group.Go(func() {
					if i%40 == 0 {
						s.Inject(agentcopytest.Fault{Status: 500, AfterCopy: true})
					}
					_, err := d.send(t.Context(), s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
					assert.NoError(t, err)
					if i%40 == 0 {
						_, _ = s.Copies(), s.Requests()
					}
				})
			}
			group.Wait()
			ids := make(map[string]bool)
			for _, c := range s.Copies() {
				ids[c.ID] = true
			}
			require.Len(t, ids, n)
			require.Len(t, s.Requests(), n)
			s.Close()
		})
	})
}

func TestCloseEndsWhatIsDelayed(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
			id := s.add()
			s.Inject(agentcopytest.Fault{Delay: time.Hour})
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
		})
	})
}

func TestAfterCloseNoLateCopyIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newZudu()
		s.Inject(agentcopytest.Fault{Delay: time.Minute}, agentcopytest.Fault{Delay: time.Minute, Truncate: 3, AfterCopy: true})
		for i := range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := memory(s.Server).send(ctx, s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		s.Close()
		time.Sleep(time.Hour)
		require.Len(t, s.Copies(), 1, "but one was made before")
	})
}

// To the SDK, a server that is gone is one that it could not reach.
func TestAfterCloseNothingIsSent(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		id := s.add()
		s.Close()
		_, err := s.copy(t.Context(), id, "Copy", agentcopy.WithHTTPClient(s.Client()), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
		require.ErrorContains(t, err, "not copied")
	})
}

func TestNoGoroutineIsLeft(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		requireNoGoroutines(t, func() {
			s := start()
			s.Inject(agentcopytest.Fault{Delay: time.Hour}, agentcopytest.Fault{Delay: time.Hour, Drop: true, AfterCopy: true})
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for _, d := range []door{memory(s.Server), {client, s.URL()}} {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				_, err := d.send(ctx, s.copyOf(s.add(), "Copy"))
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			s.Close()
		})
	})
}

func TestOptionsPanicOnNonsense(t *testing.T) {
	requirePanic(t, func() { agentcopytest.NewZudu(nil) }, "NewZudu: option 1 is nil")
	requirePanic(t, func() { agentcopytest.NewKolena(agentcopytest.WithRateLimit(1, 1), nil) }, "NewKolena: option 2 is nil")
	requirePanic(t, func() { agentcopytest.NewCotool(agentcopytest.WithZuduFirstGeneration()) }, "WithZuduFirstGeneration", "Cotool")
	requirePanic(t, func() { agentcopytest.NewLangSmith(agentcopytest.WithKolenaZonelessTimes()) }, "WithKolenaZonelessTimes", "LangSmith")
}

func TestUnknownRoutesAre404Or405(t *testing.T) {
	// errorBody is the form of each vendor's errors.
	errorBody := map[string]string{
		"zudu":      `"status":"error"`,
		"cotool":    `{"error":"`,
		"langsmith": `"type":"https://docs.langchain.com/errors/`,
		"kolena":    `{"detail":"`,
	}
	eachVendor(t, func(t *testing.T, start starter) {
		eachDoor(t, start, func(t *testing.T, s *subject, d door) {
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
				out := d.must(t, request{tc.method, tc.path, s.Header("any"), ""})
				require.Equal(t, tc.status, out.StatusCode, "%s %s", tc.method, tc.path)
				require.Equal(t, tc.allow, out.Header.Get("Allow"))
				require.Contains(t, out.body, errorBody[s.Vendor.Name])
			}
			require.Empty(t, s.Copies())
		})
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
		})
	})
}

func TestChangingARequestChangesNoRecord(t *testing.T) {
	s := newZudu()
	r := s.copyOf(s.add(), "Copy")
	r.target += "?a=1"
	memory(s.Server).must(t, r)
	got := s.Requests()[0]
	got.Header.Set("X-Api-Key", "changed")
	got.Query["a"][0] = "changed"
	got.Body[0] = 'x'
	again := s.Requests()[0]
	require.Equal(t, "any", again.Header.Get("X-Api-Key"))
	require.Equal(t, "1", again.Query.Get("a"))
	require.Equal(t, s.body("Copy"), string(again.Body))
}

func TestARequestUnderWayHasNoStatusYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newZudu()
		s.Inject(agentcopytest.Fault{Delay: time.Minute})
		id := s.add()
		go func() { _, _ = memory(s.Server).send(t.Context(), s.copyOf(id, "Copy")) }()
		synctest.Wait()
		require.Zero(t, s.Requests()[0].StatusCode)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 200, s.Requests()[0].StatusCode)
	})
}

func TestNoPrintedRequestShowsACredential(t *testing.T) {
	const secret = "very-secret"
	header := http.Header{
		"Authorization": {"Bearer " + secret}, "X-Api-Key": {secret}, "X-Api-Secret": {secret}, "Cookie": {secret},
	}
	s := newZudu()
	memory(s.Server).must(t, request{http.MethodPost, "/somewhere", header, `{"token":"` + secret + `"}`})
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
		start  func(opts ...agentcopytest.ServerOption) *subject
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
			start := func(...agentcopytest.ServerOption) *subject {
				if tc.accept == nil {
					return tc.start()
				}
				return tc.start(agentcopytest.WithCredential(tc.accept...))
			}
			eachDoor(t, start, func(t *testing.T, s *subject, d door) {
				r := s.copyOf(s.add(), "Copy")
				r.header = tc.header
				out := d.must(t, r)
				require.Equal(t, tc.status, out.StatusCode)
				if tc.body != "" {
					require.Contains(t, out.body, tc.body)
					require.Equal(t, "application/json", out.Header.Get("Content-Type"))
					require.Empty(t, s.Copies())
				}
			})
		})
	}
}

func TestWithCredentialPanicsOnNonsense(t *testing.T) {
	requirePanic(t, func() { agentcopytest.WithCredential() }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.WithCredential("") }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.WithCredential("k", "") }, "WithCredential", "empty")
	requirePanic(t, func() { agentcopytest.NewZudu(agentcopytest.WithCredential("a", "b", "c")) }, "3 values", "Zudu has no more than 2")
	requirePanic(t, func() { agentcopytest.NewKolena(agentcopytest.WithCredential("a", "b")) }, "2 values", "Kolena has no more than 1")
}

func TestRateLimitIsAWindowPerCredential(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) {
			s := start(agentcopytest.WithRateLimit(2, 10*time.Second))
			d := memory(s.Server)
			names := 0
			requireCopy := func(key, why string) {
				t.Helper()
				names++
				out := d.must(t, request{http.MethodPost, s.path(s.add()), s.Header(key), s.body("Copy " + strconv.Itoa(names))})
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
		d := memory(s.Server)
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
				out := memory(s.Server).must(t, s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
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
		require.Equal(t, 200, memory(s.Server).must(t, s.copyOf(s.add(), "Copy")).StatusCode)
	}
}

// The SDK's own pace keeps inside Kolena's limit, and the fake shows it.
func TestTheSDKKeepsInsideKolenasLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := agentcopytest.NewKolena()
		source := srv.AddAgent(kolena.Agent{Name: "Source"})
		client, err := kolena.New("key", agentcopy.WithHTTPClient(srv.Client()))
		require.NoError(t, err)
		begin := time.Now()
		var group sync.WaitGroup
		for range 150 {
			group.Go(func() {
				_, err := client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Copy"})
				assert.NoError(t, err)
			})
		}
		group.Wait()
		require.Len(t, srv.Copies(), 150)
		require.Len(t, srv.Requests(), 150, "no attempt was refused")
		require.GreaterOrEqual(t, time.Since(begin), 2*time.Minute)
	})
}

func TestWithRateLimitPanicsOnNonsense(t *testing.T) {
	for _, tc := range []struct {
		n   int
		per time.Duration
	}{{0, time.Second}, {-1, time.Second}, {1, 0}, {1, -1}} {
		requirePanic(t, func() { agentcopytest.WithRateLimit(tc.n, tc.per) }, "WithRateLimit", "positive")
	}
}
