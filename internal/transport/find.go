package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// clockMargin is by how much the stamp of a new agent may lie before the moment
// its copy was asked for: the Date header by which the clocks are compared has
// whole seconds, and so have the stamps of some vendors.
const clockMargin = 2 * time.Second

// The zones of the world: their offsets from UTC are quarters of an hour between
// these two.
const (
	farthestWest = -12 * time.Hour
	farthestEast = 14 * time.Hour
	zoneStep     = 15 * time.Minute
)

// Finder sorts agents that look like a copy by whether they are new enough to be
// it.
type Finder struct {
	since      time.Time
	named      bool
	id, stamp  string // fields of an agent
	answer     *agentcopy.Response
	stamps     map[string]string // of the agents in answer, by ID
	candidates []candidate
}

type candidate struct {
	agentcopy.Copy
	unclear bool // it may have been there before
}

// NewFinder returns a Finder for a copy that was asked for at since or later, by
// the caller's clock. named says that the agents it will be given have the copy's
// name; without it, none of them can be told to be the copy. id and stamp are the
// vendor's names of the fields that hold an agent's ID and time of creation.
func NewFinder(since time.Time, named bool, id, stamp string) *Finder {
	return &Finder{since: since, named: named, id: id, stamp: stamp}
}

// Stamp is when the agent with this ID was created, in the words of the answer r;
// "" if it does not say. A decoded time no longer tells whether it had a zone.
func (f *Finder) Stamp(id string, r *agentcopy.Response) string {
	if f.answer != r { // the agents of an answer come one after the other
		f.answer, f.stamps = r, stampsIn(r.Body, f.id, f.stamp)
	}
	return f.stamps[id]
}

// Add considers an agent from the answer r. It reports whether the agent is older
// than the request, and so is none of its copies.
//
// The clocks are compared by the Date header of r. A stamp without a zone is
// taken as UTC and counts if it then lies between since and now. If it does not,
// but does in another zone, it cannot be told, nor can it without a stamp.
func (f *Finder) Add(c agentcopy.Copy, r *agentcopy.Response) (older bool) {
	return f.add(c, r, !f.named)
}

// Doubt considers an agent from the answer r which does not look like the copy,
// but of which what matters could not be read: it may be the copy all the same.
func (f *Finder) Doubt(c agentcopy.Copy, r *agentcopy.Response) {
	if c.ID == "" {
		c.ID = "(an agent without an ID)"
	}
	f.add(c, r, true)
}

// Unreadable reports whether an agent from the answer r lacks its ID, or one of
// the fields by which a copy is known, while some field of that answer had another
// type than documented.
func Unreadable(r *agentcopy.Response, id string, known ...string) bool {
	return id == "" || r.Warning != nil && slices.Contains(known, "")
}

func (f *Finder) add(c agentcopy.Copy, r *agentcopy.Response, unclear bool) (older bool) {
	from, until := f.onClockOf(r)
	text := f.Stamp(c.ID, r)
	var created agentcopy.Time
	quoted, _ := json.Marshal(text)   // a string always marshals
	_ = created.UnmarshalJSON(quoted) // it never fails
	zoned := created.HasZone()
	switch {
	case created.Time.IsZero():
		unclear = true
	case zoned && created.Before(from), created.Add(-farthestWest).Before(from):
		return true
	case zoned, between(created.Time, from, until):
	case !inSomeZone(created.Time, from, until):
		return false
	default:
		unclear = true
	}
	c.CreatedAt = created.Time
	f.candidates = append(f.candidates, candidate{c, unclear})
	return false
}

// onClockOf converts the time between since and the answer r to the clock of
// whoever sent it.
func (f *Finder) onClockOf(r *agentcopy.Response) (from, until time.Time) {
	received := time.Now()
	if n := len(r.Attempts); n > 0 {
		received = r.Attempts[n-1].Start.Add(r.Attempts[n-1].Duration)
	}
	from, until = f.since, received
	if date, err := http.ParseTime(r.Header.Get("Date")); err == nil {
		from, until = from.Add(date.Sub(received)), date
	}
	return from.Add(-clockMargin), until.Add(clockMargin)
}

func between(t, from, until time.Time) bool { return !t.Before(from) && !t.After(until) }

// inSomeZone reports whether a stamp without a zone, read as UTC, lies between
// the two if it is of another zone.
func inSomeZone(stamp, from, until time.Time) bool {
	for offset := farthestWest; offset <= farthestEast; offset += zoneStep {
		if between(stamp.Add(-offset), from, until) {
			return true
		}
	}
	return false
}

// Copies returns the agents that are not older than the request, newest first.
// The error matches agentcopy.ErrAmbiguous if of some it cannot be told.
func (f *Finder) Copies() ([]agentcopy.Copy, error) {
	slices.SortStableFunc(f.candidates, func(a, b candidate) int { return b.CreatedAt.Compare(a.CreatedAt) })
	var copies []agentcopy.Copy
	var unclear []string
	for _, c := range f.candidates {
		copies = append(copies, c.Copy)
		if c.unclear {
			unclear = append(unclear, c.ID)
		}
	}
	if len(unclear) > 0 {
		return copies, fmt.Errorf("%w: %s may have been there before", agentcopy.ErrAmbiguous, strings.Join(unclear, ", "))
	}
	return copies, nil
}

// Origin is where the client's agents are. It holds no credential.
func (c *Client) Origin() string { return strings.TrimSuffix(c.base.String(), "/") }
