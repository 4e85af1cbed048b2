package kolena_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const (
	copies  = 1000
	window  = 61 * time.Second // of the client's limiter, which allows as many in it as the server in a minute
	caution = 2 * window       // how long the client spaces its copies after a refusal
)

// load says when the copies are asked for: in equal bursts, a period apart.
type load struct {
	name   string
	bursts int
	period time.Duration
}

var (
	greedy = &load{"greedy", 1, 0}
	onOff  = &load{"on-off", 8, 10 * time.Minute}
)

// scenario is one run of the simulation.
type scenario struct {
	server     *serverModel
	network    *network
	load       *load
	goroutines int // at least one for each client
	clients    int
	apart      bool // the clients are of processes that know nothing of each other
}

func (s scenario) String() string {
	return fmt.Sprintf("%s/%s/%s/%d goroutines/%d clients, apart %t",
		s.server.name, s.network.name, s.load.name, s.goroutines, s.clients, s.apart)
}

func scenarios() (all []scenario) {
	for _, server := range serverModels {
		for _, network := range networks {
			for _, load := range []*load{greedy, onOff} {
				for _, goroutines := range []int{1, 64} {
					all = append(all, scenario{server, network, load, goroutines, 1, false})
					if !server.mum { // the other servers show that the number of clients makes no difference
						all = append(all, scenario{server, network, load, goroutines, 5, false})
					}
				}
			}
		}
	}
	for _, network := range networks {
		for _, goroutines := range []int{2, 128} {
			all = append(all, scenario{serverModels[0], network, greedy, goroutines, 2, true})
		}
	}
	return all
}

// TestPacingSimulation lets 1,000 copies loose on servers that count in various
// ways, and looks on from the server's side. With -v it says how each fared.
func TestPacingSimulation(t *testing.T) {
	for number, s := range scenarios() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := s.run(t, number)
				t.Logf("%d refused, %v, %.1f%% of the speed that %d per %v allow",
					o.refusals, o.took.Round(time.Second), 100*s.share(o, window), limit, window)
				s.judge(t, o)
			})
		})
	}
}

// outcome is what was seen in a scenario.
type outcome struct {
	refusals int
	episodes []time.Duration // of refusals, and how long each was
	made     map[string]int  // how many agents of each name
	err      error
	took     time.Duration // from when copies were asked for until they were there, pauses between bursts left out
}

// run makes the copies. Each goroutine takes the next one that nobody has taken,
// and waits until it is asked for.
func (s scenario) run(t *testing.T, number int) outcome {
	sim := newSimulation(s.server, s.network, number)
	clients := make([]*kolena.Client, s.clients)
	for i := range clients {
		key := fmt.Sprint("simulated-key-", number)
		if s.apart { // limits go by the key, so another key is another process
			key = fmt.Sprint(key, "-", i)
		}
		client, err := kolena.New(key, agentcopy.WithHTTPClient(&http.Client{Transport: sim}))
		require.NoError(t, err)
		clients[i] = client
	}
	errs, ends := make([]error, copies), make([]time.Duration, copies)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for g := range max(s.goroutines, s.clients) {
		wg.Go(func() {
			for i := int(taken.Add(1)) - 1; i < copies; i = int(taken.Add(1)) - 1 {
				time.Sleep(s.askedAt(i) - sim.now())
				_, errs[i] = clients[g%s.clients].CopyAgent(t.Context(), 1, kolena.CopyAgentRequest{Name: fmt.Sprint("copy ", i)})
				ends[i] = sim.now()
			}
		})
	}
	wg.Wait()
	o := outcome{refusals: len(sim.refusals), episodes: sim.episodes(caution), made: sim.made, err: errors.Join(errs...)}
	for burst := range s.load.bursts {
		first := burst * s.perBurst()
		o.took += slices.Max(ends[first:first+s.perBurst()]) - s.askedAt(first)
	}
	return o
}

func (s scenario) perBurst() int               { return copies / s.load.bursts }
func (s scenario) askedAt(i int) time.Duration { return time.Duration(i/s.perBurst()) * s.load.period }

// share is how fast it went, compared to as many in any window as allowed and
// no delay at all.
func (s scenario) share(o outcome, window time.Duration) float64 {
	ideal := time.Duration(s.load.bursts*((s.perBurst()-1)/limit)) * window
	return ideal.Seconds() / o.took.Seconds()
}

// judge holds an outcome against what is promised.
func (s scenario) judge(t *testing.T, o outcome) {
	require.NoError(t, o.err, "every copy must succeed within its attempts, under the default policy")
	require.Len(t, o.made, copies, "agents made")
	for name, n := range o.made {
		require.Equal(t, 1, n, "how often %q was made", name)
	}
	if s.apart { // together they ask for twice the limit
		return
	}
	if s.server.tolerant {
		require.Zero(t, o.refusals, "refusals by a server that allows %d in any %v", limit, interval)
		require.Greater(t, s.share(o, window), 0.98, "share of the speed that %d in %v allow", limit, window)
		return
	}
	// A server that allows less is found out by a refusal, and if it was found
	// out already some time before, by one more; in between it refuses nothing.
	require.LessOrEqual(t, len(o.episodes), 2, "times that the server refused after a while in which it did not: %v", o.episodes)
	for _, length := range o.episodes {
		require.Less(t, length, caution, "from the first refusal to the last one, while the fallback paces")
	}
}

// network says how long a request is on its way there, and its answer back.
type network struct {
	name  string
	delay func(*simulation) (there, back time.Duration)
}

var networks = []*network{
	{"no delay", func(*simulation) (time.Duration, time.Duration) { return 0, 0 }},
	{"0 to 300 ms", func(s *simulation) (time.Duration, time.Duration) {
		delay := s.between(0, 300*time.Millisecond)
		there := s.between(0, delay)
		return there, delay - there
	}},
	{"cold start", func(s *simulation) (time.Duration, time.Duration) {
		delay := s.between(20*time.Millisecond, 60*time.Millisecond)
		if !s.reuseConnection() {
			return s.between(500*time.Millisecond, 2*time.Second), delay / 2
		}
		return delay / 2, delay / 2
	}},
}

// simulation is a server and the network before it, as an http.RoundTripper.
type simulation struct {
	server  *serverModel
	network *network
	start   time.Time

	mu          sync.Mutex
	rand        *rand.Rand
	counter     counter
	connections []time.Time // the idle ones, each since when
	made        map[string]int
	refusals    []refusal
}

// refusal is a 429: when its request was sent, and when its answer was seen.
type refusal struct{ sent, seen time.Duration }

func newSimulation(server *serverModel, network *network, seed int) *simulation {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	return &simulation{
		server: server, network: network, start: time.Now(),
		rand: r, counter: server.counter(r), made: make(map[string]int),
	}
}

func (s *simulation) now() time.Duration { return time.Since(s.start) }

// between draws a time that lies in [from, to].
func (s *simulation) between(from, to time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return from + time.Duration(s.rand.Int64N(int64(to-from)+1))
}

// reuseConnection takes an idle connection, if there is one that is not too old.
func (s *simulation) reuseConnection() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.connections)
	if n == 0 {
		return false
	}
	since := s.connections[n-1]
	s.connections = s.connections[:n-1]
	return time.Since(since) < 90*time.Second
}

func (s *simulation) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := s.now()
	there, back := s.network.delay(s)
	time.Sleep(there)
	resp, err := s.serve(req)
	time.Sleep(back)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections = append(s.connections, time.Now())
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		s.refusals = append(s.refusals, refusal{sent, s.now()})
	}
	return resp, err
}

// serve is what the server does: it counts the request, and makes the copy.
func (s *simulation) serve(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	var asked struct{ Name string }
	if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok, wait := s.counter.take(s.now()); !ok {
		header := http.Header{}
		if !s.server.mum {
			seconds := int((wait + time.Second - 1) / time.Second)
			header.Set("Retry-After", strconv.Itoa(seconds))
		}
		return respond(req, http.StatusTooManyRequests, header, `{"detail":"rate limited"}`), nil
	}
	s.made[asked.Name]++
	return respond(req, http.StatusOK, http.Header{}, `{"id":`+strconv.Itoa(len(s.made))+`}`), nil
}

func respond(req *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

// episodes groups the refusals: those of one episode are less than a caution
// apart, so that the fallback works throughout.
func (s *simulation) episodes(caution time.Duration) (lengths []time.Duration) {
	var first, last time.Duration
	for _, r := range s.refusals {
		if len(lengths) == 0 || r.sent-last >= caution {
			lengths = append(lengths, 0)
			first = r.seen
		}
		last = r.seen
		lengths[len(lengths)-1] = last - first
	}
	return lengths
}

const (
	limit    = 60          // requests that Kolena allows
	interval = time.Minute // in this time
)

// counter is how a server counts requests against its limit. take reports
// whether it lets one pass at a moment, and if not, how long it says to wait.
// Moments come in order.
type counter interface {
	take(now time.Duration) (ok bool, wait time.Duration)
}

// serverModel is a way in which "60 a minute" has been implemented.
type serverModel struct {
	name     string
	counter  func(*rand.Rand) counter
	tolerant bool // it never refuses a client that keeps to the documented limit
	mum      bool // it sends no Retry-After
}

// serverModels begin with those that keep their word. The others allow fewer at
// once, or in the middle of some minutes.
var serverModels = []*serverModel{
	{name: "strict sliding window", tolerant: true, counter: func(*rand.Rand) counter { return &slidingWindow{} }},
	{name: "fixed window, random phase", tolerant: true, counter: func(r *rand.Rand) counter { return &fixedWindow{phase: randomPhase(r)} }},
	{name: "sliding window, refused count", tolerant: true, counter: func(*rand.Rand) counter { return &slidingWindow{countsRefused: true} }},
	{name: "sliding window, whole seconds", tolerant: true, counter: func(r *rand.Rand) counter { return &secondStamps{phase: randomPhase(r)} }},
	{name: "two-counter approximation", counter: newTwoCounters},
	{name: "token bucket of 60 at 1/s", counter: newBucket(60)},
	{name: "token bucket of 10 at 1/s", counter: newBucket(10)},
	{name: "two-counter, no Retry-After", counter: newTwoCounters, mum: true},
	{name: "bucket of 10, no Retry-After", counter: newBucket(10), mum: true},
}

func randomPhase(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(interval))) }

// slidingWindow remembers each request for a minute.
type slidingWindow struct {
	countsRefused bool
	stamps        []time.Duration
}

func (w *slidingWindow) take(now time.Duration) (bool, time.Duration) {
	for len(w.stamps) > 0 && now-w.stamps[0] >= interval {
		w.stamps = w.stamps[1:]
	}
	ok := len(w.stamps) < limit
	if ok || w.countsRefused {
		w.stamps = append(w.stamps, now)
	}
	return ok, w.stamps[0] + interval - now
}

// fixedWindow counts from zero each minute, on a clock that nobody knows.
type fixedWindow struct {
	phase  time.Duration
	window time.Duration
	count  int
}

func (w *fixedWindow) take(now time.Duration) (bool, time.Duration) {
	if window := (now + w.phase) / interval; window != w.window {
		w.window, w.count = window, 0
	}
	w.count++
	return w.count <= limit, interval - (now+w.phase)%interval
}

// secondStamps is a sliding window that knows only seconds, and counts those
// that are exactly a minute old.
type secondStamps struct {
	phase  time.Duration
	stamps []int64
}

func (w *secondStamps) take(now time.Duration) (bool, time.Duration) {
	second := int64((now + w.phase) / time.Second)
	for len(w.stamps) > 0 && second-w.stamps[0] > int64(interval/time.Second) {
		w.stamps = w.stamps[1:]
	}
	if len(w.stamps) >= limit {
		return false, time.Duration(w.stamps[0]-second)*time.Second + interval + time.Second
	}
	w.stamps = append(w.stamps, second)
	return true, 0
}

// twoCounters estimates a sliding window from the counts of this minute and the
// last one, as proxies do that serve many.
type twoCounters struct {
	phase          time.Duration
	window         time.Duration
	count, earlier int
}

func newTwoCounters(r *rand.Rand) counter { return &twoCounters{phase: randomPhase(r)} }

func (c *twoCounters) take(now time.Duration) (bool, time.Duration) {
	switch window := (now + c.phase) / interval; window - c.window {
	case 0:
	case 1:
		c.window, c.earlier, c.count = window, c.count, 0
	default:
		c.window, c.earlier, c.count = window, 0, 0
	}
	left := 1 - float64((now+c.phase)%interval)/float64(interval)
	if float64(c.earlier)*left+float64(c.count)+1 > limit {
		return false, time.Second // it takes away at most one a second
	}
	c.count++
	return true, 0
}

// bucket holds tokens that come back one a second.
type bucket struct {
	size, tokens float64
	last         time.Duration
}

func newBucket(size float64) func(*rand.Rand) counter {
	return func(*rand.Rand) counter { return &bucket{size: size, tokens: size} }
}

func (b *bucket) take(now time.Duration) (bool, time.Duration) {
	b.tokens = min(b.size, b.tokens+(now-b.last).Seconds())
	b.last = now
	if b.tokens < 1 {
		return false, time.Duration((1 - b.tokens) * float64(time.Second))
	}
	b.tokens--
	return true, 0
}
