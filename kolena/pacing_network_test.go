package kolena_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

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
