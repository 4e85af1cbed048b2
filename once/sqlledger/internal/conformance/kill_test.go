//go:build unix

package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// A process in which a Runner makes copies is killed at random moments, while
// answers get lost, come late or garbled, and connections break. It is started
// again until it is done. Then each key has one copy, which its record names, and
// the vendor made no other.
//
// A round takes a minute, since leases run out in it: AGENTCOPY_KILL_ROUNDS=50 is how
// many there are. By default there is none; TestProcessesAreKilled is quicker.
func TestKilledRunnersMakeOneCopyOfEachKey(t *testing.T) {
	n := rounds("AGENTCOPY_KILL_ROUNDS", 0)
	if n == 0 {
		t.Skip("left out: it takes minutes; set AGENTCOPY_KILL_ROUNDS")
	}
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		for _, v := range vendortest.Vendors {
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				r := &killing{T: t, vendor: v}
				for seed := range n {
					r.random = rand.New(rand.NewPCG(uint64(seed), 50))
					r.round(newPlace(t))
				}
				t.Logf("%d rounds: %+v, 0 duplicates", n, r.figures)
			})
		}
	})
}

// How patient a child is. The settle time is long enough for the fakes, however
// busy the machine, and a late answer comes within it.
const (
	childTimeout = 400 * time.Millisecond
	lateAnswer   = 500 * time.Millisecond
	childSettle  = 2 * time.Second
)

// missing is what makeCopies says if it must be started again.
const missing = "copies are missing"

// makeCopies makes the copies of a task. It fails at an error that nothing explains:
// three requests in a row may get lost, the vendor may be busy four times over, and the
// disk of a busy machine may answer nothing for seconds.
func makeCopies(t task) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	copier, err := copierOf(t.Name, t.Vendor)
	if err != nil {
		return err
	}
	runner := &once.Runner{Ledger: l, SettleTime: childSettle, Concurrency: 32}
	for r := range runner.All(context.Background(), t.jobs(copier)) {
		switch err := r.Err; {
		case err == nil:
		case errors.Is(err, sqlledger.ErrUnavailable), errors.Is(err, once.ErrLeaseLost), errors.Is(err, context.DeadlineExceeded):
			fmt.Fprintln(os.Stderr, missing)
		case errors.Is(err, once.ErrAmbiguous),
			!errors.Is(err, agentcopy.ErrOutcomeUnknown) && !errors.Is(err, agentcopy.ErrRateLimited) && !errors.Is(err, once.ErrInProgress):
			return fmt.Errorf("unexplained: %w", err)
		default:
			fmt.Fprintln(os.Stderr, missing)
		}
	}
	return l.Close()
}

func (work *task) jobs(copier agentcopy.Copier) func(func(once.Job) bool) {
	return func(yield func(once.Job) bool) {
		for _, j := range work.Jobs {
			if !yield(once.Job{Key: j.Key, Copier: copier, Request: agentcopy.CopyRequest{SourceID: j.SourceID, Name: j.Name}}) {
				return
			}
		}
	}
}

func copierOf(vendor, url string, more ...agentcopy.Option) (agentcopy.Copier, error) {
	opts := append([]agentcopy.Option{
		agentcopy.WithBaseURL(url),
		agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithAttemptTimeout(childTimeout),
		agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond}),
	}, more...)
	return vendortest.Named(vendor).NewCopier(opts...)
}

// copiesOfARound is how many copies a round makes.
const copiesOfARound = 100

// killing are rounds in which a process is killed.
type killing struct {
	*testing.T
	vendor *vendortest.Vendor
	random *rand.Rand
	figures
}

// figures are what is worth knowing of the rounds.
type figures struct{ Copies, Requests, Kills, Starts, Found, SentAgain int }

func (r *killing) round(ledger string) {
	fake := r.vendor.NewFake(agentcopytest.WithRateLimit(1_000_000, time.Second))
	defer fake.Close()
	for range 10 * copiesOfARound {
		fake.Inject(r.fault())
	}
	front := newFront(fake.Client().Transport, r.random.Uint64())
	defer front.Close()
	work := task{Name: r.vendor.Name, Vendor: front.URL, Ledger: ledger}
	source := fake.Add("", "source")
	for i := range copiesOfARound {
		name := fmt.Sprintf("copy %03d", i)
		if r.vendor.Name == "cotool" { // a copy is a move, and keeps the name
			source = fake.Add("", name)
		}
		work.Jobs = append(work.Jobs, job{Key: fmt.Sprintf("key %03d", i), SourceID: source, Name: name})
	}
	kills := 5 + r.random.IntN(6)
	for starts := 0; ; starts++ {
		require.Less(r, starts, 50, "no end")
		life := time.Hour
		if starts < kills {
			life = time.Duration(r.random.IntN(int(time.Second)))
		}
		if r.start(work, life) {
			break
		}
	}
	r.check(work, fake)
}

// fault is what becomes of a copy request.
func (r *killing) fault() agentcopytest.Fault {
	servererror := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}[r.random.IntN(3)]
	switch n := r.random.IntN(100); {
	case n < 8:
		return agentcopytest.Fault{Drop: true}
	case n < 18:
		return agentcopytest.Fault{Drop: true, AfterCopy: true}
	case n < 22:
		return agentcopytest.Fault{Status: servererror}
	case n < 30:
		return agentcopytest.Fault{Status: servererror, AfterCopy: true}
	case n < 35:
		return agentcopytest.Fault{Truncate: 1 + r.random.IntN(30)}
	case n < 38:
		return agentcopytest.Fault{Delay: lateAnswer}
	case n < 41:
		return agentcopytest.Fault{Status: http.StatusTooManyRequests}
	case n < 44:
		return agentcopytest.Fault{Body: "<html>a proxy's page</html>", AfterCopy: true}
	}
	return agentcopytest.Fault{Delay: time.Nanosecond} // none
}

// start runs the process, kills it after life, and reports whether all copies are
// made.
func (r *killing) start(work task, life time.Duration) (done bool) {
	c := startChild(r, "makeCopies", work)
	r.Starts++
	kill := time.AfterFunc(life, c.kill)
	defer kill.Stop()
	if c.wait(r) {
		return !strings.Contains(c.said.String(), missing)
	}
	r.Kills++
	return false
}

// check requires one copy of each key, and that it is known.
func (r *killing) check(work task, fake *vendortest.Fake) {
	made := map[string]string{} // IDs by name
	for _, c := range fake.Copies() {
		require.Empty(r, made[c.Name], "two copies of %s", c.Name)
		made[c.Name] = c.ID
	}
	require.Len(r, made, copiesOfARound)
	l, err := work.open()
	require.NoError(r, err)
	defer l.Close()
	for _, j := range work.Jobs {
		record, _, err := l.Get(r.Context(), j.Key)
		require.NoError(r, err)
		require.Equal(r, made[j.Name], record.Copy.ID, "of %s", j.Key)
		if record.Found {
			r.Found++
		}
		r.SentAgain += record.Sends - 1
	}
	r.Copies += len(made)
	for _, request := range fake.Requests() {
		if vendortest.IsCopy(request.Method, request.Path) {
			r.Requests++
		}
	}
}

// newFront puts a vendor on a socket, behind a proxy that resets connections: some
// before the request reaches the vendor, some when it has answered.
func newFront(vendor http.RoundTripper, seed uint64) *httptest.Server {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: "vendor.example"})
	proxy.Transport = vendor
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // the vendor closed the connection
	}
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := random.IntN(100)
		mu.Unlock()
		switch {
		case n < 3:
			reset(w)
		case n < 8:
			func() {
				defer func() { _ = recover() }()
				proxy.ServeHTTP(httptest.NewRecorder(), r)
			}()
			reset(w)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
}

// reset ends a connection with RST.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
