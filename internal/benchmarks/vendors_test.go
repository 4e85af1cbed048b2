package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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
			document{"langsmith/testdata/create.json", "subagents", `{"name": "reader", "description": "Reads", "model_id": "openai:gpt-5.4-mini", "instructions": %s}`, "instructions"},
			`{"type": "about:blank", "code": "agent_not_found", "detail": "Verify the agent ID: agent not found", "status": 404}`,
			append([]client{
				{"by_hand", byHand("/v1/deepagents/agents/"+sourceID+"/clone", http.Header{"X-Api-Key": {key}}, langsmith.CloneAgentRequest{Name: newName},
					func(a *langsmith.Agent) (any, bool) { return a, a.ID != "" })},
				{"agentcopy", func(origin string, c *http.Client) (call, error) {
					client, err := langsmith.New(key, options(origin+"/v1/deepagents", c, wideBucket())...)
					return func(ctx context.Context) (any, error) {
						return client.CloneAgent(ctx, sourceID, langsmith.CloneAgentRequest{Name: newName})
					}, err
				}},
			}, peers...),
		},
		{
			"zudu", "https://api.zudu.ai",
			document{"zudu/testdata/full_first.json", "data.llm_config.tools", `{"type": "webhook", "url": "https://hooks.example.com", "description": %s}`, "data.llm_config.system_message"},
			`{"message": "Agent not found", "status": "error", "error": "Agent with ID 'agent_123' does not exist"}`,
			[]client{
				{"by_hand", byHand("/api/agents/"+sourceID+"/duplicate", http.Header{"X-Api-Key": {key}, "X-Api-Secret": {key}}, zudu.DuplicateAgentRequest{AgentName: newName},
					func(a *zuduAnswer) (any, bool) { return &a.Data, a.Status != "error" && a.Data.AgentID != "" })},
				{"agentcopy", func(origin string, c *http.Client) (call, error) {
					client, err := zudu.New(key, key, options(origin, c, wideBucket())...)
					return func(ctx context.Context) (any, error) {
						return client.DuplicateAgent(ctx, sourceID, zudu.DuplicateAgentRequest{AgentName: newName})
					}, err
				}},
			},
		},
		{
			"cotool", "https://app.cotool.ai",
			document{"cotool/testdata/copy_sparse.json", "agent.skills", `{"skillId": "` + sourceID + `", "skill": {"name": "Lookup", "description": %s}}`, "agent.systemPrompt"},
			`{"error": "Agent not found"}`,
			[]client{
				{"by_hand", byHand("/api/agents/"+sourceID+"/copy", http.Header{"Authorization": {"Bearer " + key}}, nil,
					func(a *cotool.CopyAgentResponse) (any, bool) { return a, a.Agent.ID != "" })},
				{"agentcopy", func(origin string, c *http.Client) (call, error) {
					client, err := cotool.New(key, options(origin, c, wideBucket())...)
					return func(ctx context.Context) (any, error) { return client.CopyAgent(ctx, sourceID) }, err
				}},
			},
		},
		{
			"kolena", "https://agents-api.kolena.com",
			document{"kolena/testdata/copy.json", "prompts", `{"name": "Account", "created": "2025-01-01T00:00:00", "options": {"type": "string", "prompt": %s}}`, "objective"},
			`{"detail": "Agent 123 not found"}`,
			[]client{
				{"by_hand", byHand("/api/v1/client/agents/123/copy", http.Header{"Authorization": {"Bearer " + key}}, kolena.CopyAgentRequest{Name: newName},
					func(a *kolena.Agent) (any, bool) { return a, a.ID != 0 })},
				{"agentcopy", func(origin string, c *http.Client) (call, error) {
					client, err := kolena.New(key, options(origin, c, agentcopy.NewWindowLimiter(1e6, time.Millisecond))...)
					return func(ctx context.Context) (any, error) {
						return client.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: newName})
					}, err
				}},
			},
		},
	}
}

// options are the default settings but for the pace: the limiter is of the default's
// kind, and never holds a call back.
func options(origin string, c *http.Client, l agentcopy.Limiter) []agentcopy.Option {
	return []agentcopy.Option{agentcopy.WithBaseURL(origin), agentcopy.WithHTTPClient(c), agentcopy.WithLimiter(l)}
}

func wideBucket() agentcopy.Limiter { return rate.NewLimiter(1e9, 1e6) }

type zuduAnswer struct {
	Status string
	Data   zudu.Agent
}

// byHand makes the call as a careful program does with net/http: no retries, no
// limiter, no timeout, and nothing of the answer is kept but T. use returns what the
// caller gets, and whether the answer names the agent.
func byHand[T any](path string, header http.Header, in any, use func(*T) (any, bool)) func(string, *http.Client) (call, error) {
	return func(origin string, c *http.Client) (call, error) {
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
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			if resp.StatusCode < 200 || resp.StatusCode > 299 {
				return nil, fmt.Errorf("status %d: %s", resp.StatusCode, data)
			}
			out := new(T)
			if err := json.Unmarshal(data, out); err != nil {
				return nil, err
			}
			agent, ok := use(out)
			if !ok {
				return nil, fmt.Errorf("the answer lacks the agent's ID: %s", strings.TrimSpace(string(data)))
			}
			return agent, nil
		}, nil
	}
}
