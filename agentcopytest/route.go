package agentcopytest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// route is one endpoint of a vendor.
type route struct {
	method string
	path   string // in which the segment {id} stands for any
	copies bool   // it makes a copy: faults and the rate limit are for it
	lists  bool   // it lists agents
	// serve does what the endpoint does. The server's lock is held.
	serve func(*call) *answer
}

// call is one request that has found its route.
type call struct {
	Request
	id  string    // what stands for {id} in its path, unescaped
	now time.Time // on the vendor's clock
}

// route finds the route of a request and the ID in its path, or what the vendor
// says if there is none.
func (s *Server) route(r Request) (found *route, id string, refusal *answer) {
	path := strings.TrimPrefix(r.Path, s.vendor.basePath)
	var allowed []string
	for i := range s.routes {
		route := &s.routes[i]
		id, ok := match(route.path, path)
		switch {
		case ok && route.method == r.Method:
			return route, id, nil
		case ok:
			allowed = append(allowed, route.method)
		}
	}
	if allowed != nil {
		refusal = s.vendor.refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
		return nil, "", refusal.with("Allow", strings.Join(allowed, ", "))
	}
	return nil, "", s.vendor.refuse(http.StatusNotFound, "Not Found")
}

// match reports whether an escaped path is one of pattern, and what stands in it
// for {id}.
func match(pattern, path string) (id string, ok bool) {
	before, after, hasID := strings.Cut(pattern, "{id}")
	if !hasID {
		return "", path == pattern
	}
	rest, hasPrefix := strings.CutPrefix(path, before)
	segment, hasSuffix := strings.CutSuffix(rest, after)
	if !hasPrefix || !hasSuffix || strings.Contains(segment, "/") {
		return "", false
	}
	id, err := url.PathUnescape(segment)
	return id, err == nil && id != ""
}
