package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
				return nil, errors.New("the answer lacks the agent's ID")
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
