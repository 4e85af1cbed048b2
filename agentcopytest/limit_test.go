package agentcopytest_test

import (
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
	"github.com/agentcopy/agentcopy-go/kolena"
)

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
