//go:build unix

package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
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
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// How patient a child is. The settle time is long enough for the fakes, however
// busy the machine, and a late answer comes within it.
const (
	childTimeout = 400 * time.Millisecond
	lateAnswer   = 500 * time.Millisecond
	childSettle  = 2 * time.Second
)

// work is what processes do, and the fake of the vendor that makes the copies.
type work struct {
	task
	fake *vendortest.Fake
}

func newWork(t testing.TB, vendor, ledger string, names ...string) work {
	t.Helper()
	fake := vendortest.Named(vendor).NewFake(agentcopytest.WithRateLimit(1_000_000, time.Second))
	t.Cleanup(fake.Close)
	w := work{task{Ledger: ledger, Vendor: fake.URL(), Name: vendor, Callers: 4}, fake}
	source := fake.Add("", "source")
	for _, name := range names {
		if vendor == "cotool" { // a copy is a move, and keeps the name
			source = fake.Add("", name)
		}
		w.Jobs = append(w.Jobs, job{Key: name, SourceID: source, Name: name})
	}
	return w
}

// copies are the names of n copies.
func copies(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("copy %03d", i))
	}
	return names
}

// makeCopies makes the copies of a task, beside other processes that may do the same. It
// fails at an error that nothing explains: requests may get lost, the vendor may be busy,
// and the database or the disk of a busy machine may answer nothing for seconds.
func makeCopies(t task) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	copier, err := copierOf(t.Name, t.Vendor)
	if err != nil {
		return err
	}
	runner := &once.Runner{Ledger: l, SettleTime: childSettle, Concurrency: t.Callers}
	missing := errors.New("copies are missing")
	for end := time.Now().Add(5 * time.Minute); missing != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return missing
		}
		missing = nil
		for r := range runner.All(context.Background(), t.jobs(copier)) {
			switch err := r.Err; {
			case err == nil:
				continue
			case errors.Is(err, sqlledger.ErrUnavailable), errors.Is(err, once.ErrLeaseLost), errors.Is(err, context.DeadlineExceeded):
			case errors.Is(err, once.ErrAmbiguous),
				!errors.Is(err, agentcopy.ErrOutcomeUnknown) && !errors.Is(err, agentcopy.ErrRateLimited) && !errors.Is(err, once.ErrInProgress):
				return fmt.Errorf("unexplained: %w", err)
			}
			missing = r.Err
		}
	}
	return l.Close()
}

func (work task) jobs(copier agentcopy.Copier) func(func(once.Job) bool) {
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

// waitForCopies waits until the vendor has made n copies.
func (w work) waitForCopies(t testing.TB, n int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); len(w.fake.Copies()) < n; time.Sleep(3 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "the processes have come to a halt at %d copies", len(w.fake.Copies()))
	}
}

// check requires that the vendor made n copies, one of each name, and that the ledger
// knows that of each key.
func (w work) check(t testing.TB, n int) {
	t.Helper()
	made := map[string]string{} // IDs by name
	for _, c := range w.fake.Copies() {
		require.Empty(t, made[c.Name], "two copies of %s", c.Name)
		made[c.Name] = c.ID
	}
	require.Len(t, made, n)
	l, err := w.open()
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, l.Check(t.Context()))
	sends, found := 0, 0
	for _, j := range w.Jobs {
		r, _, err := l.Get(t.Context(), j.Key)
		require.NoError(t, err)
		require.Equal(t, made[j.Name], r.Copy.ID, "of %s", j.Key)
		sends += r.Sends
		if r.Found {
			found++
		}
	}
	t.Logf("%d keys, %d sends, %d copies found, 0 duplicates", len(w.Jobs), sends, found)
}

// interrupted has processes make the copies, and interrupts them so many times: each time
// that they have made about as many more.
func (w work) interrupted(t *testing.T, times, processes int, interrupt func(children []*child)) {
	t.Helper()
	children := startChildren(t, processes, "makeCopies", w.task)
	every := len(w.Jobs) / (times + 1)
	for n := range times {
		w.waitForCopies(t, every*n+1+rand.IntN(every))
		interrupt(children)
	}
	waitForAll(t, children)
	w.check(t, len(w.Jobs))
}

// Three processes work on the same keys; at random moments one is killed and
// started again.
func TestProcessesAreKilled(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		kills := rounds("AGENTCOPY_KILLS", 4)
		w := newWork(t, "kolena", newPlace(t), copies(40*(kills+1))...)
		w.interrupted(t, kills, 3, func(children []*child) {
			i := rand.IntN(len(children))
			children[i].kill()
			children[i].wait(t)
			children[i] = startChild(t, "makeCopies", w.task)
		})
	})
}

// PostgreSQL is killed, all its processes at once, and started again while eight
// processes work.
func TestPostgreSQLIsKilled(t *testing.T) {
	withAndWithoutPgBouncer(t, func(t *testing.T, p *postgres, url func(schema string) string) {
		kills := rounds("AGENTCOPY_KILLS", 1)
		w := newWork(t, "kolena", url(p.newSchema(t)), copies(120*(kills+1))...)
		w.interrupted(t, kills, 8, func([]*child) {
			p.Kill()
			p.Start()
		})
	})
}

// A process is killed at random moments, while answers get lost, come late or garbled,
// and connections break. It is started again until it is done. Then each key has one
// copy, which its record names, and the vendor made no other.
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
				for seed := range n {
					killRound(t, newWork(t, v.Name, newPlace(t), copies(100)...), uint64(seed))
				}
			})
		}
	})
}

func killRound(t *testing.T, w work, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 50))
	for range 10 * len(w.Jobs) {
		w.fake.Inject(randomFault(random))
	}
	front := newFront(w.fake.Client().Transport, seed)
	defer front.Close()
	w.Vendor, w.Callers = front.URL, 32
	for range 5 + random.IntN(6) {
		c := startChild(t, "makeCopies", w.task)
		kill := time.AfterFunc(time.Duration(random.IntN(int(time.Second))), c.kill)
		c.wait(t)
		kill.Stop()
	}
	require.True(t, startChild(t, "makeCopies", w.task).wait(t))
	w.check(t, len(w.Jobs))
}

// randomFault is what becomes of a copy request.
func randomFault(random *rand.Rand) agentcopytest.Fault {
	servererror := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}[random.IntN(3)]
	switch n := random.IntN(100); {
	case n < 8:
		return agentcopytest.Fault{Drop: true}
	case n < 18:
		return agentcopytest.Fault{Drop: true, AfterCopy: true}
	case n < 22:
		return agentcopytest.Fault{Status: servererror}
	case n < 30:
		return agentcopytest.Fault{Status: servererror, AfterCopy: true}
	case n < 35:
		return agentcopytest.Fault{Truncate: 1 + random.IntN(30)}
	case n < 38:
		return agentcopytest.Fault{Delay: lateAnswer}
	case n < 41:
		return agentcopytest.Fault{Status: http.StatusTooManyRequests}
	case n < 44:
		return agentcopytest.Fault{Body: "<html>a proxy's page</html>", AfterCopy: true}
	}
	return agentcopytest.Fault{Delay: time.Nanosecond} // none
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

// Two processes open a new ledger at the same moment.
func TestTwoProcessesMakeALedger(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		for range rounds("AGENTCOPY_STARTS", 3) {
			work := task{Ledger: newPlace(t)}
			children := startChildren(t, 2, "openOnly", work)
			resumeTogether(t, children)
			waitForAll(t, children)
			l, err := work.open()
			require.NoError(t, err)
			n := 0
			for _, err := range l.List(t.Context()) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 2, n)
			require.NoError(t, l.Close())
		}
	})
}

// pg_dump takes a backup while a process makes copies; it is restored in another database,
// and gone on with: of a key that was sent, the copy is found, and nothing is copied again.
func TestABackupOfPostgreSQLIsGoneOnWith(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	schema := p.newSchema(t)
	w := newWork(t, "kolena", p.url(schema), copies(200)...)
	before := startChild(t, "makeCopies", w.task)
	w.waitForCopies(t, 50)
	backup, err := p.Command("pg_dump", "-h", p.Dir, "-U", "postgres", "-n", schema, "postgres").Output()
	require.NoError(t, err)
	require.True(t, before.wait(t))
	p.exec(t, "CREATE DATABASE restored")
	restore := p.Command("psql", "-h", p.Dir, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "restored")
	restore.Stdin = bytes.NewReader(backup)
	out, err := restore.CombinedOutput()
	require.NoError(t, err, "%s", out)
	w.Ledger = strings.Replace(w.Ledger, "/postgres?", "/restored?", 1)
	l, err := w.open()
	require.NoError(t, err)
	defer l.Close()
	w.Jobs = nil
	for r, err := range l.List(t.Context()) {
		require.NoError(t, err)
		if r.Sent() || r.Done() {
			w.Jobs = append(w.Jobs, job{Key: r.Key, SourceID: r.Request.SourceID, Name: r.Request.Name})
		}
	}
	require.GreaterOrEqual(t, len(w.Jobs), 50)
	require.True(t, startChild(t, "makeCopies", w.task).wait(t))
	w.check(t, 200)
}

// boundaries are the moments of a call at which a process is suspended. Of a write there
// are two: before the ledger is asked, and when it has answered.
var boundaries = []string{
	"Begin", "Begin done", "Copy", "limiter", "AttemptStart", "Update", "Update done",
	"answered", "Finish", "Finish done", "refused: Abandon", "refused: Abandon done",
}

// Processes are suspended, each at a boundary of its call, until another process has made
// or found the copy, which takes until the lease has run out. Then they go on. There is
// one copy, and a process that was suspended never says that there is none.
func TestSuspendedProcessesMakeOneCopy(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		w := newWork(t, "kolena", newPlace(t), boundaries...)
		children := map[string]*child{}
		for _, j := range w.Jobs {
			children[j.Name] = startChild(t, "suspended", task{Ledger: w.Ledger, Vendor: w.Vendor, Name: j.Name, Jobs: []job{j}})
		}
		for _, c := range children {
			c.paused(t)
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGSTOP))
		}

		l, err := w.open()
		require.NoError(t, err)
		defer l.Close()
		copier, err := copierOf("kolena", w.Vendor)
		require.NoError(t, err)
		runner := &once.Runner{Ledger: l, SettleTime: childSettle, Concurrency: len(boundaries)}
		ids := map[string]string{}
		for deadline := time.Now().Add(2 * time.Minute); len(ids) < len(boundaries); {
			for r := range runner.All(t.Context(), w.jobs(copier)) {
				if require.True(t, time.Now().Before(deadline), "%v", r.Err); r.Err == nil {
					ids[r.Job.Key] = r.Copy.ID
				}
			}
		}
		for boundary, c := range children {
			c.resume()
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGCONT))
			said, err := io.ReadAll(c.out)
			require.NoError(t, err)
			require.True(t, c.wait(t))
			var answer answer
			require.NoError(t, json.Unmarshal(said, &answer))
			require.Contains(t, []string{"", ids[boundary]}, answer.ID, "%s: %s", boundary, answer.Error)
			if boundary != "refused: Abandon done" { // nothing was made, and the other process began anew
				require.NotEqual(t, agentcopy.OutcomeNotCopied, answer.Outcome, "%s: %s", boundary, answer.Error)
			}
		}
		w.check(t, len(boundaries))
	})
}

// answer is what a process that was suspended says of its call.
type answer struct {
	ID      string
	Outcome agentcopy.Outcome
	Error   string
}

// suspended makes a copy, and is suspended at the boundary that the task names.
func suspended(t task) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	b := &boundary{Ledger: l, Transport: http.DefaultTransport.(*http.Transport).Clone(), name: t.Name}
	copier, err := copierOf("kolena", t.Vendor, agentcopy.WithHTTPClient(&http.Client{Transport: b}), agentcopy.WithLimiter(b),
		agentcopy.WithTrace(agentcopy.Trace{AttemptStart: func(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
			b.reach("AttemptStart", a.Call.Copies)
			return ctx, nil
		}}))
	if err != nil {
		return err
	}
	j := t.Jobs[0]
	copied, err := (&once.Runner{Ledger: b, SettleTime: childSettle}).Copy(context.Background(), j.Key, copierAt{copier, b},
		agentcopy.CopyRequest{SourceID: j.SourceID, Name: j.Name})
	outcome := agentcopy.OutcomeCopied
	if err != nil {
		outcome, _ = agentcopy.OutcomeOf(err)
	}
	return json.NewEncoder(os.Stdout).Encode(answer{copied.ID, outcome, fmt.Sprint(err)})
}

// boundary pauses the first time that a call gets there.
type boundary struct {
	once.Ledger
	*http.Transport
	name string
	once sync.Once
}

func (b *boundary) reach(name string, there bool) {
	if there && strings.TrimPrefix(b.name, "refused: ") == name {
		b.once.Do(pause)
	}
}

func (b *boundary) write(name string, r once.Record, f func() error) error {
	there := name != "Update" || r.Sends > 0 // no renewal
	b.reach(name, there)
	err := f()
	b.reach(name+" done", there)
	return err
}

func (b *boundary) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = b.write("Begin", r, func() error { stored, found, err = b.Ledger.Begin(ctx, r, lease); return err })
	return stored, found, err
}

func (b *boundary) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return b.write("Update", r, func() error { return b.Ledger.Update(ctx, r, lease) })
}

func (b *boundary) Finish(ctx context.Context, r once.Record) error {
	return b.write("Finish", r, func() error { return b.Ledger.Finish(ctx, r) })
}

func (b *boundary) Abandon(ctx context.Context, r once.Record) error {
	return b.write("Abandon", r, func() error { return b.Ledger.Abandon(ctx, r) })
}

// Wait is that of an agentcopy.Limiter.
func (b *boundary) Wait(context.Context) error {
	b.reach("limiter", true)
	return nil
}

func (b *boundary) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasPrefix(b.name, "refused: ") {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	response, err := b.Transport.RoundTrip(r)
	b.reach("answered", r.Method == http.MethodPost)
	return response, err
}

type copierAt struct {
	agentcopy.Copier
	*boundary
}

func (c copierAt) Copy(ctx context.Context, r agentcopy.CopyRequest) (agentcopy.Copy, error) {
	c.reach("Copy", true)
	return c.Copier.Copy(ctx, r)
}
