package copiers_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

const asked = "A copy" // the name of every copy of these tests

type vendor struct{ *vendortest.Vendor }

func forEach(t *testing.T, test func(t *testing.T, v vendor)) {
	vendortest.ForEach(t, func(t *testing.T, v *vendortest.Vendor) { test(t, vendor{v}) })
}

func (v vendor) request() agentcopy.CopyRequest {
	return agentcopy.CopyRequest{SourceID: v.SourceID, Name: asked}
}

// shown is an agent as a vendor shows it.
type shown struct {
	id, name string // JSON
	made     time.Time
	edited   time.Time // zero: when it was made
	config   string
}

func (v vendor) document(a shown) string {
	if a.edited.IsZero() {
		a.edited = a.made
	}
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	return strings.NewReplacer("@", a.id, "$", a.name, "#", stamp(a.made), "^", stamp(a.edited),
		"&", strings.Replace(v.Shape.Config, "%", a.config, 1)).Replace(v.Shape.Agent)
}

// listOf is the page with the given number, from 0, of a list of that many.
func (v vendor) listOf(number, pages int, agents ...string) string {
	return strings.NewReplacer("%", strings.Join(agents, ","), "~", v.Shape.More(number, pages)).Replace(v.Shape.Page)
}

// server answers with a list, and with the agents of it by their IDs.
type server struct {
	v      vendor
	pages  func(reading int) [][]shown // of the list, the first time it is read and so on
	byID   map[string]shown            // more than the list shows
	named  []shown                     // what the vendor's filter by name finds
	header func(r vendortest.Request) http.Header

	wire     *vendortest.Wire
	readings int
	gets     int
	filtered int
}

func newServer(v vendor, source shown, agents ...shown) *server {
	s := &server{v: v, byID: map[string]shown{}}
	s.pages = func(int) [][]shown { return [][]shown{append(agents, source)} }
	s.byID[source.id] = source
	s.wire = vendortest.New(func(_ int, r vendortest.Request) (int, string) {
		if v.Shape.ByName(r) {
			s.filtered++
			return http.StatusOK, v.listOf(0, 1, s.documents(s.named)...)
		}
		if path := strings.TrimSuffix(r.Path(), "/full"); !strings.HasSuffix(path, "/agents") {
			s.gets++
			return s.agent(path)
		}
		number := v.Shape.PageOf(r)
		if number == 0 {
			s.readings++
		}
		pages := s.pages(s.readings)
		return http.StatusOK, v.listOf(number, len(pages), s.documents(pages[number])...)
	})
	return s
}

func (s *server) documents(agents []shown) (all []string) {
	for _, a := range agents {
		all = append(all, s.v.document(a))
	}
	return all
}

// agent answers with the agent at a path. Cotool's source is parked.
func (s *server) agent(path string) (int, string) {
	for id, a := range s.byID {
		if !strings.HasSuffix(path, "/"+strings.Trim(id, `"`)) {
			continue
		}
		document := s.v.document(a)
		if s.v.Name == "cotool" && id == s.v.Shape.ID(1) {
			document = strings.Replace(document, "{", `{"deletedAt":true,`, 1)
		}
		return http.StatusOK, strings.Replace(s.v.Shape.Got, "%", document, 1)
	}
	return http.StatusNotFound, `{}`
}

// copier is a Copier that sends to s.
func (s *server) copier(t *testing.T, opts ...agentcopy.Option) agentcopy.Copier {
	t.Helper()
	headers := agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return vendortest.RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil && s.header != nil {
				for name, values := range s.header(vendortest.Request{Method: req.Method, Target: req.URL.Path}) {
					resp.Header[name] = values
				}
			}
			return resp, err
		})
	})
	copier, err := s.v.NewCopier(append([]agentcopy.Option{
		agentcopy.WithHTTPClient(s.wire.Client()), agentcopy.WithLimiter(agentcopy.Unlimited), headers,
	}, opts...)...)
	require.NoError(t, err)
	return copier
}

// found are the candidates as "ID match", in order, the ID by its last digit.
func found(candidates []agentcopy.Candidate) string {
	var all []string
	for _, c := range candidates {
		id := strings.Replace(c.Copy.ID[len(c.Copy.ID)-1:], ")", "?", 1) // "(an agent without an ID)"
		all = append(all, id+" "+c.Match.String())
	}
	return strings.Join(all, ", ")
}

// source is an agent that nobody has edited for long. Cotool's copies have its name.
func source(v vendor, since time.Time) shown {
	name := `"The source"`
	if v.Name == "cotool" {
		name = `"` + asked + `"`
	}
	return shown{id: v.Shape.ID(1), name: name, made: since.Add(-48 * time.Hour), config: "as it is"}
}

// find finds once. Cotool's ErrAlreadyDone is checked and dropped.
func find(t *testing.T, v vendor, c agentcopy.Copier, since time.Time) ([]agentcopy.Candidate, error) {
	t.Helper()
	candidates, err := c.FindCopies(t.Context(), v.request(), since)
	if v.Name == "cotool" {
		require.ErrorIs(t, err, agentcopy.ErrAlreadyDone)
	} else {
		require.NotErrorIs(t, err, agentcopy.ErrAlreadyDone)
	}
	return candidates, err
}

func TestTheCopyOfALostAnswerIsFound(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		synctest.Test(t, func(t *testing.T) {
			fake, copier, sourceID := v.FakeCopier(t)
			time.Sleep(time.Hour)
			var is []error
			if v.Name == "cotool" {
				is = []error{agentcopy.ErrAlreadyDone}
			}
			lost := vendortest.LoseCopy(t, fake.Server, copier, agentcopy.CopyRequest{SourceID: sourceID, Name: asked}, is...)
			require.WithinDuration(t, time.Now(), lost.CreatedAt, time.Second)

			sourceID = fake.Add("", "another")
			made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: sourceID, Name: "another copy"})
			require.NoError(t, err)
			require.Equal(t, []string{v.Name, sourceID, fake.Copies()[1].ID}, []string{made.Provider, made.SourceID, made.ID})
			require.Equal(t, v.Name != "cotool", made.Name == "another copy", made.Name)
			require.Contains(t, string(made.Body), made.ID)
			require.Len(t, made.Attempts, 1)
		})
	})
}

// TestNameAndAgeMakeACandidateCertainOrPossible: the rules are those of agentcopy.MatchAgent.
func TestNameAndAgeMakeACandidateCertainOrPossible(t *testing.T) {
	since := time.Now().Add(-time.Minute).Truncate(time.Second)
	for name, tt := range map[string]struct {
		name string // JSON
		made time.Duration
		want string
	}{
		"the copy":                       {`"A copy"`, 3 * time.Second, "2 certain"},
		"older":                          {`"A copy"`, -6 * time.Minute, ""},
		"trimmed":                        {`"A copy "`, 3 * time.Second, "2 possible"},
		"of another name":                {`"B"`, 3 * time.Second, "2 possible"},
		"a name that is a list":          {`["A copy"]`, 3 * time.Second, "2 possible"},
		"a name that is a list, of near": {`["A copy"]`, -4 * time.Minute, "2 possible"},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, v vendor) {
				s := newServer(v, source(v, since), shown{id: v.Shape.ID(2), name: tt.name, made: since.Add(tt.made), config: "as it is"})
				candidates, err := find(t, v, s.copier(t), since)
				require.Equal(t, tt.want, found(candidates))
				require.NotErrorIs(t, err, agentcopy.ErrLookIncomplete)
				if tt.want == "" && v.Name != "cotool" { // where no name is asked for
					require.ErrorIs(t, err, agentcopy.ErrNameTaken)
				} else {
					require.NotErrorIs(t, err, agentcopy.ErrNameTaken)
				}
				for _, c := range candidates {
					require.Equal(t, v.Name, c.Copy.Provider)
					require.Equal(t, v.request().SourceID, c.Copy.SourceID)
					require.WithinDuration(t, since.Add(tt.made), c.Made, time.Second)
					require.Equal(t, c.Match == agentcopy.MatchPossible, c.Reason != "")
				}
			})
		})
	}
}

func TestWhatCannotBeReadIsPossible(t *testing.T) {
	since := time.Now().Add(-time.Minute)
	forEach(t, func(t *testing.T, v vendor) {
		copied := v.document(shown{id: v.Shape.ID(2), name: `"A copy"`, made: since.Add(time.Second)})
		for name, tt := range map[string]struct{ agents, want string }{
			"an ID of another type":     {v.document(shown{id: `{}`, name: `"A copy"`, made: since.Add(time.Second)}), "? possible"},
			"no agent but a text":       {`"A copy"`, "? possible"},
			"null":                      {`null`, "? possible"},
			"the copy, and what is not": {copied + `,null`, "2 certain, ? possible"},
		} {
			t.Run(name, func(t *testing.T) {
				s := newServer(v, source(v, since))
				s.wire = vendortest.New(func(_ int, r vendortest.Request) (int, string) {
					if path := strings.TrimSuffix(r.Path(), "/full"); !strings.HasSuffix(path, "/agents") {
						return s.agent(path)
					}
					return http.StatusOK, v.listOf(0, 1, tt.agents)
				})
				candidates, _ := find(t, v, s.copier(t), since)
				require.Equal(t, tt.want, found(candidates))
			})
		}
	})
}

func TestOverAllTimeNoneIsCertain(t *testing.T) {
	now := time.Now()
	forEach(t, func(t *testing.T, v vendor) {
		s := newServer(v, source(v, now),
			shown{id: v.Shape.ID(2), name: `"A copy"`, made: now},
			shown{id: v.Shape.ID(3), name: `"B"`, made: now},
			shown{id: v.Shape.ID(4), name: `"a copy"`, made: now.Add(-24 * 365 * time.Hour)})
		candidates, err := find(t, v, s.copier(t), time.Time{})
		require.Equal(t, "2 possible, 4 possible", found(candidates))
		require.NotErrorIs(t, err, agentcopy.ErrNameTaken)
	})
}

func TestAFindThatACacheAnsweredPermitsNothing(t *testing.T) {
	since := time.Now()
	for name, header := range map[string]http.Header{
		"Age":                  {"Age": {"7"}},
		"X-Cache":              {"X-Cache": {"Hit from cloudfront"}},
		"X-Cache of two":       {"X-Cache": {"MISS, HIT"}},
		"Squid's X-Cache":      {"X-Cache": {"TCP_MEM_HIT"}},
		"nginx's usual header": {"X-Cache-Status": {"HIT"}},
		"nginx, kept too long": {"X-Cache-Status": {"STALE"}},
		"another usual one":    {"X-Proxy-Cache": {"HIT"}},
		"Cloudflare, updating": {"Cf-Cache-Status": {"UPDATING"}},
		"Cache-Status":         {"Cache-Status": {`"edge"; hit; ttl=30`}},
		"Cloudflare's":         {"Cf-Cache-Status": {"HIT"}},
		"fresh: Age 0":         {"Age": {"0"}},
		"fresh: it was stale":  {"Cache-Status": {"edge; fwd=stale; fwd-status=304"}},
		"fresh: a miss":        {"X-Cache": {"Miss from cloudfront"}, "Cache-Status": {"edge; fwd=miss"}},
		"fresh: no such thing": {},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, v vendor) {
				s := newServer(v, source(v, since), shown{id: v.Shape.ID(2), name: `"A copy"`, made: since})
				s.header = func(vendortest.Request) http.Header { return header }
				candidates, err := find(t, v, s.copier(t), since)
				require.Equal(t, "2 certain", found(candidates), "what was seen is reported")
				if strings.HasPrefix(name, "fresh") {
					require.NotErrorIs(t, err, agentcopy.ErrLookIncomplete)
				} else {
					require.ErrorIs(t, err, agentcopy.ErrLookIncomplete)
				}
				for _, sent := range s.wire.Requests() {
					require.Equal(t, "no-cache", sent.Header.Get("Cache-Control"))
				}
			})
		})
	}
}

func TestADateThatStandsStillVoidsAFind(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		synctest.Test(t, func(t *testing.T) {
			since := time.Now()
			s := newServer(v, source(v, since))
			stored := since
			s.header = func(vendortest.Request) http.Header {
				return http.Header{"Date": {stored.UTC().Format(http.TimeFormat)}}
			}
			copier := s.copier(t)
			for _, tt := range []struct {
				after time.Duration // since the find before
				fresh bool          // the vendor answers itself
				void  bool
			}{
				{0, true, false},
				{time.Second, false, false}, // too soon to tell
				{time.Second, false, true},
				{time.Minute, false, true},
				{time.Second, true, false},
				{3 * time.Second, false, true},
				{time.Second, true, false},
			} {
				time.Sleep(tt.after)
				if tt.fresh {
					stored = time.Now()
				}
				_, err := find(t, v, copier, since)
				require.Equal(t, tt.void, errors.Is(err, agentcopy.ErrLookIncomplete), "%v: %v", tt, err)
			}
		})
	})
}

// An answer to the copy itself says how late it is at the vendor's.
func TestADateOlderThanThatOfTheCopyVoidsAFind(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		synctest.Test(t, func(t *testing.T) {
			since := time.Now()
			s := newServer(v, source(v, since))
			s.header = func(r vendortest.Request) http.Header {
				date := since.Add(-10 * time.Second)
				if r.Method == http.MethodPost {
					date = time.Now()
				}
				return http.Header{"Date": {date.UTC().Format(http.TimeFormat)}}
			}
			copier := s.copier(t, agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
			_, err := copier.Copy(t.Context(), v.request())
			require.Error(t, err)
			time.Sleep(3 * time.Second)
			_, err = find(t, v, copier, since)
			require.ErrorIs(t, err, agentcopy.ErrLookIncomplete)
		})
	})
}

// paged are the vendors whose lists have pages.
func paged(t *testing.T, test func(t *testing.T, v vendor)) {
	forEach(t, func(t *testing.T, v vendor) {
		if v.Name != "cotool" {
			test(t, v)
		}
	})
}

func TestAListThatMovesIsReadAgain(t *testing.T) {
	since := time.Now()
	agents := func(v vendor, numbers ...int) (page []shown) {
		for _, n := range numbers {
			page = append(page, shown{id: v.Shape.ID(n), name: fmt.Sprintf(`"A copy %d"`, n), made: since})
		}
		return page
	}
	for name, tt := range map[string]struct {
		readings [][][]int // the last one over and over
		want     string
		read     int
		void     bool
	}{
		"it stands still":                  {[][][]int{{{2, 3}, {4}}}, "2 possible, 3 possible, 4 possible", 1, false},
		"an agent comes twice, once":       {[][][]int{{{2, 3}, {3, 4}}, {{5, 2, 3}, {4}}}, "2 possible, 3 possible, 4 possible, 5 possible", 2, false},
		"agents come twice, always":        {[][][]int{{{2, 3}, {3, 4}}}, "2 possible, 3 possible, 4 possible", 3, false}, // as if by growth
		"an agent is gone the second time": {[][][]int{{{2, 3}, {3, 4}}, {{2, 3}}}, "2 possible, 3 possible, 4 possible", 3, false},
		"agents come and go": {[][][]int{{{2, 3}, {3, 4}}, {{2, 4}, {4, 5}}, {{3, 5}, {5, 6}}},
			"2 possible, 3 possible, 4 possible, 5 possible, 6 possible", 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			paged(t, func(t *testing.T, v vendor) {
				s := newServer(v, source(v, since))
				s.pages = func(reading int) (pages [][]shown) {
					for _, numbers := range tt.readings[min(reading, len(tt.readings))-1] {
						pages = append(pages, agents(v, numbers...))
					}
					return pages
				}
				candidates, err := find(t, v, s.copier(t), since)
				require.Equal(t, tt.want, found(candidates))
				require.Equal(t, tt.read, s.readings)
				require.Equal(t, tt.void, errors.Is(err, agentcopy.ErrLookIncomplete), "%v", err)
			})
		})
	}
}

func TestATotalThatFallsIsReadAgain(t *testing.T) {
	const tail = `{"status":"success","data":{"agents":[%],"pagination":{"has_next_page":~,"total_count":!}}}`
	zudu := vendor{vendortest.Vendors[0]}
	for name, tt := range map[string]struct {
		totals []int // of the two pages of each reading
		read   int
		void   bool
	}{
		"it stands": {[]int{3, 3}, 1, false}, "it grows": {[]int{3, 4}, 1, false},
		"it falls once": {[]int{3, 2, 3, 3}, 2, false}, "it falls always": {[]int{3, 2, 3, 2, 3, 2}, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			since, requests := time.Now(), 0
			s := newServer(zudu, source(zudu, since))
			s.wire = vendortest.New(func(_ int, r vendortest.Request) (int, string) {
				number := zudu.Shape.PageOf(r)
				document := zudu.document(shown{id: zudu.Shape.ID(2 + number), name: `"A copy"`, made: since})
				more := strings.NewReplacer("%", document, "~", fmt.Sprint(number == 0), "!", fmt.Sprint(tt.totals[requests]))
				requests++
				return http.StatusOK, more.Replace(tail)
			})
			candidates, err := find(t, zudu, s.copier(t), since)
			require.Len(t, candidates, 2)
			require.Equal(t, 2*tt.read, requests)
			require.Equal(t, tt.void, errors.Is(err, agentcopy.ErrLookIncomplete), "%v", err)
		})
	}
}

func TestASortedListIsReadAsFarAsItsOrderIsSeen(t *testing.T) {
	since := time.Now()
	for name, tt := range map[string]struct {
		ages  [][]time.Duration // before the request, by pages
		pages int
	}{
		"newest first":             {[][]time.Duration{{-time.Second, time.Hour}, {2 * time.Hour}}, 1},
		"five minutes are not yet": {[][]time.Duration{{-time.Second, 4 * time.Minute}, {2 * time.Hour}, {3 * time.Hour}}, 2},
		"oldest first":             {[][]time.Duration{{3 * time.Hour, 2 * time.Hour}, {time.Hour}}, 2},
		"in disorder":              {[][]time.Duration{{time.Hour, -time.Second, 2 * time.Hour}, {3 * time.Hour}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			paged(t, func(t *testing.T, v vendor) {
				s := newServer(v, source(v, since))
				s.pages = func(int) (pages [][]shown) {
					n := 1
					for _, ages := range tt.ages {
						var page []shown
						for _, age := range ages {
							n++
							page = append(page, shown{id: v.Shape.ID(n), name: `"B"`, made: since.Add(-age)})
						}
						pages = append(pages, page)
					}
					return pages
				}
				s.named = []shown{{id: v.Shape.ID(9), name: `"A copy"`, made: since.Add(-24 * time.Hour)}}
				_, err := find(t, v, s.copier(t), since)
				lists := len(s.wire.Requests()) - s.gets - s.filtered
				for _, sent := range s.wire.Requests() {
					if sent.Query().Has("audience") { // LangSmith's other list
						lists--
					}
				}
				if v.Name == "kolena" { // which documents no order
					require.Equal(t, len(tt.ages), lists)
					return
				}
				require.Equal(t, tt.pages, lists)
				// What lies beyond, the vendor's filter shows.
				cut := tt.pages < len(tt.ages)
				require.Equal(t, cut, s.filtered > 0)
				require.Equal(t, cut, errors.Is(err, agentcopy.ErrNameTaken))
			})
		})
	}
}

func TestNewcomersThatDifferFromTheSourceAreSetAside(t *testing.T) {
	since := time.Now().Truncate(time.Second)
	for name, tt := range map[string]struct {
		source, agent shown // what is not as usual
		want          string
	}{
		"another configuration":                     {shown{}, shown{config: "changed"}, ""},
		"the same":                                  {shown{}, shown{config: "as it is"}, "2 possible"},
		"none is shown":                             {shown{}, shown{config: ""}, "2 possible"},
		"another, edited since":                     {shown{}, shown{config: "changed", edited: since.Add(time.Minute)}, "2 possible"},
		"another, of a source edited since":         {shown{edited: since.Add(time.Second)}, shown{config: "changed"}, "2 possible"},
		"another, of a source edited before":        {shown{edited: since.Add(-time.Minute)}, shown{config: "changed"}, ""},
		"another, but of the name":                  {shown{}, shown{config: "changed", name: `"A copy"`}, "2 certain"},
		"another, but of a near name":               {shown{}, shown{config: "changed", name: `"A copy 2"`}, "2 possible"},
		"another, but of a name that is unreadable": {shown{}, shown{config: "changed", name: `[7]`}, "2 possible"},
	} {
		t.Run(name, func(t *testing.T) {
			paged(t, func(t *testing.T, v vendor) {
				src := source(v, since)
				src.edited = tt.source.edited
				a := shown{id: v.Shape.ID(2), name: `"B"`, made: since.Add(time.Second), edited: tt.agent.edited, config: tt.agent.config}
				if tt.agent.name != "" {
					a.name = tt.agent.name
				}
				listed := a
				listed.config = "" // lists of LangSmith and Zudu do not show it
				if v.Name == "kolena" {
					listed = a
				}
				s := newServer(v, src, listed)
				s.byID[a.id] = a
				copier := s.copier(t)
				for range 2 {
					candidates, _ := find(t, v, copier, since)
					require.Equal(t, tt.want, found(candidates))
				}
				require.LessOrEqual(t, s.gets, 3, "each agent is read once, and the source once each time")
			})
		})
	}
}

// A newcomer is set aside only if it differs from the source for certain.
func TestANewcomerThatCannotBeComparedIsKept(t *testing.T) {
	since := time.Now().Truncate(time.Second)
	for name, spoil := range map[string]func(v vendor, s *server){
		"the source, from a cache, may be that before its last edit": func(v vendor, s *server) {
			s.header = func(r vendortest.Request) http.Header {
				if strings.Contains(r.Path()+"/", "/"+v.SourceID+"/") {
					return http.Header{"Age": {"30"}}
				}
				return nil
			}
		},
		"the newcomer cannot be read": func(v vendor, s *server) { delete(s.byID, v.Shape.ID(2)) },
	} {
		t.Run(name, func(t *testing.T) {
			paged(t, func(t *testing.T, v vendor) {
				newcomer := shown{id: v.Shape.ID(2), name: `"B"`, made: since}
				s := newServer(v, source(v, since), newcomer)
				newcomer.config = "changed"
				s.byID[newcomer.id] = newcomer
				spoil(v, s)
				candidates, err := find(t, v, s.copier(t, agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever})), since)
				require.NoError(t, err)
				require.Equal(t, "2 possible", found(candidates))
			})
		})
	}
}

// The SDK's RetryAlways may make a second copy; a Copier does not.
func TestACopierNeverRetriesWhatMayHaveMadeACopy(t *testing.T) {
	for mode, refused := range map[agentcopy.RetryMode]int{agentcopy.RetryAlways: 3, agentcopy.RetrySafe: 3, agentcopy.RetryNever: 1} {
		forEach(t, func(t *testing.T, v vendor) {
			for status, attempts := range map[int]int{http.StatusBadGateway: 1, http.StatusTooManyRequests: refused} {
				wire := vendortest.Always(status, ``)
				copier, err := v.NewCopier(agentcopy.WithHTTPClient(wire.Client()), agentcopy.WithLimiter(agentcopy.Unlimited),
					agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: mode, MaxAttempts: 3, MinBackoff: 1, MaxBackoff: 1}))
				require.NoError(t, err)
				_, err = copier.Copy(t.Context(), v.request())
				require.Error(t, err)
				require.Equal(t, status == http.StatusBadGateway, errors.Is(err, agentcopy.ErrOutcomeUnknown), "%v", err)
				require.Len(t, wire.Requests(), attempts)
			}
		})
	}
}

func TestIdentityHasCanonicalIDsAndASearchKey(t *testing.T) {
	const id = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	for name, want := range map[string]struct{ sourceID, canonical, searchKey string }{
		"zudu":      {"Agent_1", "Agent_1", asked},
		"cotool":    {strings.ToUpper(id), id, id},
		"langsmith": {strings.ToUpper(id), id, asked},
		"kolena":    {"+01", "1", asked},
	} {
		copier, err := vendortest.Named(name).NewCopier()
		require.NoError(t, err)
		identity := copier.Identify(agentcopy.CopyRequest{SourceID: want.sourceID, Name: asked})
		require.Equal(t, want.canonical, identity.SourceID, name)
		require.Equal(t, want.searchKey, identity.SearchKey, name)
	}
}

func TestIdentityHasACanonicalOrigin(t *testing.T) {
	for base, want := range map[string]string{
		"https://agents.example":             "https://agents.example",
		"https://Agents.Example:443":         "https://agents.example",
		"HTTPS://agents.example/":            "https://agents.example",
		"https://agents.example:8443/Api/":   "https://agents.example:8443/Api",
		"http://127.0.0.1:80":                "http://127.0.0.1",
		"http://127.0.0.1:443":               "http://127.0.0.1:443",
		"https://[FE80::1%25ProdNIC]:443/v1": "https://[fe80::1%ProdNIC]/v1",
		"https://[fe80::1]:8443":             "https://[fe80::1]:8443",
	} {
		forEach(t, func(t *testing.T, v vendor) {
			copier, err := v.NewCopier(agentcopy.WithBaseURL(base))
			require.NoError(t, err)
			identity := copier.Identify(v.request())
			require.Equal(t, want, identity.Origin, base)
			require.Equal(t, v.Name, identity.Provider)
			require.Equal(t, v.request().SourceID, identity.SourceID)
			require.True(t, identity.Traced)
		})
	}
}

// getAgent is the vendor's GetAgent through a client, and what it sent.
func getAgent(t *testing.T, v vendor, client any, wire *vendortest.Wire) vendortest.Request {
	t.Helper()
	result, err := v.Operation(vendortest.Gets).Do(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, v.CopyID, result.ID)
	requests := wire.Requests()
	return requests[len(requests)-1]
}

// answering returns a wire that answers a GET of an agent well, and the option by
// which a client sends through it.
func answering(v vendor) (*vendortest.Wire, agentcopy.Option) {
	wire := vendortest.Always(http.StatusOK, v.Operation(vendortest.Gets).Answers.Good)
	return wire, agentcopy.WithHTTPClient(wire.Client())
}

// requireCredentials requires that a request has the same credentials as one made
// by hand with key: nothing more, nothing less.
func requireCredentials(t *testing.T, v vendor, key string, sent vendortest.Request) {
	t.Helper()
	want := v.Header(key)
	if want.Get("X-Api-Secret") != "" {
		want.Set("X-Api-Secret", key+vendortest.SecondSecret)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Api-Secret"} {
		require.Equal(t, want.Get(name), sent.Header.Get(name), name)
	}
}

func TestAReadIsAGETWithCredentialsAndNoBody(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		key := vendortest.Key()
		client, err := v.New(key, through)
		require.NoError(t, err)
		sent := getAgent(t, v, client, wire)
		require.Equal(t, http.MethodGet, sent.Method)
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		require.Equal(t, v.BasePath+strings.Replace(v.Shape.Get, "*", v.CopyID, 1), sent.Target)
		require.Equal(t, "application/json", sent.Header.Get("Accept"))
		require.Empty(t, sent.Header.Get("Content-Type"))
		require.Empty(t, sent.Body)
		requireCredentials(t, v, key, sent)
	})
}

func TestACopyIsAPOSTWithCredentials(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		copies := v.Operation(vendortest.Copies)
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			wire, key := vendortest.Always(status, copies.Answers.Good), vendortest.Key()
			caller, err := copies.Connect(key, agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			made, err := caller.Do(t.Context())
			require.NoError(t, err)
			require.Equal(t, v.CopyID, made.ID)
			require.Equal(t, status, made.Response.StatusCode)
			require.Equal(t, "req-0", made.Response.RequestID)
			require.Equal(t, copies.Answers.Good, string(made.Response.Body))
			require.Len(t, made.Response.Attempts, 1)
			require.NoError(t, made.Response.Warning)

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, v.BaseURL, "https://"+sent.Host)
			require.Equal(t, v.BasePath+strings.Replace(v.CopyPath, "*", v.SourceID, 1), sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.Equal(t, strings.Replace(v.CopyBody, "*", asked, 1), sent.Body)
			requireCredentials(t, v, key, sent)
		}
	})
}

// TestCopiesThatFail are answers beyond those that package conformance has in its tables.
func TestCopiesThatFail(t *testing.T) {
	const refused = `{"message":"m","status":"ERROR","error":"e","data":{"agent_id":"agent_2"}}`
	for name, bodies := range map[string][]string{
		"zudu":      {`{"status":"success","error":null,"data":null}`, `{"status":"success","data":{"agent_id":" \t"}}`, refused},
		"cotool":    {`{"parkedAgentId":"a"}`, `{"agent":null}`, `{"agent":{"name":"Triage"}}`, `{"agent":{"id":" \t"}}`},
		"langsmith": {`{"id":[1]}`, `{"id":" \t"}`},
		"kolena":    {`{"id":null}`, `{"id":"A456"}`, `{"id":4.5}`, `{"id":99999999999999999999}`},
	} {
		for _, body := range bodies {
			t.Run(name+" "+body, func(t *testing.T) {
				v, wire := vendor{vendortest.Named(name)}, vendortest.Always(http.StatusOK, body)
				copier, err := v.NewCopier(agentcopy.WithHTTPClient(wire.Client()))
				require.NoError(t, err)
				_, err = copier.Copy(t.Context(), v.request())
				require.Len(t, wire.Requests(), 1)
				if body == refused {
					require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
					require.ErrorContains(t, err, "m: e")
					return
				}
				require.ErrorIs(t, err, agentcopy.ErrCopied)
				require.ErrorContains(t, err, "ID")
			})
		}
	}
}

// TestNewRefusesBadArguments: which they are, packages check and transport test.
func TestNewRefusesBadArguments(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		for field, tt := range map[string]struct {
			key string
			opt agentcopy.Option
		}{
			"apiKey":         {" \t", agentcopy.WithInsecureHTTP()},
			"WithHTTPClient": {"key", agentcopy.WithHTTPClient(nil)},
			"WithBaseURL":    {"key", agentcopy.WithBaseURL("http://vendor.example")},
			"WithWorkspace":  {"key", langsmith.WithWorkspace("w")},
		} {
			client, err := v.New(tt.key, tt.opt)
			if v.Name == "langsmith" && field == "WithWorkspace" { // an option of its own
				require.NoError(t, err)
				continue
			}
			require.Nil(t, client)
			require.ErrorContains(t, err, v.Name)
			require.Equal(t, field, vendortest.RequireError(t, err).Fields[0].Field)
		}
	})
}

func TestNewFromEnvReadsKeyAndURL(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		send := func(opts ...agentcopy.Option) vendortest.Request {
			t.Helper()
			client, err := v.FromEnv(append(opts, through)...)
			require.NoError(t, err)
			return getAgent(t, v, client, wire)
		}
		refuse := func(name string) {
			t.Helper()
			_, err := v.FromEnv(through)
			vendortest.RequireInvalid(t, err, name)
		}
		key := vendortest.Key()
		for i, name := range v.KeyVars {
			t.Setenv(name, key+strings.Repeat(vendortest.SecondSecret, i)+"\n") // as a secret read from a file may be
		}
		t.Setenv(v.URLVar, "")
		sent := send()
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		requireCredentials(t, v, key, sent)

		t.Setenv(v.URLVar, "https://gateway.example/path/")
		sent = send()
		require.Equal(t, "gateway.example", sent.Host)
		require.Equal(t, "/path"+v.BasePath+strings.Replace(v.Shape.Get, "*", v.CopyID, 1), sent.Target)
		require.Equal(t, "other.example", send(agentcopy.WithBaseURL("https://other.example"+v.BasePath)).Host, "an option overrides the environment")

		for _, bad := range []string{"gateway.example", "https://user:word@gateway.example", "ftp://gateway.example", "http://gateway.example"} {
			t.Setenv(v.URLVar, bad)
			refuse(v.URLVar)
		}
		require.Equal(t, "gateway.example", send(agentcopy.WithInsecureHTTP()).Host)

		for _, name := range v.KeyVars {
			for _, bad := range []string{"", " \n", "two\nlines"} {
				t.Setenv(name, bad)
				refuse(name)
			}
			t.Setenv(name, key)
		}
	})
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		key := vendortest.Key()
		original, err := v.New(key, through, agentcopy.WithUserAgent("original/1"), agentcopy.WithHeader("X-Kept", "b"))
		require.NoError(t, err)
		changed, err := v.With(original, agentcopy.WithUserAgent("changed/2"), agentcopy.WithHeader("X-Team", "a"), agentcopy.WithBaseURL("https://other.example"))
		require.NoError(t, err)

		sent := getAgent(t, v, changed, wire)
		require.Equal(t, "other.example", sent.Host)
		require.Equal(t, "a", sent.Header.Get("X-Team"))
		require.Equal(t, "b", sent.Header.Get("X-Kept"))
		require.Contains(t, sent.Header.Get("User-Agent"), "changed/2")
		requireCredentials(t, v, key, sent)

		sent = getAgent(t, v, original, wire)
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		require.Empty(t, sent.Header.Get("X-Team"))
		require.Contains(t, sent.Header.Get("User-Agent"), "original/1")
		requireCredentials(t, v, key, sent)

		for field, opt := range map[string]agentcopy.Option{
			"opts": nil, "WithLimiter": agentcopy.WithLimiter(nil), "WithAttemptTimeout": agentcopy.WithAttemptTimeout(0),
		} {
			_, err := v.With(original, opt)
			vendortest.RequireInvalid(t, err, field)
			require.Equal(t, "With", vendortest.RequireError(t, err).Operation)
		}
	})
}

// TestClientsThatNewDidNotMake: every method of a nil or zero Client returns an
// error that says so.
func TestClientsThatNewDidNotMake(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		for _, client := range v.NotMade {
			requireNotMade := func(err error, method string) {
				t.Helper()
				e := vendortest.RequireError(t, err)
				require.Equal(t, v.Name, e.Provider, method)
				require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, method)
				require.ErrorIs(t, err, agentcopy.ErrInvalid, method)
				require.ErrorContains(t, err, "was not made by New", method)
			}
			for _, op := range v.Operations {
				_, err := op.Do(t.Context(), client)
				requireNotMade(err, op.Name)
			}
			_, err := v.With(client)
			requireNotMade(err, "With")
			copier := v.Copier(client)
			_ = copier.Identify(v.request())
			_, err = copier.Copy(t.Context(), v.request())
			requireNotMade(err, "Copier.Copy")
			_, err = copier.FindCopies(t.Context(), v.request(), time.Now())
			requireNotMade(err, "Copier.FindCopies")
		}
	})
}

// Zudu and Cotool document no limit: all calls of a credential share a courtesy limit
// of 10 at once, then 10 a second.
func TestAllCallsShareTheCourtesyLimit(t *testing.T) {
	for _, name := range []string{"zudu", "cotool"} {
		v := vendortest.Named(name)
		get, copies := v.Operation(vendortest.Gets), v.Operation(vendortest.Copies)
		wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusOK, copies.Answers.Good
			}
			return http.StatusOK, get.Answers.Good
		})
		synctest.Test(t, func(t *testing.T) {
			client, err := v.New(vendortest.Key(), agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			start := time.Now()
			for range 15 {
				for _, call := range []*vendortest.Operation{get, copies} {
					_, err := call.Do(t.Context(), client)
					require.NoError(t, err)
				}
			}
			require.Equal(t, 2*time.Second, time.Since(start).Round(time.Millisecond), name)
		})
	}
}
