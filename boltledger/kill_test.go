package boltledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// A process that makes copies is killed at random moments, while answers get
// lost, come late or garbled, and connections break. It is started again until
// it is done. Then each key has one copy, which its record names, and the vendor
// made no other.
//
// AGENTCOPY_KILL_ROUNDS=50 kills that many times as long.
func TestKilledProcessesMakeOneCopyOfEachKey(t *testing.T) {
	rounds := uint64(1)
	if more, err := strconv.ParseUint(os.Getenv("AGENTCOPY_KILL_ROUNDS"), 10, 64); err == nil {
		rounds = more
	}
	for name, newFake := range fakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sum figures
			for seed := range rounds {
				r := &killing{T: t, random: rand.New(rand.NewPCG(seed, 50)), ledger: newPath(t)}
				r.fake = newFake(r)
				r.run(name)
				r.fake.Close()
				sum.add(r.figures)
			}
			t.Logf("%d rounds: %+v", rounds, sum)
		})
	}
}

// copiesOfARound is how many copies a round makes.
const copiesOfARound = 200

// killing is one round: a vendor, a ledger, and a process that is killed.
type killing struct {
	*testing.T
	random *rand.Rand
	fake   fake
	ledger string
	jobs   []job
	figures
}

// figures are what is worth knowing of a round.
type figures struct{ Copies, Requests, Kills, Starts, Found, SentAgain int }

func (f *figures) add(g figures) {
	f.Copies += g.Copies
	f.Requests += g.Requests
	f.Kills += g.Kills
	f.Starts += g.Starts
	f.Found += g.Found
	f.SentAgain += g.SentAgain
}

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
	input, err := json.Marshal(task{Vendor: vendor, URL: front.URL, Ledger: r.ledger, Jobs: r.jobs})
	require.NoError(r, err)
	for range 5 + r.random.IntN(6) {
		if r.start(input, time.Duration(r.random.IntN(int(time.Second)))) {
			break
		}
	}
	for !r.start(input, time.Hour) {
		require.Less(r, r.Starts, 50, "no end")
	}
	r.check()
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

// start runs the process, kills it after life, and reports whether it was done
// before.
func (r *killing) start(input []byte, life time.Duration) (done bool) {
	var said bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &said
	require.NoError(r, cmd.Start())
	r.Starts++
	kill := time.AfterFunc(life, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	err := cmd.Wait()
	kill.Stop()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case !failed:
		require.NoError(r, err)
		return true
	case exit.Sys().(syscall.WaitStatus).Signaled():
		r.Kills++
		require.Empty(r, said.String())
	default:
		require.Equal(r, unfinished, exit.ExitCode(), "%s", said.String())
	}
	return false
}

// check requires one copy of each key, and that it is known.
func (r *killing) check() {
	made := map[string]string{} // IDs by name
	for _, c := range r.fake.Copies() {
		require.Empty(r, made[c.Name], "two copies of %s", c.Name)
		made[c.Name] = c.ID
	}
	require.Len(r, made, copiesOfARound)
	ledger := open(r, r.ledger)
	known := listed(r.T, ledger)
	require.Len(r, known, copiesOfARound)
	for _, j := range r.jobs {
		record := known[j.Key]
		require.Equal(r, made[j.Name], record.Copy.ID, "of %s", j.Key)
		require.Equal(r, j.SourceID, record.Copy.SourceID)
		if record.Found {
			r.Found++
		}
		r.SentAgain += record.Rounds - 1
	}
	require.NoError(r, ledger.Close())
	r.Copies = len(made)
	for _, request := range r.fake.Requests() {
		if request.Method == http.MethodPost && !strings.HasSuffix(request.Path, "/agents") { // Zudu's search is a POST, too
			r.Requests++
		}
	}
}
