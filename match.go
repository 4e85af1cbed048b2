package agentcopy

import (
	"fmt"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/names"
)

// How far the stamp of an agent may lie before the request that made it.
const (
	// stampMargin is for stamps and Date headers of whole seconds.
	stampMargin = 2 * time.Second
	// newcomerMargin is for agents of any other name.
	newcomerMargin = time.Minute
	// clockMargin is for clocks that differ or were set.
	clockMargin = 5 * time.Minute
)

// The zones of the world: their offsets from UTC are quarters of an hour between
// these two.
const (
	farthestWest = -12 * time.Hour
	farthestEast = 14 * time.Hour
	zoneStep     = 15 * time.Minute
)

// Sighting is an agent as a vendor showed it, for [MatchAgent].
type Sighting struct {
	// Copy is the agent. Its CreatedAt is on the vendor's clock, and zero if the
	// vendor shows no time that can be read.
	Copy Copy
	// Zoneless means that CreatedAt was sent without a zone and was taken as UTC.
	Zoneless bool
	// NameUnknown means that the agent's name could not be read.
	NameUnknown bool
	// SeenAt is when the answer that showed the agent was received, on the caller's
	// clock. Zero means now.
	SeenAt time.Time
	// Ahead is by how much the vendor's clock is ahead of the caller's: the Date
	// header of the answer minus SeenAt.
	Ahead time.Duration
}

// MatchAgent reports whether an agent may be the copy that a request for name made,
// sent at or after since on the caller's clock. Use it in the FindCopies of a
// [Copier] of your own. ok is false if the agent is not a candidate. If such an agent
// has exactly the name, it is older than the request, and FindCopies should report
// [ErrNameTaken].
//
// An agent is certain if it has exactly the name and was made at or after since, less
// 2 seconds for stamps in whole seconds. It is possible if
//
//   - it has the name, or one that the vendor may have derived from it, and was made at
//     or after since, less 5 minutes for clocks that differ;
//   - it has such a name, and its stamp is missing, cannot be read, or has no zone and
//     is recent enough only in a zone other than UTC;
//   - it has any other name, and was made at or after since, less a minute. A stamp
//     without a zone is taken as UTC here, and may be a minute ahead.
//
// An agent whose name could not be read is treated as if its name were derived from
// name. An empty name means that the name of the copy is unknown: an agent of any name
// may be the copy, and none is certain. A zero since means all time: only agents with
// the name, or one derived from it, are possible.
//
// The caller leaves out the source, and agents that differ from it in a field that the
// vendor documents as copied. If a certain agent differs from what a copy should be in
// any other way, the caller makes it [MatchPossible].
func MatchAgent(s Sighting, name string, since time.Time) (c Candidate, ok bool) {
	age := s.age(since)
	exact := name != "" && !s.NameUnknown && s.Copy.Name == name
	near := exact || name == "" || s.NameUnknown || names.Near(name, s.Copy.Name)
	switch {
	case since.IsZero():
		ok = near
	case near:
		ok = age.unclear || age.behind <= clockMargin
	default:
		ok = age.recent
	}
	if !ok {
		return Candidate{}, false
	}
	c = Candidate{Copy: s.Copy, Made: age.made}
	if exact && !since.IsZero() && !age.unclear && age.behind <= stampMargin {
		c.Match = MatchCertain
		return c, true
	}
	c.Reason = s.describe(name) + age.describe(since)
	return c, true
}

// age is when an agent was made, as far as its stamp tells.
type age struct {
	made    time.Time     // on the caller's clock; zero if unknown
	behind  time.Duration // how long before the request
	unclear bool          // the stamp does not tell
	recent  bool          // it was made since the request, as the stamp has it in UTC, or up to newcomerMargin off
	stamped bool          // there is a stamp that can be read
}

// age compares the stamp with since. Between since and SeenAt it trusts the
// monotonic clock, if both have its reading: the wall clock may have been set.
func (s *Sighting) age(since time.Time) age {
	stamp, seen := s.Copy.CreatedAt, s.SeenAt
	if stamp.IsZero() {
		return age{unclear: true}
	}
	if since.IsZero() {
		return age{made: stamp.Add(-s.Ahead), stamped: true}
	}
	if seen.IsZero() {
		seen = time.Now()
	}
	elapsed := seen.Sub(since)
	until := seen.Round(0).Add(s.Ahead) // on the vendor's clock, as from is
	from := until.Add(-elapsed)
	a := age{made: since.Round(0).Add(stamp.Sub(from)), behind: from.Sub(stamp), stamped: true}
	until = until.Add(stampMargin)
	a.recent = a.behind <= newcomerMargin && (!s.Zoneless || !stamp.After(until.Add(newcomerMargin)))
	switch {
	case !s.Zoneless, between(stamp, from.Add(-clockMargin), until): // since the request, in UTC
		return a
	case inSomeZone(stamp, from.Add(-clockMargin), until.Add(clockMargin)), stamp.After(until):
		return age{unclear: true, stamped: true, recent: a.recent}
	}
	return a
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

// describe tells a person how the agent is named.
func (s *Sighting) describe(name string) string {
	switch {
	case s.NameUnknown:
		return "has a name that cannot be read"
	case name == "" || s.Copy.Name == name:
		return fmt.Sprintf("named %q", s.Copy.Name)
	}
	return fmt.Sprintf("named %q where %q was asked for", s.Copy.Name, name)
}

// describe tells a person when the agent was made, compared with since.
func (a *age) describe(since time.Time) string {
	switch {
	case !a.stamped:
		return ", has no readable time stamp"
	case a.unclear:
		return ", has a time stamp without a zone, which may be before or after the request"
	case since.IsZero():
		return ""
	case a.behind > 0:
		return ", made " + rounded(a.behind) + " before the request"
	}
	return ", made " + rounded(-a.behind) + " after the request"
}

// rounded is d as a person reads it.
func rounded(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
