package agentcopytest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// subject is one of the four fakes, and what a test must know to copy an agent
// in it by hand or through the SDK.
type subject struct {
	*agentcopytest.Server
	vendor  string
	add     func() (id string) // an agent that can be copied
	path    func(id string) string
	body    func(name string) string
	header  func(key string) http.Header
	success int
	copy    func(ctx context.Context, id, name string, opts ...agentcopy.Option) (newID string, err error)
}

var subjects = map[string]func(opts ...agentcopytest.ServerOption) *subject{
	"zudu": newZudu, "cotool": newCotool, "langsmith": newLangSmith, "kolena": newKolena,
}

// eachVendor runs a test against every fake.
func eachVendor(t *testing.T, test func(t *testing.T, start func(opts ...agentcopytest.ServerOption) *subject)) {
	for name, start := range subjects {
		t.Run(name, func(t *testing.T) { test(t, start) })
	}
}

func newZudu(opts ...agentcopytest.ServerOption) *subject {
	srv := agentcopytest.NewZudu(opts...)
	var added atomic.Int64
	return &subject{
		Server: srv.Server, vendor: "zudu", success: 200,
		add: func() string {
			return srv.AddAgent(zudu.Agent{AgentName: "Source " + strconv.FormatInt(added.Add(1), 10)}).AgentID
		},
		path:   func(id string) string { return "/api/agents/" + id + "/duplicate" },
		body:   func(name string) string { return `{"agent_name":"` + name + `"}` },
		header: func(key string) http.Header { return http.Header{"X-Api-Key": {key}, "X-Api-Secret": {"secret"}} },
		copy: func(ctx context.Context, id, name string, opts ...agentcopy.Option) (string, error) {
			c, err := zudu.New(newKey(), "secret", opts...)
			if err != nil {
				return "", err
			}
			a, err := c.DuplicateAgent(ctx, id, zudu.DuplicateAgentRequest{AgentName: name})
			if err != nil {
				return "", err
			}
			return a.AgentID, nil
		},
	}
}

func newCotool(opts ...agentcopytest.ServerOption) *subject {
	srv := agentcopytest.NewCotool(opts...)
	return &subject{
		Server: srv.Server, vendor: "cotool", success: 200,
		add:    func() string { return srv.AddAgent(cotool.Agent{SyncKey: "agents/source.yaml"}).ID },
		path:   func(id string) string { return "/api/agents/" + id + "/copy" },
		body:   func(string) string { return "" },
		header: bearer,
		copy: func(ctx context.Context, id, _ string, opts ...agentcopy.Option) (string, error) {
			c, err := cotool.New(newKey(), opts...)
			if err != nil {
				return "", err
			}
			resp, err := c.CopyAgent(ctx, id)
			if err != nil {
				return "", err
			}
			return resp.Agent.ID, nil
		},
	}
}

func newLangSmith(opts ...agentcopytest.ServerOption) *subject {
	srv := agentcopytest.NewLangSmith(opts...)
	return &subject{
		Server: srv.Server, vendor: "langsmith", success: 201,
		add:    func() string { return srv.AddAgent(langsmith.Agent{}).ID },
		path:   func(id string) string { return "/v1/deepagents/agents/" + id + "/clone" },
		body:   func(name string) string { return `{"name":"` + name + `"}` },
		header: func(key string) http.Header { return http.Header{"X-Api-Key": {key}} },
		copy: func(ctx context.Context, id, name string, opts ...agentcopy.Option) (string, error) {
			c, err := langsmith.New(newKey(), opts...)
			if err != nil {
				return "", err
			}
			a, err := c.CloneAgent(ctx, id, langsmith.CloneAgentRequest{Name: name})
			if err != nil {
				return "", err
			}
			return a.ID, nil
		},
	}
}

func newKolena(opts ...agentcopytest.ServerOption) *subject {
	srv := agentcopytest.NewKolena(opts...)
	return &subject{
		Server: srv.Server, vendor: "kolena", success: 200,
		add:    func() string { return strconv.FormatInt(srv.AddAgent(kolena.Agent{Name: "Source"}).ID, 10) },
		path:   func(id string) string { return "/api/v1/client/agents/" + id + "/copy" },
		body:   func(name string) string { return `{"name":"` + name + `"}` },
		header: bearer,
		copy: func(ctx context.Context, id, name string, opts ...agentcopy.Option) (string, error) {
			c, err := kolena.New(newKey(), opts...)
			if err != nil {
				return "", err
			}
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				return "", err
			}
			a, err := c.CopyAgent(ctx, n, kolena.CopyAgentRequest{Name: name})
			if err != nil {
				return "", err
			}
			return strconv.FormatInt(a.ID, 10), nil
		},
	}
}

func bearer(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }

// keys gives each client a credential of its own: limits are shared by all
// clients with the same one at the same URL, and ports are used again.
var keys atomic.Int64

func newKey() string { return "test-key-" + strconv.FormatInt(keys.Add(1), 10) }

// door is a way into a server.
type door struct {
	client *http.Client
	base   string
}

// eachDoor runs a test through the memory and over a socket, with a new server
// for each.
func eachDoor(t *testing.T, start func(opts ...agentcopytest.ServerOption) *subject, test func(t *testing.T, s *subject, d door)) {
	t.Run("memory", func(t *testing.T) {
		s := start()
		t.Cleanup(s.Close)
		test(t, s, door{s.Client(), "https://api.example"})
	})
	t.Run("socket", func(t *testing.T) {
		s := start()
		t.Cleanup(s.Close)
		test(t, s, door{socketClient(t), s.URL()})
	})
}

// socketClient is a client with connections of its own.
func socketClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// memory is the door that needs no socket.
func memory(s *agentcopytest.Server) door { return door{s.Client(), "https://api.example"} }

// request is one that a test makes by hand.
type request struct {
	method, target string
	header         http.Header
	body           string
}

// copyOf is the request that copies the agent id.
func (s *subject) copyOf(id, name string) request {
	return request{http.MethodPost, s.path(id), s.header("any"), s.body(name)}
}

// reply is an answer that has been read as a whole.
type reply struct {
	*http.Response
	body string
}

// send makes a request; err is why there is no answer, or why it breaks off.
func (d door) send(ctx context.Context, r request) (reply, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, d.base+r.target, body)
	if err != nil {
		return reply{}, err
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := d.client.Do(req)
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

// decoded is the body of an answer.
func decoded[T any](t testing.TB, r reply) (v T) {
	t.Helper()
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(r.body), &v), "in %s", r.body)
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

// filled is a T none of whose fields is at its zero value, so that a test sees
// which of them a copy loses.
func filled[T any]() T {
	var v T
	fillValue(reflect.ValueOf(&v).Elem())
	return v
}

func fillValue(v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[agentcopy.Time]():
		v.Set(reflect.ValueOf(agentcopy.Time{Time: time.Date(2025, 1, 15, 12, 45, 7, 123456789, time.FixedZone("", 3600))}))
		return
	case reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"free":["form",1]}`))
		return
	case reflect.TypeFor[*agentcopy.Response]():
		return // no part of the vendor's document
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillValue(key)
		fillValue(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		panic("fillValue does not know " + v.Type().String())
	}
}

// requireSame requires that two agents are the same document, whatever the
// zones of their times.
func requireSame(t testing.TB, want, got any) {
	t.Helper()
	require.Equal(t, utc(t, want), utc(t, got))
}

func utc(t testing.TB, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	var doc any
	require.NoError(t, json.Unmarshal(data, &doc))
	return inUTC(doc)
}

func inUTC(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = inUTC(v[key])
		}
	case []any:
		for i := range v {
			v[i] = inUTC(v[i])
		}
	case string:
		var at agentcopy.Time
		if quoted, err := json.Marshal(v); err == nil && at.UnmarshalJSON(quoted) == nil && !at.Time.IsZero() {
			return at.UTC().Format(time.RFC3339Nano) // with a zone or without
		}
	}
	return v
}

// requireNoGoroutines requires that f leaves none behind.
func requireNoGoroutines(t *testing.T, f func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	f()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("more goroutines than before:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// syntaxError returns how this version of Go words what is wrong with a document.
func syntaxError(document string) string { return json.Unmarshal([]byte(document), new(any)).Error() }
