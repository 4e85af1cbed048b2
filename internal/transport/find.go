package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// clockMargin is by how much the stamp of a new agent may lie before the moment
// its copy was asked for: the Date header by which the clocks are compared has
// whole seconds, and so have the stamps of some vendors.
const clockMargin = 2 * time.Second

// No zone is farther west of UTC than this: a stamp without a zone that is taken
// as UTC may be so much too early.
const farthestWest = 12 * time.Hour

// Finder sorts agents that look like a copy by whether they are new enough to be
// it.
type Finder struct {
	since   time.Time
	named   bool
	copies  []agentcopy.Copy
	unclear []string // the IDs of those of which that cannot be told
}

// NewFinder returns a Finder for a copy that was asked for at since or later, by
// the caller's clock. named says that the agents it will be given have the copy's
// name; without it, none of them can be told to be the copy.
func NewFinder(since time.Time, named bool) *Finder { return &Finder{since: since, named: named} }

// Add considers an agent from the answer r. stamp is when it was created, in the
// vendor's own words, since a decoded time no longer tells whether it had a
// zone. Add reports whether the agent is older than the request, and so is none
// of its copies.
//
// The clocks are compared by the Date header of r. A stamp without a zone is
// taken as UTC and counts if it then lies between since and now. If it does not,
// but would in another zone, it cannot be told, nor can it without a stamp.
func (f *Finder) Add(c agentcopy.Copy, stamp string, r *agentcopy.Response) (older bool) {
	from, until := f.onClockOf(r)
	var created agentcopy.Time
	_ = created.UnmarshalJSON([]byte(`"` + stamp + `"`)) // it never fails
	switch {
	case created.IsZero():
		f.unclear = append(f.unclear, c.ID)
	case zone.MatchString(stamp):
		if created.Before(from) {
			return true
		}
	case created.Add(farthestWest).Before(from):
		return true
	case created.Before(from) || created.After(until):
		f.unclear = append(f.unclear, c.ID)
	}
	if !f.named && !slices.Contains(f.unclear, c.ID) {
		f.unclear = append(f.unclear, c.ID)
	}
	c.CreatedAt = created.Time
	f.copies = append(f.copies, c)
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

// zone matches the end of a time stamp that names its zone.
var zone = regexp.MustCompile(`(?:[Zz]|[+-]\d\d:?\d\d)$`)

// Copies returns the agents that are not older than the request, newest first.
// The error matches agentcopy.ErrAmbiguous if of some it cannot be told.
func (f *Finder) Copies() ([]agentcopy.Copy, error) {
	slices.SortStableFunc(f.copies, func(a, b agentcopy.Copy) int { return b.CreatedAt.Compare(a.CreatedAt) })
	if len(f.unclear) > 0 {
		return f.copies, fmt.Errorf("%w: %s may have been there before", agentcopy.ErrAmbiguous, strings.Join(f.unclear, ", "))
	}
	return f.copies, nil
}

// StampOf returns the text of a field of the agent with the ID id, wherever in
// the answer r it is; "" if it is not there or is no text.
func StampOf(r *agentcopy.Response, idField, id, stampField string) string {
	decoder := json.NewDecoder(strings.NewReader(string(r.Body)))
	decoder.UseNumber() // Kolena's IDs are numbers
	var doc any
	if decoder.Decode(&doc) != nil {
		return ""
	}
	return stampIn(doc, idField, id, stampField)
}

func stampIn(doc any, idField, id, stampField string) string {
	switch doc := doc.(type) {
	case []any:
		for _, item := range doc {
			if stamp := stampIn(item, idField, id, stampField); stamp != "" {
				return stamp
			}
		}
	case map[string]any:
		if fmt.Sprint(doc[idField]) == id {
			stamp, _ := doc[stampField].(string)
			return stamp
		}
		for _, item := range doc {
			if stamp := stampIn(item, idField, id, stampField); stamp != "" {
				return stamp
			}
		}
	}
	return ""
}

// Origin is where the client's agents are. It holds no credential.
func (c *Client) Origin() string { return strings.TrimSuffix(c.base.String(), "/") }
