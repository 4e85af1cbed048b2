package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// job is one key, and what it stands for.
type job struct {
	key     string
	service *service
	request agentcopy.CopyRequest
	group   string // the same for keys that stand for the same request

	life   int // how often it was said that there is no copy
	closed bool
	tries  int // of a person
	last   error
}

// madeCopy is a copy that a request of a key made.
type madeCopy struct{ key, group, id string }

// world is one course of events.
type world struct {
	seed     uint64
	random   *rand.Rand // of the one goroutine that directs the world
	start    time.Time
	ledger   *once.MemoryLedger
	services []*service
	jobs     []*job
	flying   sync.WaitGroup // requests that nobody waits for any more

	mu       sync.Mutex
	byKey    map[string]*job
	copies   map[*service][]madeCopy
	strays   map[*service][]string // names that colleagues gave
	story    []line
	violated []line
	persons  int
	times    sync.Map // of records, by key: a times
}

type line struct {
	at   time.Duration
	key  string
	text string
}

var names = []string{"Support", "Support", "Support", "Support 2", " Support ", "Mu\u0308ller", "R&D <1>", "a rather long name, cut", "LEASES"}

func newWorld(seed uint64) *world {
	r := rand.New(&lockedSource{source: rand.NewPCG(seed, 16)})
	w := &world{
		seed: seed, random: r, start: time.Now(), ledger: once.NewMemoryLedger(),
		byKey: make(map[string]*job), copies: make(map[*service][]madeCopy), strays: make(map[*service][]string),
	}
	w.services = append(w.services, newService(r, nil))
	if r.IntN(3) == 0 {
		w.services = append(w.services, newService(r, w.services[0]))
	}
	for i := range 1 + r.IntN(5) {
		s := pick(r, w.services...)
		j := &job{key: fmt.Sprintf("key %d", i), service: s}
		j.request = agentcopy.CopyRequest{SourceID: s.sources[r.IntN(2)], Name: pick(r, names...)}
		j.group = fmt.Sprintf("%d %s", s.number, j.request.SourceID)
		switch {
		case s.Name == "cotool" && r.IntN(4) > 0: // most sources are copied once
			j.request.SourceID = s.sources[i%len(s.sources)]
			j.group = fmt.Sprintf("%d %s", s.number, j.request.SourceID)
		case s.Name == "zudu":
			j.group += " " + strings.TrimSpace(j.request.Name)
		case s.Name != "cotool":
			j.group += " " + j.request.Name
		}
		w.jobs = append(w.jobs, j)
		w.byKey[j.key] = j
	}
	return w
}

// latest is how much later than its caller gave up a request may reach the vendor
// within the documented limits.
func (w *world) latest(s *service) time.Duration {
	return max(time.Second, settleTime-2*time.Second-s.lag)
}

// run is the whole course of events: some lives in which anything happens, and the
// calm after that.
func (w *world) run() {
	time.Sleep(time.Hour) // the sources are old
	for range 1 + w.random.IntN(3) {
		w.life()
		w.settle(false)
	}
	for round := 0; ; round++ {
		open := slices.DeleteFunc(slices.Clone(w.jobs), func(j *job) bool { return j.closed })
		if len(open) == 0 {
			break
		}
		if round == 12 {
			for _, j := range open {
				w.violate(j.key, "no end: %v", j.last)
			}
			break
		}
		lasts := 25 * time.Minute
		if w.blinds() {
			lasts = 90 * time.Second
		}
		w.work(w.newProcess(fmt.Sprintf("calm%d", round), w.random, true), open, lasts)
		w.settle(true)
	}
	w.audit()
	for _, s := range w.services {
		s.server.Close()
	}
}

// blinds reports whether some look may never see everything.
func (w *world) blinds() bool {
	return slices.ContainsFunc(w.services, func(s *service) bool { return s.blinds })
}

// life is one to three processes at work at the same time, and colleagues.
func (w *world) life() {
	var all sync.WaitGroup
	n := 1 + w.random.IntN(3)
	for i := range n {
		p := w.newProcess(fmt.Sprintf("p%d", i), w.random, false)
		jobs := slices.Clone(w.jobs)
		w.random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		late, lasts := upTo(w.random, 20*time.Second), upTo(w.random, 3*time.Minute)
		all.Go(func() {
			time.Sleep(late)
			w.work(p, jobs, lasts)
		})
	}
	colleagues := rand.New(&lockedSource{source: rand.NewPCG(w.random.Uint64(), 1)})
	for range w.random.IntN(5) * w.random.IntN(2) {
		time.Sleep(upTo(colleagues, 30*time.Second))
		w.colleague(colleagues)
		if colleagues.IntN(3) == 0 {
			w.interfere(pick(colleagues, w.jobs...))
		}
	}
	all.Wait()
}

// colleague makes an agent of another name, or now and then of the same one.
func (w *world) colleague(r *rand.Rand) {
	defer func() { _ = recover() }() // the vendor refuses the name
	s, name := pick(r, w.services...), fmt.Sprintf("Colleague's %d", r.IntN(1000))
	if r.IntN(4) == 0 {
		name = pick(r, names...)
		w.mu.Lock()
		w.strays[s] = append(w.strays[s], name)
		w.mu.Unlock()
	}
	w.log("", "a colleague makes %q", name)
	s.server.Add("", name)
}

// interfere is a person who assigns the copy of a key while processes are at work on it.
func (w *world) interfere(j *job) {
	if free := w.free(j, false); free != "" {
		err := (&once.Runner{Ledger: w.ledger}).Assign(context.Background(), j.key, free)
		w.log(j.key, "a person assigns %s meanwhile: %v", free, err)
		w.persons++
	}
}

// free is a copy that no key has and that a request of j made or, with group, a request
// of another key for the same.
func (w *world) free(j *job, group bool) (id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.copies[j.service] {
		wanted := c.key == j.key || group && c.group == j.group && id == ""
		if wanted && w.ownerOf(j.service, c.id) == "" {
			id = c.id
		}
	}
	return id
}

// work lets p work on jobs until all are done or its time is over.
func (w *world) work(p *process, jobs []*job, lasts time.Duration) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ctx, stop := context.WithTimeout(ctx, lasts)
	defer stop()
	p.end = cancel
	var all sync.WaitGroup
	for i, j := range jobs {
		c := &call{process: p, key: j.key, random: rand.New(&lockedSource{source: rand.NewPCG(w.random.Uint64(), uint64(i))})}
		late := c.upTo(3 * time.Second)
		all.Go(func() {
			time.Sleep(late)
			do := p.runner.Copy
			if !p.calm && c.below(10) == 0 {
				do = p.runner.Find
			}
			made, err := do(context.WithValue(ctx, callKey{}, c), j.key, p.clients[j.service], j.request)
			if !p.dead() {
				w.result(p, c, j, made, err)
			}
		})
	}
	all.Wait()
}

// result notes what the caller was told.
func (w *world) result(p *process, c *call, j *job, made agentcopy.Copy, err error) {
	w.log(j.key, "%s: %s %v", p.name, made.ID, err)
	if r, _, _ := w.ledger.Get(context.Background(), j.key); err == nil && r.Copy.ID != made.ID {
		w.violate(j.key, "%q was returned, and the ledger has %q", made.ID, r.Copy.ID)
	}
	o, known := agentcopy.OutcomeOf(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	j.last = err
	if err != nil && known && o == agentcopy.OutcomeNotCopied && !c.abandoned {
		w.violateLocked(j.key, "said not to be copied, and the record stays: %v", err)
	}
}

// abandoned notes that a record was taken back: no request that has left by now has
// made a copy, or ever will.
func (w *world) abandoned(key string) {
	w.log(key, "the record is taken back")
	w.mu.Lock()
	defer w.mu.Unlock()
	j := w.byKey[key]
	j.life++
	for _, c := range w.copies[j.service] {
		if c.key == key && !j.service.exceeds() && w.ownerOf(j.service, c.id) == "" {
			w.violateLocked(key, "taken back, but there is %s", c.id)
		}
	}
}

// copied notes a copy that the vendor made of a request of key, which left when the
// key was in the given life.
func (w *world) copied(s *service, key, id string, life int) {
	w.log(key, "the vendor makes %s", id)
	w.mu.Lock()
	defer w.mu.Unlock()
	j := w.byKey[key]
	if life < j.life && !s.exceeds() {
		w.violateLocked(key, "a request made %s that was said to have made nothing", id)
	}
	w.copies[s] = append(w.copies[s], madeCopy{key, j.group, id})
	made, keys := 0, 0
	for _, c := range w.copies[s] {
		if c.group == j.group {
			made++
		}
	}
	for _, other := range w.jobs {
		if other.group == j.group {
			keys++
		}
	}
	if made > keys && !s.exceeds() {
		w.violateLocked(key, "%d copies for %d keys", made, keys)
	}
}

// own is a copy of key among candidates.
func (w *world) own(key string, candidates []agentcopy.Candidate) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.copies[w.byKey[key].service] {
		for _, one := range candidates {
			if c.key == key && strings.EqualFold(c.id, one.Copy.ID) {
				return c.id
			}
		}
	}
	return ""
}

func (w *world) isFree(s *service, id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ownerOf(s, id) == ""
}

func (w *world) lifeOf(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byKey[key].life
}

// exceeds reports whether the vendor goes beyond what the docs promise to cope with.
func (s *service) exceeds() bool {
	return s.lag > settleTime-3*time.Second || s.flaps || s.totalRename && s.noStamps
}

func (w *world) ownerOf(s *service, id string) string {
	for r := range w.ledger.List(context.Background()) {
		if r.Done() && strings.EqualFold(r.Copy.ID, id) && w.byKey[r.Key].service == s {
			return r.Key
		}
	}
	return ""
}

// settle waits until nothing is under way any more. Then a person decides what the
// runner cannot, who knows all that was made.
func (w *world) settle(calm bool) {
	w.flying.Wait()
	time.Sleep(time.Second + upTo(w.random, 10*time.Second))
	for _, j := range w.jobs {
		if r, found, _ := w.ledger.Get(context.Background(), j.key); found && r.Done() {
			j.closed = true
			continue
		}
		if j.closed || j.last == nil || !calm && w.random.IntN(2) == 0 {
			continue
		}
		w.decide(j, calm)
	}
}

// decide is what a person makes of a key that is not done.
func (w *world) decide(j *job, calm bool) {
	j.tries++
	o, known := agentcopy.OutcomeOf(j.last)
	a, ambiguous := errors.AsType[*once.AmbiguousError](j.last)
	record, found, _ := w.ledger.Get(context.Background(), j.key)
	switch {
	case calm && known && o == agentcopy.OutcomeNotCopied:
		j.closed = true // refused
		return
	case !ambiguous && (!calm || j.tries < 3) || !found:
		return
	}
	ctx, person := context.Background(), &once.Runner{Ledger: w.ledger}
	free := w.free(j, true)
	var err error
	switch {
	case free != "":
		if w.recognisable(j) && calm && !j.service.blinds {
			w.violate(j.key, "%s can be recognised and was not found: %v", free, j.last)
		}
		w.log(j.key, "a person assigns %s after %v", free, j.last)
		err = person.Assign(ctx, j.key, free)
		j.closed = err == nil
	case ambiguous && len(a.Candidates) > 0:
		var ids []string
		for _, c := range a.Candidates {
			ids = append(ids, c.Copy.ID)
		}
		w.log(j.key, "a person dismisses %v", ids)
		err = person.Dismiss(ctx, j.key, ids...)
	case ambiguous && j.service.Name == "cotool":
		w.log(j.key, "a person sees that another key has the copy of this source")
		j.closed = true
	case calm && j.service.blinds:
		w.log(j.key, "a person looks past the cache, and sees that there is none")
		j.closed = true
	case record.Outcome == agentcopy.OutcomeCopied: // a key of the same request has adopted it
		w.log(j.key, "a person removes the record")
		err = w.ledger.Remove(ctx, j.key)
	default:
		return
	}
	w.persons++
	if err != nil {
		w.log(j.key, "the person fails: %v", err)
	}
}

// recognisable reports whether nothing hides which agent is the copy of j.
func (w *world) recognisable(j *job) bool {
	s := j.service
	if s.exceeds() || !s.keepsNames || !s.clearStamps || s.Name == "cotool" || len(w.strays[s]) > 0 {
		return false
	}
	for _, other := range w.jobs {
		a, b := strings.TrimSpace(other.request.Name), strings.TrimSpace(j.request.Name)
		mixed := other.service == s || other.service.Vendor == s.Vendor && other.service.baseURL == s.baseURL && s.account == ""
		if other != j && mixed && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
			return false // of two keys whose names are near, either may have made either copy
		}
	}
	return true
}

// audit compares what the ledger holds with what was made.
func (w *world) audit() {
	for _, s := range w.services {
		owned := make(map[string]string)
		for r := range w.ledger.List(context.Background()) {
			j := w.byKey[r.Key]
			if j.service != s || !r.Done() {
				continue
			}
			if first, twice := owned[r.Copy.ID]; twice {
				w.violate(r.Key, "%s is owned by %s too", r.Copy.ID, first)
			}
			owned[r.Copy.ID] = r.Key
			ours := slices.ContainsFunc(w.copies[s], func(c madeCopy) bool { return c.group == j.group && c.id == r.Copy.ID })
			if !ours && len(w.strays[s]) == 0 && !s.exceeds() {
				w.violate(r.Key, "%s is not its copy", r.Copy.ID)
			}
		}
		if made, seen := len(s.server.Copies()), len(w.copies[s]); made != seen {
			w.violate("", "the vendor made %d copies, the network saw %d", made, seen)
		}
	}
}

func (w *world) log(key, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, line{time.Since(w.start), key, fmt.Sprintf(format, args...)})
}

func (w *world) violate(key, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violateLocked(key, format, args...)
}

func (w *world) violateLocked(key, format string, args ...any) {
	v := line{time.Since(w.start), key, fmt.Sprintf(format, args...)}
	w.violated = append(w.violated, v)
	v.text = "!!! " + v.text
	w.story = append(w.story, v)
}

// tell is the story of the first violation, in a few lines.
func (w *world) tell() string {
	v := w.violated[0]
	text := fmt.Sprintf("seed %d: %s: %s\n", w.seed, v.key, v.text)
	for _, s := range w.services {
		text += "  " + s.story + "\n"
	}
	for _, j := range w.jobs {
		text += fmt.Sprintf("  %s: %s %q of %s\n", j.key, j.service.Name, j.request.Name, j.request.SourceID)
	}
	group := ""
	if j := w.byKey[v.key]; j != nil {
		group = j.group
	}
	var lines []string
	for _, l := range w.story {
		if other := w.byKey[l.key]; l.key == "" || l.key == v.key || other != nil && other.group == group {
			lines = append(lines, fmt.Sprintf("  %8.1fs %s %.300s", (l.at-time.Hour).Seconds(), l.key, l.text))
		}
	}
	return text + strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// lockedSource is chance that goroutines share.
type lockedSource struct {
	mu     sync.Mutex
	source rand.Source
}

func (l *lockedSource) Uint64() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source.Uint64()
}
