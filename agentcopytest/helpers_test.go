package agentcopytest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// subject is one of the four fakes, and what a test must know to copy an agent
// in it by hand or through the SDK.
type subject struct {
	*vendortest.Vendor
	*vendortest.Fake
	added *atomic.Int64
}

// keys are credentials for every vendor, as the tests send them by hand.
var keys = http.Header{"Authorization": {"Bearer k"}, "X-Api-Key": {"k"}, "X-Api-Secret": {"s"}}

type starter func(opts ...agentcopytest.ServerOption) *subject

// eachVendor runs a test against every fake.
func eachVendor(t *testing.T, test func(t *testing.T, start starter)) {
	vendortest.ForEach(t, func(t *testing.T, v *vendortest.Vendor) { test(t, starterOf(v)) })
}

func starterOf(v *vendortest.Vendor) starter {
	return func(opts ...agentcopytest.ServerOption) *subject {
		return &subject{v, v.NewFake(opts...), new(atomic.Int64)}
	}
}

func starterNamed(name string) starter { return starterOf(vendortest.Named(name)) }

var (
	newZudu      = starterNamed("zudu")
	newCotool    = starterNamed("cotool")
	newLangSmith = starterNamed("langsmith")
	newKolena    = starterNamed("kolena")
)

// add adds an agent that can be copied. Cotool's fake names it.
func (s *subject) add() (id string) {
	name := ""
	if s.Vendor.Name != "cotool" {
		name = fmt.Sprint("Source ", s.added.Add(1))
	}
	return s.Add("", name)
}

// path is the target of the request that copies the agent id.
func (s *subject) path(id string) string {
	return s.BasePath + strings.Replace(s.CopyPath, "*", id, 1)
}

func (s *subject) body(name string) string { return strings.Replace(s.CopyBody, "*", name, 1) }

// copy copies an agent through the SDK.
func (s *subject) copy(ctx context.Context, id, name string, opts ...agentcopy.Option) (newID string, err error) {
	copier, err := s.NewCopier(opts...)
	if err != nil {
		return "", err
	}
	made, err := copier.Copy(ctx, agentcopy.CopyRequest{SourceID: id, Name: name})
	return made.ID, err
}

// sdk is a client of type C, a *zudu.Client for example, of a fake. It sets itself no
// limit.
func sdk[C any](t testing.TB, srv server, opts ...agentcopy.Option) C {
	t.Helper()
	return vendortest.NewClient[C](t, srv.Client().Transport, append(opts, agentcopy.WithLimiter(agentcopy.Unlimited))...)
}

// door is a way into a server.
type door struct {
	client *http.Client
	base   string
}

// eachDoor runs a test through the memory and over a socket, with a new server
// for each.
func eachDoor(t *testing.T, start starter, test func(t *testing.T, s *subject, d door), opts ...agentcopytest.ServerOption) {
	for _, way := range []string{"memory", "socket"} {
		t.Run(way, func(t *testing.T) {
			s := start(opts...)
			t.Cleanup(s.Close)
			d := memory(s)
			if way == "socket" {
				d = door{socketClient(t), s.URL()}
			}
			test(t, s, d)
		})
	}
}

// socketClient is a client with connections of its own.
func socketClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// memory is the door that needs no socket.
func memory(s server) door { return door{s.Client(), "https://api.example"} }

type server interface{ Client() *http.Client }

// request is one that a test makes by hand.
type request struct {
	method, target string
	header         http.Header
	body           string
}

// copyOf is the request that copies the agent id.
func (s *subject) copyOf(id, name string) request {
	return request{http.MethodPost, s.path(id), s.Header("any"), s.body(name)}
}

// reply is an answer that has been read as a whole.
type reply struct {
	*http.Response
	body string
}

// build is r as it is sent; a body that is not nil takes the place of its own.
func (d door) build(ctx context.Context, r request, body io.Reader) *http.Request {
	if body == nil {
		body = strings.NewReader(r.body)
	}
	req := must(http.NewRequestWithContext(ctx, r.method, d.base+r.target, body))
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, r.header)
	return req
}

// send makes a request; err is why there is no answer, or why it breaks off.
func (d door) send(ctx context.Context, r request) (reply, error) {
	resp, err := d.client.Do(d.build(ctx, r, nil))
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{resp, string(data)}, err
}

// must makes a request that is answered.
func (d door) must(t testing.TB, r request) reply {
	t.Helper()
	out, err := d.send(t.Context(), r)
	require.NoError(t, err)
	return out
}

// get is what a fake answers to a GET with good credentials.
func get[T any](t testing.TB, srv server, target string) (v T) {
	t.Helper()
	out := memory(srv).must(t, request{http.MethodGet, target, keys, ""})
	require.Equal(t, 200, out.StatusCode, out.body)
	require.Equal(t, "application/json", out.Header.Get("Content-Type"))
	vendortest.Decode(t, out.body, &v)
	return v
}

// requirePanic requires that f panics with a text that holds all of parts.
func requirePanic(t testing.TB, f func(), parts ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		text, ok := recover().(string)
		require.True(t, ok, "no panic with a text")
		require.True(t, strings.HasPrefix(text, "agentcopytest: "), "%q does not say where it comes from", text)
		for _, part := range parts {
			require.Contains(t, text, part)
		}
	}()
	f()
}

// documented is what the vendor's documents show: together, every field.
func documented[T any](t testing.TB, names ...string) (v T) {
	t.Helper()
	for _, name := range names {
		vendortest.Decode(t, vendortest.Document(t, "../../"+name), &v)
	}
	vendortest.RequireFilled(t, v)
	return v
}

// must is the value of a call that does not fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// syntaxError returns how this version of Go words what is wrong with a document.
func syntaxError(document string) string { return json.Unmarshal([]byte(document), new(any)).Error() }
