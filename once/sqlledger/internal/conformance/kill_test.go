//go:build unix

package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/zudu"
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
		for name, newFake := range fakes {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var sum figures
				for seed := range n {
					r := &killing{T: t, random: rand.New(rand.NewPCG(uint64(seed), 50)), ledger: newPlace(t), figures: &sum}
					r.fake = newFake(r)
					r.run(name)
					r.fake.Close()
				}
				t.Logf("%d rounds: %+v, 0 duplicates", n, sum)
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
	const key, secret = "not-a-real-key", "not-a-real-secret"
	switch vendor {
	case "zudu":
		c, err := zudu.New(key, secret, opts...)
		return c.Copier(), err
	case "cotool":
		c, err := cotool.New(key, opts...)
		return c.Copier(), err
	case "langsmith":
		c, err := langsmith.New(key, opts...)
		return c.Copier(langsmith.CloneAgentRequest{}), err
	}
	c, err := kolena.New(key, opts...)
	return c.Copier(kolena.CopyAgentRequest{}), err
}

// copiesOfARound is how many copies a round makes.
const copiesOfARound = 100

// killing is one round: a vendor, a ledger, and a process that is killed.
type killing struct {
	*testing.T
	random   *rand.Rand
	fake     fake
	ledger   string
	jobs     []job
	starts   int
	*figures // of all rounds
}

// figures are what is worth knowing of the rounds.
type figures struct{ Copies, Requests, Kills, Starts, Found, SentAgain int }

// fake is what the fakes of all vendors have in common.
type fake interface {
	Client() *http.Client
	Close()
	Copies() []agentcopytest.CopyRecord
	Requests() []agentcopytest.Request
	Inject(...agentcopytest.Fault)
}

// fakes make a vendor with what is to be copied, and the jobs of a round.
var fakes = map[string]func(*killing) fake{
	"zudu": func(r *killing) fake {
		f := agentcopytest.NewZudu()
		source := f.AddAgent(zudu.Agent{AgentName: "source"})
		r.ask(func(int) string { return source.AgentID })
		return f
	},
	"cotool": func(r *killing) fake {
		f := agentcopytest.NewCotool()
		r.ask(func(i int) string { return f.AddAgent(cotool.Agent{Name: nameOf(i)}).ID })
		return f
	},
	"langsmith": func(r *killing) fake {
		f := agentcopytest.NewLangSmith()
		source := f.AddAgent(langsmith.Agent{Name: "source"})
		r.ask(func(int) string { return source.ID })
		return f
	},
	"kolena": func(r *killing) fake {
		f := agentcopytest.NewKolena(agentcopytest.WithRateLimit(1_000_000, time.Second))
		source := f.AddAgent(kolena.Agent{Name: "source"})
		r.ask(func(int) string { return strconv.FormatInt(source.ID, 10) })
		return f
	},
}

func nameOf(i int) string { return fmt.Sprintf("copy %03d", i) }

func (r *killing) ask(sourceOf func(i int) string) {
	for i := range copiesOfARound {
		r.jobs = append(r.jobs, job{Key: fmt.Sprintf("key %03d", i), SourceID: sourceOf(i), Name: nameOf(i)})
	}
}

func (r *killing) run(vendor string) {
	for range 10 * copiesOfARound {
		r.fake.Inject(r.fault())
	}
	front := newFront(r.fake.Client().Transport, r.random.Uint64())
	defer front.Close()
	work := task{Name: vendor, Vendor: front.URL, Ledger: r.ledger, Jobs: r.jobs}
	for range 5 + r.random.IntN(6) {
		if r.start(work, time.Duration(r.random.IntN(int(time.Second)))) {
			break
		}
	}
	for !r.start(work, time.Hour) {
		require.Less(r, r.starts, 50, "no end")
	}
	r.check(work)
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
	r.starts++
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
func (r *killing) check(work task) {
	made := map[string]string{} // IDs by name
	for _, c := range r.fake.Copies() {
		require.Empty(r, made[c.Name], "two copies of %s", c.Name)
		made[c.Name] = c.ID
	}
	require.Len(r, made, copiesOfARound)
	l, err := work.open()
	require.NoError(r, err)
	defer l.Close()
	for _, j := range r.jobs {
		record, _, err := l.Get(r.Context(), j.Key)
		require.NoError(r, err)
		require.Equal(r, made[j.Name], record.Copy.ID, "of %s", j.Key)
		if record.Found {
			r.Found++
		}
		r.SentAgain += record.Sends - 1
	}
	r.Copies += len(made)
	for _, request := range r.fake.Requests() {
		if request.Method == http.MethodPost && !strings.HasSuffix(request.Path, "/agents") { // Zudu's search is a POST, too
			r.Requests++
		}
	}
}
