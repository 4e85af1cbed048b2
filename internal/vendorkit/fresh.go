package vendorkit

import (
	"net/http"
	"slices"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// dateStep is how much older an answer is at least by whose Date another one is
// judged: Date has whole seconds.
const dateStep = 2 * time.Second

// Dates remembers the Date of the answers that a client received, to notice those
// of a cache: their Date stands still. The zero Dates is ready for use.
type Dates struct {
	mu      sync.Mutex
	settled time.Time // the latest Date of the answers that are at least dateStep old
	recent  []dated   // the others, one for each Date, in the order they came
}

type dated struct{ received, date time.Time }

// advanced notes an answer, and reports whether its Date is later than those of
// all that came at least dateStep before. A vendor whose clock is set back shows no
// such Date until it has caught up.
func (d *Dates) advanced(received, date time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.recent) > 0 && received.Sub(d.recent[0].received) >= dateStep {
		if d.recent[0].date.After(d.settled) {
			d.settled = d.recent[0].date
		}
		d.recent = d.recent[1:]
	}
	if !d.settled.IsZero() && !date.After(d.settled) {
		return false
	}
	if !slices.ContainsFunc(d.recent, func(r dated) bool { return r.date.Equal(date) }) {
		d.recent = append(d.recent, dated{received, date})
	}
	return true
}

// Staleness says why r may not show the vendor's agents as they are: a cache has
// answered. "" if nothing shows that.
func (d *Dates) Staleness(r *agentcopy.Response) string {
	return d.staleness(r.Header, r.Attempts)
}

func (d *Dates) staleness(header http.Header, attempts []agentcopy.Attempt) string {
	received, date := receivedAt(attempts), dateOf(header)
	advanced := date.IsZero() || d.advanced(received, date)
	if sign := transport.CacheSign(header); sign != "" {
		return sign
	}
	if !advanced {
		return "a cache answered: Date has not advanced since an earlier answer"
	}
	return ""
}

// dateOf is the Date of an answer, the zero time if it has none.
func dateOf(header http.Header) time.Time {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}

// receivedAt is when the answer to the last of attempts was received.
func receivedAt(attempts []agentcopy.Attempt) time.Time {
	n := len(attempts)
	if n == 0 {
		return time.Now()
	}
	return attempts[n-1].Start.Add(attempts[n-1].Duration)
}
