package agentcopytest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

type quirks = agentcopytest.Quirks

// quirky is a fake with quirks, and the hands of a test on it.
type quirky struct {
	*subject
	door
	t *testing.T
}

func newQuirky(t *testing.T, start starter, q quirks, opts ...agentcopytest.ServerOption) quirky {
	s := start(append(opts, agentcopytest.WithQuirks(q))...)
	return quirky{s, memory(s), t}
}

// list is the target of the list.
func (q quirky) list() string { return q.BasePath + q.Shape.List }

func (q quirky) read(target string, header ...string) reply {
	q.t.Helper()
	r := request{http.MethodGet, target, q.Header("any"), ""}
	if len(header) > 0 {
		r.header.Set(header[0], header[1])
	}
	return q.must(q.t, r)
}

// copied copies an agent and returns the answer's agent.
func (q quirky) copied(source, name string) map[string]any {
	q.t.Helper()
	out := q.must(q.t, q.copyOf(source, name))
	require.Less(q.t, out.StatusCode, 300, "the copy is refused: %s", out.body)
	return dig(q.t, out, q.Shape.Copied).(map[string]any)
}

// agent is what a GET shows of an agent, with its files.
func (q quirky) agent(id string) map[string]any {
	q.t.Helper()
	out := q.read(q.BasePath + strings.Replace(q.Shape.Get, "*", id, 1) + "?include_files=true")
	var path []string
	if q.Vendor.Name == "zudu" {
		path = []string{"data"}
	}
	return dig(q.t, out, path).(map[string]any)
}

// listed is what a list shows.
func (q quirky) listed(query string) []map[string]any {
	q.t.Helper()
	return q.agentsIn(q.read(q.list() + query))
}

func (q quirky) agentsIn(out reply) (agents []map[string]any) {
	q.t.Helper()
	require.Equal(q.t, 200, out.StatusCode, "the list is refused: %s", out.body)
	for _, item := range dig(q.t, out, q.Shape.Agents).([]any) {
		agents = append(agents, item.(map[string]any))
	}
	return agents
}

func (q quirky) names(query string) string {
	q.t.Helper()
	return q.namesIn(q.read(q.list() + query))
}

func (q quirky) namesIn(out reply) string {
	q.t.Helper()
	var names []string
	for _, a := range q.agentsIn(out) {
		names = append(names, a[q.Shape.NameKey].(string))
	}
	return strings.Join(names, ", ")
}

func dig(t *testing.T, out reply, path []string) (v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(out.body))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v))
	for _, key := range path {
		v = v.(map[string]any)[key]
	}
	return v
}

// each runs a test against every fake, with quirks, on a virtual clock.
func each(t *testing.T, q quirks, test func(q quirky), opts ...agentcopytest.ServerOption) {
	eachVendor(t, func(t *testing.T, start starter) {
		synctest.Test(t, func(t *testing.T) { test(newQuirky(t, start, q, opts...)) })
	})
}

func TestRename(t *testing.T) {
	each(t, quirks{Rename: func(name string) string { return strings.ToUpper(name) + "!" }}, func(q quirky) {
		source := q.add()
		want := "LEASES!"
		if q.Vendor.Name == "cotool" {
			want = strings.ToUpper("Agent "+source) + "!"
		}
		require.Equal(q.t, want, q.copied(source, "Leases")[q.Shape.NameKey], "the name in the answer")
		require.Equal(q.t, want, q.Copies()[0].Name, "the name in Copies")
		require.Contains(q.t, q.names(""), want)
	})
}

func TestRefuseName(t *testing.T) {
	long := func(name string) string {
		if len(name) > 60 {
			return "a name has no more than 60 bytes"
		}
		return ""
	}
	for _, start := range naming {
		q := newQuirky(t, start, quirks{RefuseName: long})
		q.copied(q.add(), strings.Repeat("a", 60))
		out := q.must(t, q.copyOf(q.add(), strings.Repeat("a", 61)))
		require.Contains(t, []int{400, 422}, out.StatusCode)
		require.Contains(t, out.body, "no more than 60 bytes")
	}
}

func TestNameTaken(t *testing.T) {
	for status, copies := range map[int]int{200: 2, 400: 1, 409: 1, 422: 1} {
		for _, start := range naming {
			q := newQuirky(t, start, quirks{NameTaken: status})
			source := q.add()
			q.copied(source, "Leases")
			want := status
			if status == 200 {
				want = q.Success
			}
			require.Equal(t, want, q.must(t, q.copyOf(source, "Leases")).StatusCode)
			require.Len(t, q.Copies(), copies, "with status %d", status)
		}
	}
}

func TestCopyStatus(t *testing.T) {
	for _, status := range []int{200, 201} {
		each(t, quirks{CopyStatus: status}, func(q quirky) {
			require.Equal(q.t, status, q.must(q.t, q.copyOf(q.add(), "Leases")).StatusCode)
		})
	}
}

func TestCopyFields(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		description := start().Shape.CopiedText
		q := newQuirky(t, start, quirks{CopyFields: map[string]any{description: "not the source's"}})
		require.Equal(t, "not the source's", q.copied(q.add(), "Leases")[description])
	})
	srv := agentcopytest.NewKolena(agentcopytest.WithQuirks(quirks{CopyFields: map[string]any{"prompts": nil, "workspace_id": 9}}))
	srv.AddAgent(kolena.Agent{Name: "Source", Objective: "Read leases", Prompts: []kolena.Prompt{{Name: "Account"}}})
	out := memory(srv).must(t, newKolena().copyOf("1", "Copy"))
	require.Contains(t, out.body, `"workspace_id":9`)
	require.Contains(t, out.body, `"objective":"Read leases"`, "the other fields are copied")
	require.Contains(t, out.body, `"prompts":[]`)
}

func TestAnswerLacks(t *testing.T) {
	each(t, quirks{AnswerLacks: []string{"agent_name", "name", "parkedAgentId"}}, func(q quirky) {
		out := q.must(q.t, q.copyOf(q.add(), "Leases"))
		require.NotContains(q.t, dig(q.t, out, q.Shape.Copied), q.Shape.NameKey)
		require.NotContains(q.t, out.body, "parkedAgentId")
		require.Contains(q.t, q.listed("")[0], q.Shape.NameKey, "the list shows the name")
	})
}

func TestIDs(t *testing.T) {
	for form, want := range map[agentcopytest.IDForm]string{"": `"id":2,`, agentcopytest.IDString: `"id":"2",`, agentcopytest.IDFloat: `"id":2.0,`} {
		q := newQuirky(t, newKolena, quirks{IDs: form})
		require.Contains(t, q.must(t, q.copyOf(q.add(), "Leases")).body, want)
		require.Contains(t, q.read(q.list()).body, want)
	}
}

func TestAgentCap(t *testing.T) {
	q := newQuirky(t, newLangSmith, quirks{AgentCap: 2})
	source := q.add()
	q.copied(source, "Leases")
	require.Equal(t, 409, q.must(t, q.copyOf(source, "More leases")).StatusCode)
	require.Len(t, q.Copies(), 1)
}

func TestDefaultName(t *testing.T) {
	q := newQuirky(t, newLangSmith, quirks{DefaultName: func(source string) string { return "Clone of " + source }})
	source := q.Add("", "")
	require.Equal(t, "Clone of Agent "+source, q.copied(source, "")["name"])
}

func TestShowAfter(t *testing.T) {
	each(t, quirks{ShowAfter: time.Minute}, func(q quirky) {
		id := q.copied(q.add(), "Leases")[q.Shape.IDKey]
		shows := func() bool {
			return slices.ContainsFunc(q.listed(""), func(a map[string]any) bool { return a[q.Shape.IDKey] == id })
		}
		require.False(q.t, shows(), "at once")
		time.Sleep(59 * time.Second)
		require.False(q.t, shows(), "just before")
		time.Sleep(time.Second)
		require.True(q.t, shows(), "after a minute")
	})
}

func TestStaleLists(t *testing.T) {
	for _, replica := range []bool{false, true} { // which does not show that it is behind
		each(t, quirks{StaleLists: time.Minute, StaleUnmarked: replica, StaleHeader: http.Header{"x-cache": {"HIT"}}}, func(q quirky) {
			source := q.add()
			first := q.read(q.list())
			require.Empty(q.t, first.Header.Get("Age"), "the first answer is the vendor's")
			q.copied(source, "Leases")
			for _, age := range []string{"20", "40"} {
				time.Sleep(20 * time.Second)
				again := q.read(q.list(), "Cache-Control", "no-cache")
				require.Equal(q.t, first.body, again.body, "the answer is the old one")
				require.Equal(q.t, replica, first.Header.Get("Date") != again.Header.Get("Date"), "with its old Date")
				require.Equal(q.t, map[bool]string{false: age}[replica], again.Header.Get("Age"))
				require.Equal(q.t, "HIT", again.Header.Get("X-Cache"))
			}
			time.Sleep(20 * time.Second)
			fresh := q.read(q.list())
			require.NotEqual(q.t, first.body, fresh.body, "after a minute, the cache asks the vendor")
			require.Empty(q.t, fresh.Header.Get("Age"))
		})
	}
}

func TestHonourNoCache(t *testing.T) {
	for _, header := range [][]string{{"Cache-Control", "no-cache"}, {"Cache-Control", "max-age=0"}, {"Pragma", "no-cache"}} {
		each(t, quirks{StaleLists: time.Minute, HonourNoCache: true}, func(q quirky) {
			source := q.add()
			first := q.read(q.list())
			q.copied(source, "Leases")
			require.Equal(q.t, first.body, q.read(q.list()).body)
			fresh := q.read(q.list(), header...)
			require.NotEqual(q.t, first.body, fresh.body)
			require.Equal(q.t, fresh.body, q.read(q.list()).body, "the fresh answer replaces the old one")
		})
	}
}

func TestStaleGets(t *testing.T) {
	for _, stale := range []bool{false, true} {
		q := newQuirky(t, newCotool, quirks{StaleLists: time.Minute, StaleGets: stale})
		source := q.add()
		before := q.read("/api/agents/" + source).body
		q.copied(source, "")
		require.Equal(t, stale, before == q.read("/api/agents/"+source).body, "StaleGets %v", stale)
	}
}

func TestFlapLists(t *testing.T) {
	for share, sees := range map[float64]func(n int) bool{
		0:   func(n int) bool { return n == 200 },
		0.5: func(n int) bool { return n > 60 && n < 140 },
		1:   func(n int) bool { return n == 0 },
	} {
		each(t, quirks{FlapLists: share}, func(q quirky) {
			before := len(q.listed(""))
			q.copied(q.add(), "Leases")
			shown := 0
			for range 200 {
				if q.Vendor.Name == "cotool" && q.names("") != "" || len(q.listed("")) > before+1 {
					shown++
				}
			}
			require.True(q.t, sees(shown), "with a share of %v, %d of 200 lists showed the copy", share, shown)
		})
	}
}

func TestListOrder(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		for order, want := range map[agentcopytest.ListOrder]string{
			agentcopytest.OrderOldest: "b, c, a", agentcopytest.OrderNewest: "a, c, b", agentcopytest.OrderName: "a, b, c",
		} {
			q := threeAgents(t, start, quirks{ListOrder: order})
			descending, ascending := "descending", "ascending"
			if q.Vendor.Name == "langsmith" {
				descending, ascending = "desc", "asc"
			}
			for _, query := range []string{"", "?sort_by=created_at&sort_order=" + ascending, "?sort_by=updated_at&sort_order=" + descending} {
				require.Equal(t, want, q.names(query), "the order %q, asked for %q", order, query)
			}
		}
		orders := map[string]bool{}
		q := threeAgents(t, start, quirks{ListOrder: agentcopytest.OrderShuffled})
		for range 50 {
			orders[q.names("")] = true
		}
		require.Greater(t, len(orders), 3, "shuffled lists come in many orders: %v", orders)
	})
}

// naming are the vendors that give a copy the name that was asked for.
var naming = []starter{newZudu, newLangSmith, newKolena}

// threeAgents is a fake with the agents b, c and a, made in this order.
func threeAgents(t *testing.T, start starter, with quirks) quirky {
	q := newQuirky(t, start, with)
	for _, name := range []string{"b", "c", "a"} {
		q.Add("", name)
	}
	return q
}

func TestNameFilter(t *testing.T) {
	for filter, want := range map[agentcopytest.NameFilter]string{
		"":                          "lease, Lease, Lease 2, My lease",
		agentcopytest.FilterCase:    "Lease, Lease 2",
		agentcopytest.FilterPrefix:  "Lease, Lease 2",
		agentcopytest.FilterExact:   "Lease",
		agentcopytest.FilterIgnored: "lease, Lease, Lease 2, My lease, other",
	} {
		for vendor, ask := range map[string]func(q quirky) reply{
			"langsmith": func(q quirky) reply { return q.read(q.list() + "?name=Lease") },
			"zudu": func(q quirky) reply {
				return q.must(t, request{http.MethodPost, q.list(), keys, `{"filter_criteria":{"agent_name":["Lease"]}}`})
			},
		} {
			q := newQuirky(t, starterNamed(vendor), quirks{NameFilter: filter, ListOrder: agentcopytest.OrderOldest})
			for _, name := range []string{"lease", "Lease", "Lease 2", "My lease", "other"} {
				q.Add("", name)
			}
			require.Equal(t, want, q.namesIn(ask(q)), "%s, filter %q", vendor, filter)
		}
	}
}

func TestAudiences(t *testing.T) {
	l := agentcopytest.NewLangSmith(agentcopytest.WithQuirks(quirks{Audiences: true}))
	l.AddAgent(langsmith.Agent{Name: "mine", Permissions: langsmith.Permissions{Visibility: langsmith.VisibilityUser}})
	l.AddAgent(langsmith.Agent{Name: "ours"})
	for query, want := range map[string]string{"": "mine", "?audience=user": "mine", "?audience=tenant": "ours"} {
		page := get[struct{ Items []langsmith.Agent }](t, l, "/agents"+query)
		require.Len(t, page.Items, 1)
		require.Equal(t, want, page.Items[0].Name, "asked for %q", query)
	}
}

func TestTotalsAndPageSizes(t *testing.T) {
	const secondOfZudu, secondOfKolena = "?page=1&limit=2", "?page_number=1&page_size=2"
	zero, absent := quirks{Totals: agentcopytest.TotalsZero}, quirks{Totals: agentcopytest.TotalsAbsent}
	for _, tc := range []struct {
		start       starter
		quirks      quirks
		query, want string
	}{
		{newZudu, quirks{}, "?limit=1&page=1", `"has_next_page":true,"has_previous_page":true,"limit":1,"page":1,"total_count":3,"total_pages":3}`},
		{newZudu, quirks{}, secondOfZudu, `"pagination":{"has_next_page":false,"has_previous_page":true,"limit":2,"page":1,"total_count":3,"total_pages":2}`},
		{newZudu, zero, secondOfZudu, `"has_next_page":false,"has_previous_page":true,"limit":2,"page":1,"total_count":0,"total_pages":0}`},
		{newZudu, absent, secondOfZudu, `"pagination":{}`},
		{newKolena, quirks{}, secondOfKolena, `"page_number":1,"page_size":1,"total_pages":2`},
		{newKolena, zero, secondOfKolena, `"page_number":1,"page_size":1,"total_pages":0`},
		{newKolena, absent, secondOfKolena, `"page_number":1,"page_size":1}`},
		{newKolena, quirks{EchoPageSize: true}, secondOfKolena, `"page_number":1,"page_size":2,"total_pages":2`},
		{newLangSmith, quirks{}, "?page_size=2", `"next_cursor":"YWZ0ZXIg`},
		{newLangSmith, quirks{}, "", `"next_cursor":null`},
		{newLangSmith, zero, "", `"next_cursor":""`},
		{newLangSmith, absent, "", "}]}\n"}, // nothing behind the items
	} {
		q := threeAgents(t, tc.start, tc.quirks)
		require.Contains(t, q.read(q.list()+tc.query).body, tc.want, "%s, %s", q.Vendor.Name, tc.quirks.Totals)
	}
}

func TestPageSize(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		q := threeAgents(t, start, quirks{PageSize: 2, ListOrder: agentcopytest.OrderOldest})
		want := "b, c"
		if q.Vendor.Name == "cotool" {
			want = "b, c, a" // it has no pages
		}
		require.Equal(t, want, q.names("?limit=100&page_size=100"))
	})
}

func TestRepeatLastPage(t *testing.T) {
	for _, start := range []starter{newZudu, newKolena} {
		q := threeAgents(t, start, quirks{RepeatLastPage: true, ListOrder: agentcopytest.OrderOldest})
		require.Equal(t, "a", q.names("?limit=2&page=9&page_size=2&page_number=9"))
	}
}

func TestNullLists(t *testing.T) {
	for null, want := range map[bool]string{false: "[]", true: "null"} {
		each(t, quirks{NullLists: null}, func(q quirky) {
			out := q.read(q.list())
			if len(q.Shape.Agents) == 0 {
				require.Equal(q.t, want+"\n", out.body)
				return
			}
			require.Contains(q.t, out.body, `"`+q.Shape.Agents[len(q.Shape.Agents)-1]+`":`+want)
		})
	}
}

func TestListLacks(t *testing.T) {
	each(t, quirks{ListLacks: []string{"created_at", "createdAt", "created"}}, func(q quirky) {
		id := q.add()
		require.NotContains(q.t, q.listed("")[0], q.Shape.CreatedKey)
		require.Contains(q.t, q.agent(id), q.Shape.CreatedKey, "the agent itself shows it")
	})
}

func TestStamps(t *testing.T) {
	made := time.Date(2025, 1, 15, 12, 45, 7, 123456789, time.UTC)
	east := time.FixedZone("", int((5*time.Hour + 30*time.Minute).Seconds()))
	cases := map[string]struct {
		stamps agentcopytest.Stamps
		want   any // json.Number for a number, absent for none
	}{
		"seconds":      {agentcopytest.Stamps{Form: agentcopytest.StampSeconds}, "2025-01-15T12:45:07Z"},
		"zoneless":     {agentcopytest.Stamps{Form: agentcopytest.StampZoneless}, "2025-01-15T12:45:07"},
		"local":        {agentcopytest.Stamps{Form: agentcopytest.StampZoneless, Zone: east}, "2025-01-15T18:15:07"},
		"offset":       {agentcopytest.Stamps{Form: agentcopytest.StampSeconds, Zone: east}, "2025-01-15T18:15:07+05:30"},
		"unix":         {agentcopytest.Stamps{Form: agentcopytest.StampUnix}, json.Number("1736945107")},
		"milliseconds": {agentcopytest.Stamps{Form: agentcopytest.StampUnixMilli}, json.Number("1736945107123")},
		"flag":         {agentcopytest.Stamps{Form: agentcopytest.StampTrue}, true},
		"null":         {agentcopytest.Stamps{Form: agentcopytest.StampNull}, nil},
		"absent":       {agentcopytest.Stamps{Form: agentcopytest.StampAbsent}, absent},
		"text":         {agentcopytest.Stamps{Form: "a while ago"}, "a while ago"},
		"a layout":     {agentcopytest.Stamps{Form: "Jan _2, 2006"}, "Jan 15, 2025"},
		"ahead":        {agentcopytest.Stamps{Form: agentcopytest.StampSeconds, ClockOffset: time.Minute}, "2025-01-15T12:46:07Z"},
		"behind":       {agentcopytest.Stamps{Form: agentcopytest.StampSeconds, ClockOffset: -time.Minute}, "2025-01-15T12:44:07Z"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			each(t, quirks{Stamps: tc.stamps}, func(q quirky) {
				time.Sleep(time.Until(made))
				agent := q.copied(q.add(), "Leases")
				inList := q.listed("")[0]
				for where, a := range map[string]map[string]any{"the answer": agent, "the list": inList} {
					if tc.want == absent {
						require.NotContains(q.t, a, q.Shape.CreatedKey, where)
						continue
					}
					require.Contains(q.t, a, q.Shape.CreatedKey, where)
					require.Equal(q.t, tc.want, a[q.Shape.CreatedKey], where)
				}
			})
		})
	}
}

const absent = "no such field"

func TestDateHeader(t *testing.T) {
	eachDoor(t, newZudu, func(t *testing.T, s *subject, d door) {
		require.NotContains(t, d.must(t, request{http.MethodGet, "/api/agents", keys, ""}).Header, "Date")
	}, agentcopytest.WithQuirks(quirks{NoDate: true}))
	eachDoor(t, newZudu, func(t *testing.T, s *subject, d door) {
		for _, target := range []string{"/api/agents", "/elsewhere"} {
			at, err := http.ParseTime(d.must(t, request{http.MethodGet, target, keys, ""}).Header.Get("Date"))
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(-time.Hour), at, time.Minute)
		}
	}, agentcopytest.WithQuirks(quirks{DateOffset: -time.Hour}))
}

func TestCredentialStatuses(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		q := newQuirky(t, start, quirks{MissingCredential: 400, WrongCredential: 404}, agentcopytest.WithCredential("good"))
		id := q.add()
		require.Equal(t, 400, q.must(t, request{http.MethodPost, q.path(id), nil, q.body("Leases")}).StatusCode)
		require.Equal(t, 404, q.must(t, q.copyOf(id, "Leases")).StatusCode)
		require.Empty(t, q.Copies())
	})
}

func TestErrorAnswer(t *testing.T) {
	html := func(status int, body string) (int, string) {
		return 418, "<html><body>" + fmt.Sprint(status) + "</body></html>"
	}
	each(t, quirks{ErrorAnswer: html}, func(q quirky) {
		for target, status := range map[string]string{"/elsewhere": "404", q.path(q.add()): "405"} {
			out := q.read(target)
			require.Equal(q.t, 418, out.StatusCode)
			require.Equal(q.t, "<html><body>"+status+"</body></html>", out.body)
			require.Equal(q.t, "text/html; charset=utf-8", out.Header.Get("Content-Type"))
		}
		require.Equal(q.t, 200, q.read(q.list()).StatusCode, "a successful answer stays as it is")
		q.Inject(agentcopytest.Fault{Status: 500, Body: "{}"})
		require.Equal(q.t, 500, q.must(q.t, q.copyOf(q.add(), "Leases")).StatusCode, "a fault stays as it is")
	})
}

func TestRetryAfter(t *testing.T) {
	at := func(t time.Time) string { return fmt.Sprint(t.Unix()) }
	for form, want := range map[agentcopytest.RetryAfter]func(over time.Time) (header, value string){
		"":                            func(time.Time) (string, string) { return "Retry-After", "30" },
		agentcopytest.RetryAfterNone:  func(time.Time) (string, string) { return "Retry-After", "" },
		agentcopytest.RetryAfterDate:  func(o time.Time) (string, string) { return "Retry-After", o.UTC().Format(http.TimeFormat) },
		agentcopytest.RetryAfterEpoch: func(o time.Time) (string, string) { return "Retry-After", at(o) },
		agentcopytest.RetryAfterReset: func(o time.Time) (string, string) { return "X-RateLimit-Reset", at(o) },
	} {
		each(t, quirks{RetryAfter: form}, func(q quirky) {
			q.copied(q.add(), "Leases")
			out := q.must(q.t, q.copyOf(q.add(), "More leases"))
			require.Equal(q.t, 429, out.StatusCode)
			header, value := want(time.Now().Add(30 * time.Second))
			require.Equal(q.t, value, out.Header.Get(header))
		}, agentcopytest.WithRateLimit(1, 30*time.Second))
	}
}

func TestCountRefused(t *testing.T) {
	for counted, want := range map[bool]int{false: 200, true: 429} {
		synctest.Test(t, func(t *testing.T) {
			q := newQuirky(t, newKolena, quirks{CountRefused: counted}, agentcopytest.WithRateLimit(1, time.Minute))
			source := q.add()
			q.copied(source, "Leases")
			time.Sleep(50 * time.Second)
			require.Equal(t, 429, q.must(t, q.copyOf(source, "Leases")).StatusCode)
			time.Sleep(10 * time.Second)
			require.Equal(t, want, q.must(t, q.copyOf(source, "Leases")).StatusCode, "CountRefused %v", counted)
		})
	}
}

// What colleagues do while a list is read moves it.
func TestBeforeRunsAheadOfTheVendor(t *testing.T) {
	var q quirky
	reads := 0
	q = threeAgents(t, newKolena, quirks{Before: func(agentcopytest.Request) {
		if reads++; reads == 2 {
			q.DeleteAgent("1")
			q.Add("", "a colleague's")
		}
	}})
	require.Equal(t, "b, c", q.names("?page_size=2"))
	require.Equal(t, "a colleague's", q.names("?page_size=2&page_number=1"), "a has moved to the first page")
}

func TestColleaguesUpdateAndDeleteAgents(t *testing.T) {
	long := strings.Repeat("ö", 80) + " \u0000"
	stamp := agentcopy.Time{Time: time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)}
	eachVendor(t, func(t *testing.T, start starter) {
		q := newQuirky(t, start, quirks{})
		id := q.add()
		q.listed("")
		q.Update(id, long, stamp)
		a := q.listed("")[0]
		require.Equal(t, long, a[q.Shape.NameKey], "an agent can have any name")
		require.Contains(t, a[q.Shape.CreatedKey], "1999-12-31T23:59:59", "and any stamp")
		q.Update(id, "b", agentcopy.Time{})
		require.Nil(t, q.listed("")[0][q.Shape.CreatedKey], "or none")
		q.DeleteAgent(id)
		require.Empty(t, q.listed(""))
		requirePanic(t, func() { q.DeleteAgent(id) }, "DeleteAgent: there is no agent "+id)
		requirePanic(t, func() { q.Update(id, "c", stamp) }, "UpdateAgent: there is no agent "+id)
	})
}

type second = agentcopytest.SecondCopy

func TestSecondCopy(t *testing.T) {
	cases := map[string]struct {
		second second
		status int // of the second copy
		copies int
	}{
		"by default":   {second{}, 409, 1},
		"not found":    {second{Status: 404}, 404, 1},
		"broken":       {second{Status: 500}, 500, 1},
		"another copy": {second{Status: 200}, 200, 2},
		"of a managed": {second{Status: 201, KeepsSync: true}, 201, 2},
		"the same":     {second{Status: 200, Same: true}, 200, 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			q := newQuirky(t, newCotool, quirks{SecondCopy: tc.second})
			source := q.add()
			first := q.copied(source, "")
			require.Equal(t, tc.second.KeepsSync, first["syncKey"] != nil, "KeepsSync")
			out := q.must(t, q.copyOf(source, ""))
			require.Equal(t, tc.status, out.StatusCode)
			require.Len(t, q.Copies(), tc.copies)
			if tc.status < 300 {
				again := dig(t, out, []string{"agent", "id"})
				require.Equal(t, tc.second.Same, again == first["id"], "Same")
				require.Nil(t, dig(t, out, []string{"agent", "deletedAt"}), "a copy of a parked agent is not parked")
			}
		})
	}
}

func TestParkedAgents(t *testing.T) {
	parked := func(second second) (agent map[string]any, status int, listed string) {
		q := newQuirky(t, newCotool, quirks{SecondCopy: second})
		source := q.add()
		q.names("") // the list as it was
		out := q.must(t, q.copyOf(strings.ToUpper(source), ""))
		require.Equal(t, source, dig(t, out, []string{"parkedAgentId"}), "the ID in its usual spelling")
		got := q.read("/api/agents/" + source)
		return dig(t, got, nil).(map[string]any), got.StatusCode, q.names("")
	}
	agent, _, listed := parked(second{})
	require.Regexp(t, `^\d{4}-\d\d-\d\dT`, agent["deletedAt"])
	require.Equal(t, agent["name"], listed, "the list shows only the copy")
	for form, want := range map[agentcopytest.StampForm]string{
		agentcopytest.StampUnixMilli: `^\d{13}$`, agentcopytest.StampTrue: "^true$", "yesterday": "^yesterday$", agentcopytest.StampAbsent: "^<nil>$",
	} {
		agent, _, _ := parked(second{DeletedAt: form})
		require.Regexp(t, want, fmt.Sprint(agent["deletedAt"]), "the form %q", form)
		require.NotEqual(t, agent["deletedAt"], agent["createdAt"], "other stamps keep their form")
	}
	_, _, listed = parked(second{ParkedListed: true})
	require.Equal(t, 1, strings.Count(listed, ", "), "the list shows both: %s", listed)
	_, status, _ := parked(second{ParkedHidden: true})
	require.Equal(t, 404, status)
	agent, _, listed = parked(second{ParkedListed: true, ParkedName: func(name string) string { return name + " (parked)" }})
	require.Regexp(t, ` \(parked\)$`, agent["name"])
	require.Contains(t, listed, "(parked)")

	for _, none := range []any{"", false, "0001-01-01T00:00:00Z"} {
		q := newQuirky(t, newCotool, quirks{SecondCopy: second{NotDeleted: none}})
		require.Equal(t, none, q.copied(q.add(), "")["deletedAt"])
	}
}

func TestWithQuirksPanicsOnNonsense(t *testing.T) {
	for says, q := range map[string]quirks{
		"ShowAfter is negative":                    {ShowAfter: -1},
		"StaleLists is negative":                   {StaleLists: -1},
		"PageSize is negative":                     {PageSize: -1},
		"AgentCap is negative":                     {AgentCap: -1},
		"FlapLists 1.5 is not a share":             {FlapLists: 1.5},
		"FlapLists NaN is not a share":             {FlapLists: math.NaN()},
		"NameTaken 99 is not the status":           {NameTaken: 99},
		"SecondCopy.Status 600 is not":             {SecondCopy: second{Status: 600}},
		"CopyStatus 204 is not the status":         {CopyStatus: 204},
		"CopyStatus 400 is not the status":         {CopyStatus: 400},
		"MissingCredential 200 is not":             {MissingCredential: 200},
		"WrongCredential 302 is not":               {WrongCredential: 302},
		`ListOrder "random" is unknown`:            {ListOrder: "random"},
		`NameFilter "fuzzy" is unknown`:            {NameFilter: "fuzzy"},
		`Totals "wrong" is unknown`:                {Totals: "wrong"},
		`IDs "hex" is unknown`:                     {IDs: "hex"},
		`RetryAfter "soon" is unknown`:             {RetryAfter: "soon"},
		"Header X-Cache holds a control character": {StaleHeader: http.Header{"X-Cache": {"a\nb"}}},
	} {
		requirePanic(t, func() { agentcopytest.WithQuirks(q) }, "WithQuirks: ", says)
	}
}
