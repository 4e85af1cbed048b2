package simulation_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

// service is one account at one vendor.
type service struct {
	*vendortest.Vendor
	number  int
	baseURL string            // of another origin than the vendor's
	twin    *service          // another account at the same origin, which treats names alike
	account string            // known to the client; LangSmith's workspace
	limiter agentcopy.Limiter // shared by all processes; nil: none
	server  *vendortest.Fake
	inner   http.RoundTripper
	sources []string

	// What is drawn of the vendor, as far as the promises depend on it.
	lag         time.Duration // until lists show a copy
	rename      func(string) string
	keepsNames  bool          // a copy has the name that was asked for
	totalRename bool          // it has one that nobody could guess
	clearStamps bool          // stamps are exact enough to be certain
	noStamps    bool          // stamps do not tell when an agent was made
	blinds      bool          // a cache may keep a look from seeing everything for ever
	flaps       bool          // lists leave copies out at any time
	servers     time.Duration // by how much the clocks of its servers differ
	story       string
}

const settleTime = 30 * time.Second

// newService draws a vendor and its quirks.
//
// The second one is elsewhere, or another account at the origin of the first.
func newService(r *rand.Rand, first *service) *service {
	s := &service{Vendor: pick(r, vendortest.Vendors...), keepsNames: true, clearStamps: true}
	switch {
	case first == nil:
	case r.IntN(2) == 0:
		s.number, s.baseURL = 1, "https://elsewhere.example.com"
	default:
		s.number, s.Vendor, s.twin = 1, first.Vendor, first
	}
	if s.Name == "langsmith" {
		s.account = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.number)
	}
	q := s.drawQuirks(r)
	if r.IntN(4) == 0 { // pages that are small, and orders that nobody documents
		q.PageSize = 3 + r.IntN(3)
	}
	if documented := s.Name == "zudu" || s.Name == "langsmith"; r.IntN(6) == 0 && !documented {
		q.ListOrder = pick(r, agentcopytest.OrderOldest, agentcopytest.OrderName, agentcopytest.OrderNewest)
	}
	options := []agentcopytest.ServerOption{agentcopytest.WithQuirks(q)}
	if r.IntN(4) == 0 {
		n, per := 1+r.IntN(3), time.Second+upTo(r, 20*time.Second)
		s.limiter = agentcopy.NewWindowLimiter(n, per)
		options = append(options, agentcopytest.WithRateLimit(n, per))
	}
	s.server = s.NewFake(options...)
	s.inner = s.server.Client().Transport
	for i := range 50 * s.number { // no two agents at one origin have one ID
		s.server.DeleteAgent(s.server.Add("", "Gone "+strconv.Itoa(i)))
	}
	for i := range 4 {
		s.sources = append(s.sources, s.server.Add("", "Source "+strconv.Itoa(i)))
	}
	for i := range r.IntN(4) {
		s.server.Add("", "Old hand "+strconv.Itoa(i))
	}
	q.Rename, q.SecondCopy.ParkedName = nil, nil
	s.story = fmt.Sprintf("%s %d: limited %v, servers %v, lag %v, keeps names %v, total rename %v, %+v",
		s.Name, s.number, s.limiter != nil, s.servers, s.lag, s.keepsNames, s.totalRename, q)
	return s
}

// client is one of a process.
func (s *service) client(through http.RoundTripper) agentcopy.Copier {
	opts := []agentcopy.Option{
		agentcopy.WithHTTPClient(&http.Client{Transport: through}),
		agentcopy.WithLimiter(cmp.Or(s.limiter, agentcopy.Limiter(agentcopy.Unlimited))),
		agentcopy.WithReadLimiter(rate.NewLimiter(rate.Inf, 1)),
	}
	if s.baseURL != "" {
		opts = append(opts, agentcopy.WithBaseURL(s.baseURL))
	}
	if s.account != "" {
		opts = append(opts, langsmith.WithWorkspace(s.account))
	}
	client, err := s.New("not-a-real-key", opts...)
	if err != nil {
		panic(err)
	}
	return s.Copier(client)
}

// drawQuirks draws what the vendor's pages leave open.
func (s *service) drawQuirks(r *rand.Rand) (q agentcopytest.Quirks) {
	switch {
	case s.twin != nil:
		s.rename, s.totalRename, s.keepsNames = s.twin.rename, s.twin.totalRename, s.twin.keepsNames
	case r.IntN(2) == 0:
		s.rename, s.totalRename = drawRename(r)
		s.keepsNames = false
	}
	q.Rename = s.rename
	switch r.IntN(8) {
	case 0, 1, 2:
		q.ShowAfter = upTo(r, 25*time.Second)
	case 3: // later than documented: see the limits
		q.ShowAfter = settleTime + upTo(r, time.Minute)
	}
	s.lag = q.ShowAfter
	switch r.IntN(8) {
	case 0: // a cache that says so
		q.StaleLists = upTo(r, 2*time.Minute)
		q.StaleGets = r.IntN(2) == 0
		q.HonourNoCache = r.IntN(3) == 0
		s.blinds = !q.HonourNoCache
	case 1: // a replica that is behind and does not
		q.StaleLists, q.StaleUnmarked = upTo(r, 10*time.Second), true
		q.StaleGets = r.IntN(2) == 0
		s.lag += q.StaleLists
	}
	if r.IntN(24) == 0 {
		q.FlapLists, s.flaps, s.blinds = 0.1+0.3*r.Float64(), true, true
	}
	s.drawClock(r, &q)
	if s.Name == "cotool" {
		q.SecondCopy = agentcopytest.SecondCopy{
			Status: pick(r, 200, 409, 404, 500), KeepsSync: r.IntN(2) == 0,
			ParkedListed: r.IntN(2) == 0, ParkedHidden: r.IntN(3) == 0,
			DeletedAt: pick(r, "", agentcopytest.StampUnixMilli, agentcopytest.StampTrue, "a while ago"),
		}
		switch q.Stamps.Form {
		case agentcopytest.StampNull, agentcopytest.StampAbsent: // a parked agent shows that it is
			q.SecondCopy.DeletedAt = agentcopytest.StampTrue
		}
		if r.IntN(4) == 0 {
			q.SecondCopy.ParkedName = func(name string) string { return name + " (parked)" }
		}
	}
	if s.Name == "kolena" || s.Name == "langsmith" {
		q.NameTaken = pick(r, 0, 0, 409, 422)
	}
	return q
}

func (s *service) drawClock(r *rand.Rand, q *agentcopytest.Quirks) {
	if r.IntN(2) == 0 {
		return
	}
	if r.IntN(6) == 0 {
		s.servers, s.blinds = 2*time.Minute, true // a Date that goes back voids a look
		if s.totalRename {
			s.servers = 20 * time.Second
		}
		s.clearStamps = false
	}
	q.DateOffset = upTo(r, 20*time.Minute) - 10*time.Minute
	q.Stamps.ClockOffset = q.DateOffset
	if r.IntN(2) == 0 { // stamps and Date are of clocks that differ
		most := 4*time.Minute - s.servers
		if s.totalRename {
			most = 50*time.Second - s.servers
		}
		q.Stamps.ClockOffset += upTo(r, 2*most) - most
		s.clearStamps = false
	}
	switch form := pick(r, "", "", agentcopytest.StampSeconds, agentcopytest.StampZoneless, agentcopytest.StampUnix,
		agentcopytest.StampUnixMilli, agentcopytest.StampAbsent, agentcopytest.StampNull, "a while ago"); form {
	case "", agentcopytest.StampSeconds:
		q.Stamps.Form = form
	case agentcopytest.StampZoneless:
		q.Stamps.Form = form
		if r.IntN(2) == 0 {
			q.Stamps.Zone = time.FixedZone("", 3600*(r.IntN(20)-9))
			s.noStamps = true
		}
		s.clearStamps = false
	default:
		q.Stamps.Form = form
		s.clearStamps, s.noStamps = false, true
	}
}

func drawRename(r *rand.Rand) (rename func(string) string, total bool) {
	var n atomic.Int64
	renames := []func(string) string{
		strings.TrimSpace,
		func(name string) string { return string([]rune(name)[:min(8, len([]rune(name)))]) },
		strings.NewReplacer("u\u0308", "\u00fc").Replace, // as NFC does, of what the names have
		func(name string) string { return name + " (copy)" },
		strings.NewReplacer("&", "&amp;").Replace,
		strings.ToLower,
		func(string) string { return fmt.Sprintf("Untitled no. %d", n.Add(1)) },
	}
	drawn := r.IntN(len(renames))
	return renames[drawn], drawn == len(renames)-1
}

// madeID is the ID of the new agent in an answer that the vendor gave, "" if it
// made none.
func (s *service) madeID(status int, body []byte) string {
	var agent map[string]any
	if status < 200 || status > 299 || json.Unmarshal(body, &agent) != nil {
		return ""
	}
	for _, field := range s.Shape.Copied {
		agent, _ = agent[field].(map[string]any)
	}
	return fmt.Sprint(agent[s.Shape.IDKey])
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d)) + 1) }
