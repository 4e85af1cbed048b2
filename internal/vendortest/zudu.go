package vendortest

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func newZudu() *Vendor {
	v := &Vendor{
		Name: "zudu", SourceID: "agent_1", CopyID: "agent_2",
		New: func(key string, opts ...agentcopy.Option) (any, error) {
			return zudu.New(key, key+SecondSecret, opts...)
		},
		Copier:  func(c any) agentcopy.Copier { return c.(*zudu.Client).Copier() },
		With:    func(c any, opts ...agentcopy.Option) (any, error) { return c.(*zudu.Client).With(opts...) },
		FromEnv: func(opts ...agentcopy.Option) (any, error) { return zudu.NewFromEnv(opts...) },
		KeyVars: []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"}, URLVar: "ZUDU_BASE_URL", BaseURL: "https://api.zudu.ai",
		NotMade: []any{(*zudu.Client)(nil), new(zudu.Client)},
		NewFake: newZuduFake,
		Shape: Shape{
			List: "/api/agents", Get: "/api/agents/*/full",
			Page:   `{"status":"success","data":{"agents":[%],"pagination":{"has_next_page":~}}}`,
			Agent:  `{"agent_id":@,"agent_name":$,"created_at":"#","updated_at":"^",&}`,
			Config: `"llm_config":{"system_message":"%"}`,
			Got:    `{"status":"success","data":%}`,
			ID:     func(n int) string { return fmt.Sprintf(`"agent_%d"`, n) },
			More:   func(number, pages int) string { return fmt.Sprint(number+1 < pages) },
			PageOf: func(r Request) int { return number(r.Query().Get("page")) },
			ByName: func(r Request) bool { return r.Method == http.MethodPost },
			Agents: []string{"data", "agents"}, Copied: []string{"data"},
			IDKey: "agent_id", NameKey: "agent_name", CreatedKey: "created_at", CopiedText: "webhook_url",
		},
		Header:   func(key string) http.Header { return http.Header{"X-Api-Key": {key}, "X-Api-Secret": {"secret"}} },
		CopyPath: "/api/agents/*/duplicate", CopyBody: `{"agent_name":"*"}`, Success: http.StatusOK,
	}
	result := func(a *zudu.Agent) *Result { return &Result{a.AgentID, a, a.Response} }
	return v.of(
		&Operation{
			Name: "DuplicateAgent", Copies: true,
			Do: on(result, func(ctx context.Context, c *zudu.Client) (*zudu.Agent, error) {
				return c.DuplicateAgent(ctx, v.SourceID, zudu.DuplicateAgentRequest{AgentName: "A copy"})
			}),
			Answers: Answers{
				Good:     `{"message":"Agent duplicated successfully","status":"success","error":null,"data":{"agent_id":"agent_2","agent_name":"A copy","organization_id":"org_1","created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00"}}`,
				Mistyped: `{"status":"success","data":{"agent_id":"agent_2","agent_name":["A copy"]}}`,
				NoID:     `{"status":"success","data":{"agent_name":"A copy"}}`,
				OtherID:  `{"status":"success","data":{"agent_id":[2]}}`,
				Refusal:  `{"message":"Validation error","status":"error","error":"Agent name is taken"}`,
			},
		},
		&Operation{
			Name: "GetAgent",
			Do: on(result, func(ctx context.Context, c *zudu.Client) (*zudu.Agent, error) {
				return c.GetAgent(ctx, v.CopyID)
			}),
			Answers: Answers{
				Good:     `{"message":"Full agent data retrieved successfully","status":"success","error":null,"data":{"agent_id":"agent_2","agent_name":"A copy","language":"en"}}`,
				Mistyped: `{"status":"success","data":{"agent_id":"agent_2","agent_name":7}}`,
				NoID:     `{"status":"success","data":{}}`,
				OtherID:  `{"status":"success","data":{"agent_id":[2]}}`,
				Refusal:  `{"message":"Agent not found","status":"error","error":"no such agent"}`,
			},
		},
		&Operation{
			Name: "ListAgents",
			Do: onList(result, func(ctx context.Context, c *zudu.Client) iter.Seq2[*zudu.Agent, error] {
				return c.ListAgents(ctx, zudu.ListAgentsRequest{})
			}),
			Answers: Answers{
				Good:     `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy"}],"pagination":{"has_next_page":false}}}`,
				Mistyped: `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":7}],"pagination":{"has_next_page":false}}}`,
				NoID:     `{"status":"success","data":{}}`,
				Refusal:  `{"message":"No","status":"error","error":"no such organization"}`,
			},
		},
		&Operation{
			Name: "ListAgents", Variant: " by name", // a read that is a POST with a body
			Do: onList(result, func(ctx context.Context, c *zudu.Client) iter.Seq2[*zudu.Agent, error] {
				return c.ListAgents(ctx, zudu.ListAgentsRequest{Name: "A copy"})
			}),
			Answers: Answers{
				Good:     `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy"}],"pagination":{}}}`,
				Mistyped: `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy","language":7}],"pagination":{}}}`,
				NoID:     `{"status":"success","data":{}}`,
				Refusal:  `{"message":"No","status":"error","error":"no such organization"}`,
			},
		},
	)
}

func newZuduFake(opts ...agentcopytest.ServerOption) *Fake {
	fake := agentcopytest.NewZudu(opts...)
	return &Fake{
		Server: fake.Server,
		Add:    func(id, name string) string { return fake.AddAgent(zudu.Agent{AgentID: id, AgentName: name}).AgentID },
		Update: func(id, name string, created agentcopy.Time) {
			fake.UpdateAgent(id, func(a *zudu.Agent) { a.AgentName, a.CreatedAt = name, created })
		},
	}
}
