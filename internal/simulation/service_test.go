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
	number  int
	vendor  string
	baseURL string            // of another origin than the vendor's
	twin    *service          // another account at the same origin, which treats names alike
	account string            // known to the client; LangSmith's workspace
	limiter agentcopy.Limiter // shared by all processes; nil: none
	server  *vendortest.Fake
	inner   http.RoundTripper
	client  func(c *http.Client) agentcopy.Copier
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
	s := &service{vendor: pick(r, vendortest.Vendors...).Name, keepsNames: true, clearStamps: true}
	switch {
	case first == nil:
	case r.IntN(2) == 0:
		s.number, s.baseURL = 1, "https://elsewhere.example.com"
	default:
		s.number, s.vendor, s.twin = 1, first.vendor, first
	}
	if s.vendor == "langsmith" {
		s.account = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.number)
	}
	q := s.drawQuirks(r)
	if r.IntN(4) == 0 { // pages that are small, and orders that nobody documents
		q.PageSize = 3 + r.IntN(3)
	}
	if documented := s.vendor == "zudu" || s.vendor == "langsmith"; r.IntN(6) == 0 && !documented {
		q.ListOrder = pick(r, agentcopytest.OrderOldest, agentcopytest.OrderName, agentcopytest.OrderNewest)
	}
	options := []agentcopytest.ServerOption{agentcopytest.WithQuirks(q)}
	if r.IntN(4) == 0 {
		n, per := 1+r.IntN(3), time.Second+upTo(r, 20*time.Second)
		s.limiter = agentcopy.NewWindowLimiter(n, per)
		options = append(options, agentcopytest.WithRateLimit(n, per))
	}
	s.open(r, options)
	s.inner = s.server.Client().Transport
	s.story = fmt.Sprintf("%s %d: limited %v, servers %v, lag %v, stale %v, flap %.2f, keeps names %v, total rename %v, stamps %q %v, Date %v, page %d, order %q, second copy %+v",
		s.vendor, s.number, s.limiter != nil, s.servers, q.ShowAfter, q.StaleLists, q.FlapLists, s.keepsNames, s.totalRename, q.Stamps.Form, q.Stamps.ClockOffset, q.DateOffset,
		q.PageSize, q.ListOrder, q.SecondCopy.Status)
	return s
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
	if s.vendor == "cotool" {
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
	if s.vendor == "kolena" || s.vendor == "langsmith" {
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
	switch r.IntN(7) {
	case 0:
		return strings.TrimSpace, false
	case 1:
		return func(name string) string { return string([]rune(name)[:min(8, len([]rune(name)))]) }, false
	case 2: // as NFC does, of what the names have
		return strings.NewReplacer("u\u0308", "\u00fc").Replace, false
	case 3:
		return func(name string) string { return name + " (copy)" }, false
	case 4:
		return strings.NewReplacer("&", "&amp;").Replace, false
	case 5:
		return strings.ToLower, false
	}
	var n atomic.Int64
	return func(string) string { return fmt.Sprintf("Untitled no. %d", n.Add(1)) }, true
}

// open makes the fake, with the agents that can be copied.
func (s *service) open(r *rand.Rand, server []agentcopytest.ServerOption) {
	options := func(c *http.Client) []agentcopy.Option {
		opts := []agentcopy.Option{
			agentcopy.WithHTTPClient(c), agentcopy.WithLimiter(cmp.Or(s.limiter, agentcopy.Limiter(agentcopy.Unlimited))), agentcopy.WithReadLimiter(rate.NewLimiter(rate.Inf, 1)),
		}
		if s.baseURL != "" {
			opts = append(opts, agentcopy.WithBaseURL(s.baseURL))
		}
		if s.account != "" {
			opts = append(opts, langsmith.WithWorkspace(s.account))
		}
		return opts
	}
	vendor := vendortest.Named(s.vendor)
	s.server = vendor.NewFake(server...)
	s.client = func(c *http.Client) agentcopy.Copier {
		return vendor.Copier(must(vendor.New("not-a-real-key", options(c)...)))
	}
	for i := range 50 * s.number { // no two agents at one origin have one ID
		s.server.DeleteAgent(s.add("Gone " + strconv.Itoa(i)))
	}
	for i := range 4 {
		s.sources = append(s.sources, s.add("Source "+strconv.Itoa(i)))
	}
	for i := range r.IntN(4) {
		s.add("Old hand " + strconv.Itoa(i))
	}
}

// add is what a colleague makes; a panic if the vendor would refuse it.
func (s *service) add(name string) (id string) { return s.server.Add("", name) }

// madeID is the ID of the new agent in an answer that the vendor gave, "" if it
// made none.
func (s *service) madeID(status int, body []byte) string {
	var answer struct {
		ID   any `json:"id"`
		Data struct {
			ID string `json:"agent_id"`
		} `json:"data"`
		Agent struct {
			ID string `json:"id"`
		} `json:"agent"`
	}
	if status < 200 || status > 299 || json.Unmarshal(body, &answer) != nil {
		return ""
	}
	switch id := answer.ID.(type) {
	case string:
		return id
	case float64:
		return strconv.FormatInt(int64(id), 10)
	}
	return answer.Data.ID + answer.Agent.ID
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d)) + 1) }
