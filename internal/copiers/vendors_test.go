package copiers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
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
