package oncetest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// want is what FindCopies has to make of an agent.
type want int

const (
	certain  want = iota // a candidate that is certain
	seen                 // a candidate
	possible             // a candidate that is not certain
	doubtful             // no candidate that is certain
)

// found is an agent of a findCase.
type found struct {
	name   string
	after  time.Duration // since the request; negative: before
	want   want
	advice string
}

// stampless is the after of an agent without a stamp.
const stampless = time.Duration(-1 << 62)

// findCase is a vendor that one look sees. The request was sent 3 seconds before.
type findCase struct {
	name         string
	ahead        time.Duration
	wholeSeconds bool
	allTime      bool // since is zero
	agents       []found
	named        bool // only for Copiers that tell copies by names
	taken        bool // ErrNameTaken is due
}

func findCases() []findCase {
	const (
		name        = "Leases Berlin"
		margin      = "compare with a margin; agentcopy.MatchAgent does it"
		dateHeader  = "compare stamps with the vendor's clock, which the Date header of the answer shows; agentcopy.MatchAgent does it, given Sighting.Ahead"
		nearName    = "the vendor may have made it of the name asked for: return it as possible; agentcopy.MatchAgent does it"
		anyName     = "the vendor may have renamed the copy: return newcomers of any name as possible; agentcopy.MatchAgent does it"
		olderAgent  = "it is older than the request: it may be possible, never certain"
		noTimeStamp = "without a time stamp it may be the copy, or not: return it as possible"
	)
	cases := []findCase{
		{name: "the copy", agents: []found{{name, time.Second, certain, "it has the name and was made since"}}},
		{name: "a stamp of whole seconds", wholeSeconds: true, agents: []found{
			{name, 100 * time.Millisecond, seen, "FindCopies missed a copy whose stamp has whole seconds: " + margin},
		}},
		{name: "a clock 3s ahead", ahead: 3 * time.Second, agents: []found{{name, time.Second, seen, dateHeader}}},
		{name: "a clock 3s behind", ahead: -3 * time.Second, agents: []found{{name, time.Second, seen, dateHeader}}},
		{name: "a clock a minute ahead", ahead: time.Minute, agents: []found{{name, time.Second, seen, dateHeader}}},
		{name: "a clock a minute behind", ahead: -time.Minute, agents: []found{{name, time.Second, seen, dateHeader}}},
		{name: "a clock a minute ahead, an older agent", ahead: time.Minute, agents: []found{{name, -30 * time.Second, doubtful, olderAgent + "; " + dateHeader}}},
		{name: "a clock that was set, the copy", agents: []found{{name, -20 * time.Second, possible, "clocks are set: an agent of the name that was made up to five minutes before the request is possible, and not certain; agentcopy.MatchAgent does it"}}},
		{name: "an agent of the day before", named: true, taken: true, agents: []found{{name, -24 * time.Hour, doubtful, olderAgent}}},
		{name: "no stamp", agents: []found{{name, stampless, possible, noTimeStamp}}},
		{name: "several", agents: []found{
			{name, 500 * time.Millisecond, seen, "return all"}, {name, 1200 * time.Millisecond, seen, "return all"}, {name, 2 * time.Second, seen, "return all"},
		}},
		{name: "a newcomer of another name", named: true, agents: []found{{"Invoices Hamburg", time.Second, possible, anyName}}},
		{name: "the copy and a newcomer", named: true, agents: []found{
			{name, time.Second, certain, "it has the name and was made since"}, {"Invoices Hamburg", 2 * time.Second, possible, anyName},
		}},
		{name: "all time", allTime: true, named: true, agents: []found{
			{name, -24 * time.Hour, possible, "a zero since means all time: agents of the name are possible, and none is certain"},
			{name, time.Second, possible, "a zero since means all time: agents of the name are possible, and none is certain"},
		}},
	}
	for _, near := range []string{"leases berlin", "Leases Berl", "Leases Berlin (copy)", "Copy of Leases Berlin", "Leases  Berlin"} {
		cases = append(cases, findCase{
			name: "renamed " + strconv.Quote(near), named: true,
			agents: []found{{near, time.Second, possible, nearName}},
		})
	}
	return cases
}

func testFindCopies(t *testing.T, w Wire) {
	for _, tt := range findCases() {
		inBubble(t, tt.name, w, func(t *copierTest) { t.finds(tt) })
	}
	inBubble(t, "no copy", w, func(t *copierTest) {
		candidates, err := t.copier.FindCopies(t.Context(), request, time.Now())
		if err != nil {
			t.Errorf("FindCopies failed although there was nothing wrong: %v (is the Wire right?)", err)
		}
		if len(candidates) > 0 {
			t.Errorf("FindCopies found %v where there is no copy", candidates)
		}
	})
	inBubble(t, "the source", w, func(t *copierTest) {
		since := time.Now()
		for i := range t.vendor.agents { // the source has the name, and is new
			t.vendor.agents[i].Name, t.vendor.agents[i].CreatedAt = request.Name, t.vendor.stamp(since.Add(time.Second))
		}
		time.Sleep(3 * time.Second)
		candidates, _ := t.copier.FindCopies(t.Context(), request, since)
		if slices.ContainsFunc(candidates, func(c agentcopy.Candidate) bool { return c.Copy.ID == sourceID }) {
			t.Error("FindCopies returned the source, which is no copy of itself: leave the agent of CopyRequest.SourceID out")
		}
	})
	testLists(t, w)
}

// finds tests one look.
func (t *copierTest) finds(tt findCase) {
	if tt.named && !t.named {
		t.Skip("Identify gives no SearchKey")
	}
	v := t.vendor
	v.ahead, v.wholeSeconds = tt.ahead, tt.wholeSeconds
	for i := range v.agents {
		v.agents[i].CreatedAt = v.stamp(v.agents[i].CreatedAt)
	}
	since := time.Now()
	wants := make(map[string]found)
	for _, a := range tt.agents {
		var made time.Time
		if a.after != stampless {
			made = since.Add(a.after)
		}
		wants[v.add(Agent{Name: a.name}, made).ID] = a
	}
	time.Sleep(3 * time.Second)
	asked := since
	if tt.allTime {
		asked = time.Time{}
	}
	candidates, err := t.copier.FindCopies(t.Context(), request, asked)
	if err != nil && !errors.Is(err, agentcopy.ErrNameTaken) && !errors.Is(err, agentcopy.ErrAlreadyDone) {
		t.Fatalf("FindCopies failed although there was nothing wrong: %v", err)
	}
	if tt.taken && !errors.Is(err, agentcopy.ErrNameTaken) && len(candidates) == 0 {
		t.Errorf("an older agent has exactly the name, and FindCopies returned %v: return an error that matches agentcopy.ErrNameTaken, which explains a refusal", err)
	}
	got := make(map[string]agentcopy.Match)
	var order []string
	for _, c := range candidates {
		got[c.Copy.ID] = c.Match
		if wants[c.Copy.ID].after != stampless {
			order = append(order, c.Copy.ID)
		}
		t.checkCandidate(c, wants)
	}
	for id, a := range wants {
		match, shown := got[id]
		switch {
		case !shown && a.want <= possible:
			t.Errorf("FindCopies missed the agent %q: %s", a.name, a.advice)
		case shown && match != agentcopy.MatchCertain && a.want == certain && t.named:
			t.Errorf("FindCopies says that the agent %q is possible, want certain: %s", a.name, a.advice)
		case shown && match == agentcopy.MatchCertain && (a.want == possible || a.want == doubtful):
			t.Errorf("FindCopies says that the agent %q is certain: %s", a.name, a.advice)
		}
	}
	byAge := slices.SortedFunc(slices.Values(order), func(a, b string) int { return cmp.Compare(wants[b].after, wants[a].after) })
	if !slices.Equal(order, byAge) {
		t.Errorf("FindCopies returned the agents %v, want the newest first: %v", order, byAge)
	}
}

func (t *copierTest) checkCandidate(c agentcopy.Candidate, wants map[string]found) {
	t.Helper()
	a, known := wants[c.Copy.ID]
	switch id := t.copier.Identify(request); {
	case !known:
		t.Errorf("FindCopies returned the agent %q %q, which is none of the newcomers", c.Copy.ID, c.Copy.Name)
	case c.Copy.Name != a.name:
		t.Errorf("FindCopies gives the agent %q the name %q", a.name, c.Copy.Name)
	case c.Copy.Provider != id.Provider:
		t.Errorf("the Provider of a candidate is %q, want that of Identify, %q", c.Copy.Provider, id.Provider)
	case c.Match == agentcopy.MatchPossible && c.Reason == "":
		t.Errorf("a candidate that is possible has no Reason: say why for the person who decides")
	}
}

// testLists tests lists that fail, and lists from a cache.
func testLists(t *testing.T, w Wire) {
	for name, answer := range map[string]fault{
		"500":             status(500, false, jsonText),
		"502 with a page": status(502, false, htmlPage),
		"401":             status(401, false, jsonText),
		"404":             status(404, false, jsonText),
		"200 with a page": status(200, false, htmlPage),
		"an empty body":   status(200, false, ""),
		"null":            status(200, false, "null"),
		"an error in 200": status(200, false, jsonText),
	} {
		inBubble(t, "a list that is "+name, w, func(t *copierTest) {
			t.vendor.add(Agent{Name: request.Name}, time.Now())
			t.vendor.read = func(w http.ResponseWriter, _ *http.Request, _ []Agent) { answer.write(w) }
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			candidates, err := t.copier.FindCopies(ctx, request, time.Now())
			if err == nil {
				t.Errorf("the list was %s, and FindCopies returned no error and %d candidates: a list that cannot be read is an error, or once takes it for an empty one and sends again", name, len(candidates))
			}
			if errors.Is(err, agentcopy.ErrNameTaken) || errors.Is(err, agentcopy.ErrAlreadyDone) {
				t.Errorf("the list was %s, and FindCopies returned %v", name, err)
			}
		})
	}
	for _, header := range [][2]string{{"Age", "7"}, {"X-Cache", "HIT"}} {
		inBubble(t, "a list with "+header[0], w, func(t *copierTest) {
			t.vendor.read = func(rw http.ResponseWriter, r *http.Request, agents []Agent) {
				rw.Header().Set(header[0], header[1])
				w.Read(rw, r, agents)
			}
			_, err := t.copier.FindCopies(t.Context(), request, time.Now())
			if err == nil {
				t.Errorf("a cache answered the list (%s: %s), and FindCopies returned no error: send Cache-Control: no-cache, and return agentcopy.ErrLookIncomplete where a cache answers anyway, or once takes what was there before the request for what is there now", header[0], header[1])
			}
		})
	}
}
