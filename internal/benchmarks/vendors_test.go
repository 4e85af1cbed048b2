package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// What every client sends.
const (
	key      = "benchmark-key-of-ordinary-length"
	sourceID = "550e8400-e29b-41d4-a716-446655440000"
	newName  = "Research, Berlin"
)

// call copies one agent and returns what the answer was decoded into.
type call func(ctx context.Context) (any, error)

// client is one way to make the call, on a server.
type client struct {
	name string
	dial func(origin string, c *http.Client) (call, error)
}

// vendor is a vendor and the clients that get its answer. The first of them is the
// call written by hand.
type vendor struct {
	name, origin string
	document     document
	refusal      string
	clients      []client
}

func vendors() []vendor {
	return []vendor{
		{
			"langsmith", "https://api.smith.langchain.com",
			document{"langsmith/testdata/create.json", nil, "subagents", `{"name": "reader", "description": "Reads", "model_id": "openai:gpt-5.4-mini", "instructions": %s}`, "instructions"},
			`{"type": "about:blank", "code": "agent_not_found", "detail": "Verify the agent ID: agent not found", "status": 404}`,
			append([]client{
				byHand("/v1/deepagents/agents/"+sourceID+"/clone", http.Header{"X-Api-Key": {key}}, langsmith.CloneAgentRequest{Name: newName},
					func(a *langsmith.Agent) (any, bool) { return a, a.ID != "" }),
				agentcopyOf(langsmith.New, "/v1/deepagents", func(ctx context.Context, c *langsmith.Client) (any, error) {
					return c.CloneAgent(ctx, sourceID, langsmith.CloneAgentRequest{Name: newName})
				}),
			}, peers...),
		},
		{
			"zudu", "https://api.zudu.ai",
			document{"zudu/testdata/full_first.json", []string{"data", "llm_config"}, "tools", `{"type": "webhook", "url": "https://hooks.example.com", "description": %s}`, "system_message"},
			`{"message": "Agent not found", "status": "error", "error": "Agent with ID 'agent_123' does not exist"}`,
			[]client{
				byHand("/api/agents/"+sourceID+"/duplicate", http.Header{"X-Api-Key": {key}, "X-Api-Secret": {key}}, zudu.DuplicateAgentRequest{AgentName: newName},
					func(a *zuduAnswer) (any, bool) { return &a.Data, a.Status != "error" && a.Data.AgentID != "" }),
				agentcopyOf(newZudu, "", func(ctx context.Context, c *zudu.Client) (any, error) {
					return c.DuplicateAgent(ctx, sourceID, zudu.DuplicateAgentRequest{AgentName: newName})
				}),
			},
		},
		{
			"cotool", "https://app.cotool.ai",
			document{"cotool/testdata/copy_sparse.json", []string{"agent"}, "skills", `{"skillId": "` + sourceID + `", "skill": {"name": "Lookup", "description": %s}}`, "systemPrompt"},
			`{"error": "Agent not found"}`,
			[]client{
				byHand("/api/agents/"+sourceID+"/copy", http.Header{"Authorization": {"Bearer " + key}}, nil,
					func(a *cotool.CopyAgentResponse) (any, bool) { return a, a.Agent.ID != "" }),
				agentcopyOf(cotool.New, "", func(ctx context.Context, c *cotool.Client) (any, error) { return c.CopyAgent(ctx, sourceID) }),
			},
		},
		{
			"kolena", "https://agents-api.kolena.com",
			document{"kolena/testdata/copy.json", nil, "prompts", `{"name": "Account", "created": "2025-01-01T00:00:00", "options": {"type": "string", "prompt": %s}}`, "objective"},
			`{"detail": "Agent 123 not found"}`,
			[]client{
				byHand("/api/v1/client/agents/123/copy", http.Header{"Authorization": {"Bearer " + key}}, kolena.CopyAgentRequest{Name: newName},
					func(a *kolena.Agent) (any, bool) { return a, a.ID != 0 }),
				agentcopyOf(newKolena, "", func(ctx context.Context, c *kolena.Client) (any, error) {
					return c.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: newName})
				}),
			},
		},
	}
}

// agentcopyOf is a client of this SDK, with the default settings but for the pace: the
// limiter is of the default's kind, and never holds a call back.
func agentcopyOf[C any](
	newClient func(key string, opts ...agentcopy.Option) (C, error), basePath string, send func(ctx context.Context, c C) (any, error),
) client {
	return client{"agentcopy", func(origin string, c *http.Client) (call, error) {
		wide := rate.NewLimiter(1e9, 1e6)
		made, err := newClient(key, agentcopy.WithLimiter(wide), agentcopy.WithBaseURL(origin+basePath), agentcopy.WithHTTPClient(c))
		return func(ctx context.Context) (any, error) { return send(ctx, made) }, err
	}}
}

func newZudu(key string, opts ...agentcopy.Option) (*zudu.Client, error) {
	return zudu.New(key, key, opts...)
}

func newKolena(key string, opts ...agentcopy.Option) (*kolena.Client, error) {
	return kolena.New(key, append(opts, agentcopy.WithLimiter(agentcopy.NewWindowLimiter(1e6, time.Millisecond)))...)
}

type zuduAnswer struct {
	Status string
	Data   zudu.Agent
}

// byHand makes the call as a careful program does with net/http: no retries, no
// limiter, no timeout, and nothing of the answer is kept but T. use returns what the
// caller gets, and whether the answer names the agent.
func byHand[T any](path string, header http.Header, in any, use func(*T) (any, bool)) client {
	return client{"by_hand", func(origin string, c *http.Client) (call, error) {
		return func(ctx context.Context) (any, error) {
			var body io.Reader
			if in != nil {
				data, err := json.Marshal(in)
				if err != nil {
					return nil, err
				}
				body = bytes.NewReader(data)
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+path, body)
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/json")
			for name := range header {
				req.Header.Set(name, header.Get(name))
			}
			resp, err := c.Do(req)
			if err != nil {
				return nil, err
			}
			out := new(T)
			if err := receive(resp, out); err != nil {
				return nil, err
			}
			agent, ok := use(out)
			if !ok {
				return nil, fmt.Errorf("the answer lacks the agent's ID: %+v", out)
			}
			return agent, nil
		}, nil
	}}
}

// receive reads an answer into out.
func receive(resp *http.Response, out any) error {
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("status %d: %s", resp.StatusCode, data)
	}
	return json.Unmarshal(data, out)
}

var sizes = []struct {
	name  string
	bytes int
}{{"2KB", 2 << 10}, {"20KB", 20 << 10}, {"10MB", 10 << 20}}

// document is an answer of a vendor's pages, which grows to any size: half of it by
// items of a list, and the rest by a text. Both are fields of the object at the path
// within.
type document struct {
	file             string
	within           []string
	list, item, text string
}

// prompt reads like what agents are told. JSON escapes its quotes and line breaks.
const prompt = `You answer questions about leases. Quote the clause you rely on, and its number, before you conclude.
- Ask for the document if "the lease" could be one of several.
`

func (d document) ofSize(tb testing.TB, size int) []byte {
	data, err := os.ReadFile("../../" + d.file)
	must(tb, err)
	var root map[string]any
	must(tb, json.Unmarshal(data, &root))
	dropNulls(root)
	grows := root
	for _, name := range d.within {
		if grows[name] == nil {
			grows[name] = map[string]any{}
		}
		grows = grows[name].(map[string]any)
	}
	var items []any
	for range size / 2048 {
		items = append(items, json.RawMessage(fmt.Sprintf(d.item, encode(tb, strings.Repeat(prompt, 5)))))
	}
	grows[d.list], grows[d.text] = items, ""
	grows[d.text] = strings.Repeat(prompt, (size-len(encode(tb, root)))/len(encode(tb, prompt)))
	return encode(tb, root)
}

// dropNulls leaves out what one client keeps as null and another as nothing.
func dropNulls(object map[string]any) {
	for key, value := range object {
		if value == nil {
			delete(object, key)
		} else if inner, ok := value.(map[string]any); ok {
			dropNulls(inner)
		}
	}
}

func encode(tb testing.TB, v any) []byte {
	data, err := json.Marshal(v)
	must(tb, err)
	return data
}

// must ends the test if there is an error.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// memory is an http.RoundTripper that gives one answer, and allocates what an answer
// cannot be without.
type memory struct {
	status  int
	header  http.Header
	body    []byte
	latency time.Duration
}

func inMemory(status int, body []byte, latency time.Duration) *http.Client {
	header := http.Header{
		"Content-Type":   {"application/json"},
		"Content-Length": {strconv.Itoa(len(body))},
		"Date":           {"Tue, 24 Nov 2026 12:00:00 GMT"},
		"X-Request-Id":   {"req-0123456789abcdef"},
	}
	return &http.Client{Transport: &memory{status, header, body, latency}}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	time.Sleep(m.latency)
	body := new(struct {
		bytes.Reader
		io.Closer
	})
	body.Reader.Reset(m.body)
	body.Closer = nothing{}
	return &http.Response{
		StatusCode: m.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header, ContentLength: int64(len(m.body)), Body: body, Request: req,
	}, nil
}

type nothing struct{}

func (nothing) Close() error { return nil }

// dial gets a client ready, and makes sure that it decodes the same agent as the call
// by hand: one that left fields out would have less to do.
func (v *vendor) dial(tb testing.TB, c client, origin string, http *http.Client) call {
	tb.Helper()
	dial := func(c client) (do call, agent string) {
		do, err := c.dial(origin, http)
		must(tb, err)
		decoded, err := do(context.Background())
		must(tb, err)
		return do, string(encode(tb, decoded))
	}
	_, want := dial(v.clients[0])
	do, agent := dial(c)
	if agent != want {
		tb.Fatalf("%s decodes\n%s\nand the call by hand\n%s", c.name, agent, want)
	}
	return do
}

// refused is the call for an agent that is not there. It succeeds if it is refused.
func (v *vendor) refused(tb testing.TB, c client) call {
	do, err := c.dial(v.origin, inMemory(http.StatusNotFound, []byte(v.refusal), 0))
	must(tb, err)
	return func(ctx context.Context) (any, error) {
		if _, err := do(ctx); err == nil {
			return nil, fmt.Errorf("the call of %s was not refused", c.name)
		}
		return nil, nil
	}
}
