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
		KeyVars: []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"}, URLVar: "ZUDU_BASE_URL", BaseURL: "https://api.zudu.ai",
		NewFake: func(opts ...agentcopytest.ServerOption) *Fake {
			fake := agentcopytest.NewZudu(opts...)
			return &Fake{
				Server: fake.Server,
				Add:    func(id, name string) string { return fake.AddAgent(zudu.Agent{AgentID: id, AgentName: name}).AgentID },
				Update: func(id, name string, created agentcopy.Time) {
					fake.UpdateAgent(id, func(a *zudu.Agent) { a.AgentName, a.CreatedAt = name, created })
				},
			}
		},
		Shape: Shape{
			List: "/api/agents", Get: "/api/agents/*/full",
			Page:    `{"status":"success","data":{"agents":[%],"pagination":{"has_next_page":~}}}`,
			Agent:   `{"agent_id":@,"agent_name":$,"created_at":"#","updated_at":"^",&}`,
			Config:  `"llm_config":{"system_message":"%"}`,
			Got:     `{"message":"Done","status":"success","error":null,"data":%}`,
			OddID:   `[2]`,
			Refusal: `{"message":"No","status":"error","error":"no such thing"}`,
			ID:      func(n int) string { return fmt.Sprintf(`"agent_%d"`, n) },
			More:    func(number, pages int) string { return fmt.Sprint(number+1 < pages) },
			PageOf:  func(r Request) int { return number(r.Query().Get("page")) },
			Agents:  []string{"data", "agents"}, Copied: []string{"data"},
			IDKey: "agent_id", NameKey: "agent_name", CreatedKey: "created_at", CopiedText: "webhook_url",
		},
		Header:   func(key string) http.Header { return http.Header{"X-Api-Key": {key}, "X-Api-Secret": {"secret"}} },
		CopyPath: "/api/agents/*/duplicate", CopyBody: `{"agent_name":"*"}`, Success: http.StatusOK,
	}
	newClient := func(key string, opts ...agentcopy.Option) (*zudu.Client, error) {
		return zudu.New(key, key+SecondSecret, opts...)
	}
	result := func(a *zudu.Agent) *Result { return &Result{a.AgentID, a, a.Response} }
	setClient(v, newClient, zudu.NewFromEnv, (*zudu.Client).Copier)
	v.setOperations("DuplicateAgent",
		on(result, func(ctx context.Context, c *zudu.Client) (*zudu.Agent, error) {
			return c.DuplicateAgent(ctx, v.SourceID, zudu.DuplicateAgentRequest{AgentName: "A copy"})
		}),
		on(result, func(ctx context.Context, c *zudu.Client) (*zudu.Agent, error) { return c.GetAgent(ctx, v.CopyID) }),
		onList(result, func(ctx context.Context, c *zudu.Client) iter.Seq2[*zudu.Agent, error] {
			return c.ListAgents(ctx, zudu.ListAgentsRequest{})
		}))
	byName := *v.Operation(Lists) // a read that is a POST with a body
	byName.Variant = " by name"
	byName.Do = onList(result, func(ctx context.Context, c *zudu.Client) iter.Seq2[*zudu.Agent, error] {
		return c.ListAgents(ctx, zudu.ListAgentsRequest{Name: "A copy"})
	})
	v.Operations = append(v.Operations, &byName)
	return v
}
