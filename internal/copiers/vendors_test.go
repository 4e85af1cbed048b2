package copiers_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/wiretest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

const asked = "A copy" // the name of every copy of these tests

// vendor is what the tests have to know of one.
type vendor struct {
	name   string
	open   func(opts ...agentcopy.Option) (agentcopy.Copier, error)
	page   string // % stands for the agents, ~ for whether more follow
	agent  string // @ for its ID, $ for its name, # for when it was made, ^ for its last edit, & for its configuration
	config string // % stands for one that a copy has of its source
	bad    string // an ID of another type than documented
	get    string // % stands for an agent
}

var vendors = []vendor{
	{
		name: "zudu",
		open: func(opts ...agentcopy.Option) (agentcopy.Copier, error) {
			client, err := zudu.New(wiretest.Key(), "not-a-real-secret", opts...)
			return client.Copier(), err
		},
		page:   `{"status":"success","data":{"agents":[%],"pagination":{"has_next_page":~}}}`,
		agent:  `{"agent_id":@,"agent_name":$,"created_at":"#","updated_at":"^",&}`,
		config: `"llm_config":{"system_message":"%"}`,
		bad:    `{}`,
		get:    `{"status":"success","data":%}`,
	},
	{
		name: "cotool",
		open: func(opts ...agentcopy.Option) (agentcopy.Copier, error) {
			client, err := cotool.New(wiretest.Key(), opts...)
			return client.Copier(), err
		},
		page:   `[%]`,
		agent:  `{"id":@,"name":$,"createdAt":"#","updatedAt":"^",&}`,
		config: `"systemPrompt":"%"`,
		bad:    `{}`,
		get:    `%`,
	},
	{
		name: "langsmith",
		open: func(opts ...agentcopy.Option) (agentcopy.Copier, error) {
			client, err := langsmith.New(wiretest.Key(), opts...)
			return client.Copier(langsmith.CloneAgentRequest{}), err
		},
		page:   `{"items":[%],"next_cursor":~}`,
		agent:  `{"id":@,"name":$,"created_at":"#","updated_at":"^",&}`,
		config: `"system_prompt":"%"`,
		bad:    `{}`,
		get:    `%`,
	},
	{
		name: "kolena",
		open: func(opts ...agentcopy.Option) (agentcopy.Copier, error) {
			client, err := kolena.New(wiretest.Key(), opts...)
			return client.Copier(kolena.CopyAgentRequest{}), err
		},
		page:   `{"agents":[%],"total_pages":~}`,
		agent:  `{"id":@,"name":$,"created":"#","updated":"^",&}`,
		config: `"objective":"%"`,
		bad:    `{}`,
		get:    `%`,
	},
}

func forEach(t *testing.T, test func(t *testing.T, v vendor)) {
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) { test(t, v) })
	}
}

// id is the n-th ID of a vendor, as its documents have it. The first is the source's.
func (v vendor) id(n int) string {
	switch v.name {
	case "zudu":
		return fmt.Sprintf(`"agent_%d"`, n)
	case "kolena":
		return fmt.Sprint(n)
	}
	return fmt.Sprintf(`"3c90c3cc-0d44-4b50-8888-%012d"`, n)
}

func (v vendor) request() agentcopy.CopyRequest {
	return agentcopy.CopyRequest{SourceID: strings.Trim(v.id(1), `"`), Name: asked}
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
		"&", strings.Replace(v.config, "%", a.config, 1)).Replace(v.agent)
}

// listOf is the page with the given number, from 0, of a list of that many.
func (v vendor) listOf(number, pages int, agents ...string) string {
	more := fmt.Sprint(number+1 < pages)
	switch {
	case v.name == "kolena":
		more = fmt.Sprint(pages)
	case v.name == "langsmith" && number+1 < pages:
		more = fmt.Sprintf(`"cursor %d"`, number+1)
	case v.name == "langsmith":
		more = "null"
	}
	return strings.NewReplacer("%", strings.Join(agents, ","), "~", more).Replace(v.page)
}

// pageOf is which page of the list a request asks for, from 0.
func (v vendor) pageOf(r wiretest.Request) (number int) {
	switch v.name {
	case "zudu":
		_, _ = fmt.Sscan(r.Query().Get("page"), &number)
	case "kolena":
		_, _ = fmt.Sscan(r.Query().Get("page_number"), &number)
	case "langsmith":
		_, _ = fmt.Sscanf(r.Query().Get("cursor"), "cursor %d", &number)
	}
	return number
}

// filters reports whether a request asks for a list by name.
func (v vendor) filters(r wiretest.Request) bool {
	return r.Method == http.MethodPost && v.name == "zudu" || r.Query().Has("name")
}

// server answers with a list, and with the agents of it by their IDs.
type server struct {
	v      vendor
	pages  func(reading int) [][]shown // of the list, the first time it is read and so on
	byID   map[string]shown            // more than the list shows
	named  []shown                     // what the vendor's filter by name finds
	header func(r wiretest.Request) http.Header

	wire     *wiretest.Wire
	readings int
	gets     int
	filtered int
}

func newServer(v vendor, source shown, agents ...shown) *server {
	s := &server{v: v, byID: map[string]shown{}}
	s.pages = func(int) [][]shown { return [][]shown{append(agents, source)} }
	s.byID[source.id] = source
	s.wire = wiretest.New(func(_ int, r wiretest.Request) (int, string) {
		if v.filters(r) {
			s.filtered++
			return http.StatusOK, v.listOf(0, 1, s.documents(s.named)...)
		}
		if path := strings.TrimSuffix(r.Path(), "/full"); !strings.HasSuffix(path, "/agents") {
			s.gets++
			return s.agent(path)
		}
		number := v.pageOf(r)
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
		if s.v.name == "cotool" && id == s.v.id(1) {
			document = strings.Replace(document, "{", `{"deletedAt":true,`, 1)
		}
		return http.StatusOK, strings.Replace(s.v.get, "%", document, 1)
	}
	return http.StatusNotFound, `{}`
}

// copier is a Copier that sends to s.
func (s *server) copier(t *testing.T, opts ...agentcopy.Option) agentcopy.Copier {
	t.Helper()
	headers := agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil && s.header != nil {
				for name, values := range s.header(wiretest.Request{Method: req.Method, Target: req.URL.Path}) {
					resp.Header[name] = values
				}
			}
			return resp, err
		})
	})
	copier, err := s.v.open(append([]agentcopy.Option{
		agentcopy.WithHTTPClient(s.wire.Client()), agentcopy.WithLimiter(agentcopy.Unlimited), headers,
	}, opts...)...)
	require.NoError(t, err)
	return copier
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// found are the candidates as "ID match", in order, the ID by its last digit.
func found(candidates []agentcopy.Candidate) string {
	var all []string
	for _, c := range candidates {
		id := strings.Replace(c.Copy.ID[len(c.Copy.ID)-1:], ")", "?", 1) // "(an agent without an ID)"
		all = append(all, id+" "+c.Match.String())
	}
	return strings.Join(all, ", ")
}

func errorIs(err, target error) bool { return errors.Is(err, target) }
