package vendortest

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func newLangSmith() *Vendor {
	v := &Vendor{
		Name: "langsmith", BasePath: "/v1/deepagents", SourceID: sourceUUID, CopyID: copyUUID,
		KeyVars: []string{"LANGSMITH_API_KEY"}, URLVar: "LANGSMITH_ENDPOINT", BaseURL: "https://api.smith.langchain.com",
		NewFake: func(opts ...agentcopytest.ServerOption) *Fake {
			fake := agentcopytest.NewLangSmith(opts...)
			return &Fake{
				Server: fake.Server,
				Add:    func(id, name string) string { return fake.AddAgent(langsmith.Agent{ID: id, Name: name}).ID },
				Update: func(id, name string, created agentcopy.Time) {
					fake.UpdateAgent(id, func(a *langsmith.Agent) { a.Name, a.CreatedAt = name, created })
				},
			}
		},
		Shape: Shape{
			List: "/agents", Get: "/agents/*",
			Page:   `{"items":[%],"next_cursor":~}`,
			Agent:  `{"id":@,"name":$,"created_at":"#","updated_at":"^",&}`,
			Config: `"system_prompt":"%"`,
			Got:    `%`,
			OddID:  `[2]`,
			ID:     uuid,
			More: func(number, pages int) string {
				if number+1 < pages {
					return fmt.Sprintf(`"cursor %d"`, number+1)
				}
				return "null"
			},
			PageOf: func(r Request) int { return number(strings.TrimPrefix(r.Query().Get("cursor"), "cursor ")) },
			Agents: []string{"items"},
			IDKey:  "id", NameKey: "name", CreatedKey: "created_at", CopiedText: "description",
		},
		Header:   func(key string) http.Header { return http.Header{"X-Api-Key": {key}} },
		CopyPath: "/agents/*/clone", CopyBody: `{"name":"*"}`, Success: http.StatusCreated,
	}
	result := func(a *langsmith.Agent) *Result { return &Result{a.ID, a, a.Response} }
	setClient(v, langsmith.New, langsmith.NewFromEnv, func(c *langsmith.Client) agentcopy.Copier {
		return c.Copier(langsmith.CloneAgentRequest{})
	})
	v.setOperations("CloneAgent",
		on(result, func(ctx context.Context, c *langsmith.Client) (*langsmith.Agent, error) {
			return c.CloneAgent(ctx, v.SourceID, langsmith.CloneAgentRequest{Name: "A copy"})
		}),
		on(result, func(ctx context.Context, c *langsmith.Client) (*langsmith.Agent, error) {
			return c.GetAgent(ctx, v.CopyID, langsmith.GetAgentRequest{})
		}),
		onList(result, func(ctx context.Context, c *langsmith.Client) iter.Seq2[*langsmith.Agent, error] {
			return c.ListAgents(ctx, langsmith.ListAgentsRequest{})
		}))
	return v
}
