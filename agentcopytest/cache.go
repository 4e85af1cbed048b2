package agentcopytest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// cachedAnswer is one that the cache of [Quirks].StaleLists holds.
type cachedAnswer struct {
	answer *answer
	at     time.Time
}

// throughCache answers a read, from the cache if that may. The lock is held.
func (s *Server) throughCache(r *route, c *call) *answer {
	q := &s.quirks
	if q.StaleLists == 0 || !r.lists && !q.StaleGets {
		return r.serve(c)
	}
	key := strings.Join([]string{c.Method, c.Path, c.Query.Encode(), string(c.Body)}, "\n")
	held, ok := s.cache[key]
	age := c.now.Sub(held.at)
	if !ok || age < 0 || age >= q.StaleLists || q.HonourNoCache && asksForFresh(c.Header) {
		out := r.serve(c)
		if out.status == http.StatusOK {
			s.cache[key] = cachedAnswer{out.clone(), c.now}
		}
		return out
	}
	out := held.answer.clone()
	if !q.StaleUnmarked {
		out.with("Age", strconv.FormatInt(int64(age/time.Second), 10))
		out.date(q, held.at)
	}
	out.override(q.StaleHeader)
	return out
}

// asksForFresh reports whether a request asks for an answer from no cache.
func asksForFresh(h http.Header) bool {
	control := strings.ToLower(strings.Join(h.Values("Cache-Control"), ",") + "," + h.Get("Pragma"))
	return strings.Contains(control, "no-cache") || strings.Contains(control, "no-store") || strings.Contains(control, "max-age=0")
}

// date sets the Date header that the vendor gives at the time at, unless there is
// one already.
func (a *answer) date(q *Quirks, at time.Time) {
	switch _, set := a.header["Date"]; {
	case set:
	case q.NoDate:
		a.header["Date"] = nil
	default:
		a.with("Date", at.Add(q.DateOffset).UTC().Format(http.TimeFormat))
	}
}
