package vendortest

import (
	"context"
	"iter"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

func newCotool() *Vendor {
	v := &Vendor{
		Name: "cotool", SourceID: sourceUUID, CopyID: copyUUID,
		KeyVars: []string{"COTOOL_API_KEY"}, URLVar: "COTOOL_BASE_URL", BaseURL: "https://app.cotool.ai",
		NewFake: func(opts ...agentcopytest.ServerOption) *Fake {
			fake := agentcopytest.NewCotool(opts...)
			return &Fake{
				Server: fake.Server,
				Add: func(id, name string) string {
					return fake.AddAgent(cotool.Agent{ID: id, Name: name}).ID
				},
				Update: func(id, name string, created agentcopy.Time) {
					fake.UpdateAgent(id, func(a *cotool.Agent) { a.Name, a.CreatedAt = name, created })
				},
			}
		},
		Shape: Shape{
			List: "/api/agents", Get: "/api/agents/*",
			Page:   `[%]`,
			Agent:  `{"id":@,"name":$,"createdAt":"#","updatedAt":"^",&}`,
			Config: `"systemPrompt":"%"`,
			Got:    `%`,
			Made:   `{"agent":%,"parkedAgentId":"` + sourceUUID + `","parkedAgentName":"A","transferredTriggerNames":["daily"]}`,
			OddID:  `[2]`,
			ID:     uuid,
			More:   func(int, int) string { return "" }, // it has no pages
			PageOf: func(Request) int { return 0 },
			Copied: []string{"agent"},
			IDKey:  "id", NameKey: "name", CreatedKey: "createdAt", CopiedText: "description",
		},
		Header:   Bearer,
		CopyPath: "/api/agents/*/copy", Success: http.StatusOK,
	}
	copied := func(a *cotool.CopyAgentResponse) *Result { return &Result{a.Agent.ID, a, a.Response} }
	result := func(a *cotool.Agent) *Result { return &Result{a.ID, a, a.Response} }
	setClient(v, cotool.New, cotool.NewFromEnv, (*cotool.Client).Copier)
	v.setOperations("CopyAgent",
		on(copied, func(ctx context.Context, c *cotool.Client) (*cotool.CopyAgentResponse, error) {
			return c.CopyAgent(ctx, v.SourceID)
		}),
		on(result, func(ctx context.Context, c *cotool.Client) (*cotool.Agent, error) { return c.GetAgent(ctx, v.CopyID) }),
		onList(result, func(ctx context.Context, c *cotool.Client) iter.Seq2[*cotool.Agent, error] {
			return c.ListAgents(ctx, cotool.ListAgentsRequest{})
		}))
	return v
}

// Bearer is the header of the vendors that take a bearer token.
func Bearer(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }
