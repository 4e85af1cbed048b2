package vendortest

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

func newCotool() *Vendor {
	v := &Vendor{
		Name: "cotool", SourceID: sourceUUID, CopyID: copyUUID,
		New:     func(key string, opts ...agentcopy.Option) (any, error) { return cotool.New(key, opts...) },
		Copier:  func(c any) agentcopy.Copier { return c.(*cotool.Client).Copier() },
		With:    func(c any, opts ...agentcopy.Option) (any, error) { return c.(*cotool.Client).With(opts...) },
		FromEnv: func(opts ...agentcopy.Option) (any, error) { return cotool.NewFromEnv(opts...) },
		KeyVars: []string{"COTOOL_API_KEY"}, URLVar: "COTOOL_BASE_URL", BaseURL: "https://app.cotool.ai",
		NotMade: []any{(*cotool.Client)(nil), new(cotool.Client)},
		NewFake: newCotoolFake,
		Shape: Shape{
			List: "/api/agents", Get: "/api/agents/*",
			Page:   `[%]`,
			Agent:  `{"id":@,"name":$,"createdAt":"#","updatedAt":"^",&}`,
			Config: `"systemPrompt":"%"`,
			Got:    `%`,
			ID:     uuid,
			More:   func(number, pages int) string { return fmt.Sprint(number+1 < pages) },
			PageOf: func(Request) int { return 0 },
			ByName: func(r Request) bool { return r.Query().Has("name") },
			Copied: []string{"agent"},
			IDKey:  "id", NameKey: "name", CreatedKey: "createdAt", CopiedText: "description",
		},
		Header:   Bearer,
		CopyPath: "/api/agents/*/copy", Success: http.StatusOK,
	}
	result := func(a *cotool.Agent) *Result { return &Result{a.ID, a, a.Response} }
	return v.of(
		&Operation{
			Name: "CopyAgent", Copies: true, NoBody: true,
			Do: on(func(answer *cotool.CopyAgentResponse) *Result {
				return &Result{answer.Agent.ID, answer, answer.Response}
			}, func(ctx context.Context, c *cotool.Client) (*cotool.CopyAgentResponse, error) {
				return c.CopyAgent(ctx, v.SourceID)
			}),
			Answers: Answers{
				Good:     `{"agent":{"id":"` + copyUUID + `","name":"A copy","createdAt":"2025-06-17T12:34:56.789Z"},"parkedAgentId":"` + sourceUUID + `","parkedAgentName":"A","transferredTriggerNames":["daily"]}`,
				Mistyped: `{"agent":{"id":"` + copyUUID + `","name":7},"parkedAgentId":"` + sourceUUID + `"}`,
				NoID:     `{"agent":{"name":"A copy"}}`,
				OtherID:  `{"agent":{"id":[2]}}`,
			},
		},
		&Operation{
			Name:    "GetAgent",
			Do:      on(result, func(ctx context.Context, c *cotool.Client) (*cotool.Agent, error) { return c.GetAgent(ctx, v.CopyID) }),
			Answers: agentAnswers,
		},
		&Operation{
			Name: "ListAgents",
			Do: onList(result, func(ctx context.Context, c *cotool.Client) iter.Seq2[*cotool.Agent, error] {
				return c.ListAgents(ctx, cotool.ListAgentsRequest{})
			}),
			Answers: Answers{
				Good:     `[{"id":"` + copyUUID + `","name":"A copy"}]`,
				Mistyped: `[{"id":"` + copyUUID + `","name":7}]`,
				NoID:     `{}`,
			},
		},
	)
}

// agentAnswers are those of the vendors that answer with an agent and no more.
var agentAnswers = Answers{
	Good:     `{"id":"` + copyUUID + `","name":"A copy"}`,
	Mistyped: `{"id":"` + copyUUID + `","name":7}`,
	NoID:     `{"name":"A copy"}`,
	OtherID:  `{"id":[2]}`,
}

// Bearer is the header of the vendors that take a bearer token.
func Bearer(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }

func newCotoolFake(opts ...agentcopytest.ServerOption) *Fake {
	fake := agentcopytest.NewCotool(opts...)
	return &Fake{
		Server: fake.Server,
		Add: func(id, name string) string {
			return fake.AddAgent(cotool.Agent{ID: id, Name: name, SyncKey: "agents/source.yaml"}).ID
		},
		Update: func(id, name string, created agentcopy.Time) {
			fake.UpdateAgent(id, func(a *cotool.Agent) { a.Name, a.CreatedAt = name, created })
		},
	}
}
