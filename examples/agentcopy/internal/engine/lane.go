package engine

import (
	"errors"
	"iter"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/manifest"
	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
)

// Lane is the part of a run that one vendor has.
type Lane struct {
	Vendor *vendor.Vendor
	Limit  vendor.Limit
	Rows   []manifest.Row
	Done   int // how many of them the ledger knew the copy of when the run began

	traffic *traffic
	client  *vendor.Client

	mu      sync.Mutex
	counts  Counts
	started time.Time
	halted  bool // the vendor refuses the credential: the rest would fail as well
}

// Opener makes a client of a vendor: with the credentials in the environment, or
// for a fake.
type Opener func(v *vendor.Vendor, opts ...agentcopy.Option) (*vendor.Client, error)

// Lanes sorts rows by vendor. limits are those that the operator set, by name.
func Lanes(rows []manifest.Row, limits map[string]vendor.Limit) []*Lane {
	var lanes []*Lane
	for _, v := range vendor.All() {
		lane := &Lane{Vendor: v, Limit: v.Limit}
		if own, ok := limits[v.Name]; ok {
			lane.Limit = own
		}
		for _, row := range rows {
			if row.Vendor == v {
				lane.Rows = append(lane.Rows, row)
			}
		}
		if len(lane.Rows) > 0 {
			lane.traffic = newTraffic(4 * lane.Limit.N)
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

// Duration is how long the lane takes at least, from nothing.
func (l *Lane) Duration() time.Duration { return l.Limit.Duration(len(l.Rows) - l.Done) }

// open makes the lane's client.
func (l *Lane) open(opener Opener) error {
	opts := []agentcopy.Option{agentcopy.WithMiddleware(l.traffic.middleware), agentcopy.WithUserAgent("agentcopy-tool/1")}
	if l.Limit != l.Vendor.Limit {
		opts = append(opts, agentcopy.WithLimiter(l.Limit.Limiter()))
	}
	client, err := opener(l.Vendor, opts...)
	l.client = client
	return err
}

// jobs yields the rows as jobs, until the run is to stop.
func (l *Lane) jobs(stop <-chan struct{}) iter.Seq[once.Job] {
	return func(yield func(once.Job) bool) {
		for _, row := range l.Rows {
			if isClosed(stop) || l.isHalted() {
				return
			}
			job := once.Job{Key: row.Key, Copier: gentle{l.client.Copier(row.Extras), l.traffic}, Request: row.Request}
			if !yield(job) {
				return
			}
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (l *Lane) isHalted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halted
}

func (l *Lane) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started = time.Now()
}

func (l *Lane) count(r Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Add(r)
	l.halted = l.halted || errors.Is(r.Err, agentcopy.ErrUnauthorized)
}

// Progress is how far a lane is.
type Progress struct {
	Counts
	Total int
	Rate  float64       // rows a second, of those that were left to do
	Left  time.Duration // until the last copy can be made
}

// Progress returns how far the lane is at the moment.
func (l *Lane) Progress() Progress {
	l.mu.Lock()
	p := Progress{Counts: l.counts, Total: len(l.Rows)}
	elapsed := time.Since(l.started)
	l.mu.Unlock()
	done := p.Finished() - l.Done
	open := p.Total - p.Finished()
	if done > 0 && elapsed > 0 {
		p.Rate = float64(done) / elapsed.Seconds()
	}
	// By the limit, which knows of pauses to come, or by experience, which knows
	// of a slow vendor: whichever is slower.
	p.Left = l.Limit.Left(open-l.traffic.onWire(), l.traffic.times(), time.Now())
	if done >= 5 {
		p.Left = max(p.Left, time.Duration(float64(open)/p.Rate*float64(time.Second)))
	}
	return p
}
