package vendortest

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func newKolena() *Vendor {
	v := &Vendor{
		Name: "kolena", SourceID: "1", CopyID: "2",
		New:     func(key string, opts ...agentcopy.Option) (any, error) { return kolena.New(key, opts...) },
		Copier:  func(c any) agentcopy.Copier { return c.(*kolena.Client).Copier(kolena.CopyAgentRequest{}) },
		With:    func(c any, opts ...agentcopy.Option) (any, error) { return c.(*kolena.Client).With(opts...) },
		FromEnv: func(opts ...agentcopy.Option) (any, error) { return kolena.NewFromEnv(opts...) },
		KeyVars: []string{"KOLENA_API_KEY"}, URLVar: "KOLENA_API_URL", BaseURL: "https://agents-api.kolena.com",
		NotMade: []any{(*kolena.Client)(nil), new(kolena.Client)},
		NewFake: newKolenaFake,
		Shape: Shape{
			List: "/api/v1/client/agents", Get: "/api/v1/client/agents/*",
			Page:   `{"agents":[%],"total_pages":~}`,
			Agent:  `{"id":@,"name":$,"created":"#","updated":"^",&}`,
			Config: `"objective":"%"`,
			Got:    `%`,
			ID:     strconv.Itoa,
			More:   func(_, pages int) string { return fmt.Sprint(pages) },
			PageOf: func(r Request) int { return number(r.Query().Get("page_number")) },
			ByName: func(r Request) bool { return r.Query().Has("name") },
			Agents: []string{"agents"},
			IDKey:  "id", NameKey: "name", CreatedKey: "created", CopiedText: "objective",
		},
		Header:   Bearer,
		CopyPath: "/api/v1/client/agents/*/copy", CopyBody: `{"name":"*"}`, Success: http.StatusOK,
	}
	result := func(a *kolena.Agent) *Result {
		if a.ID <= 0 { // which no agent of Kolena's has
			return &Result{"", a, a.Response}
		}
		return &Result{strconv.FormatInt(a.ID, 10), a, a.Response}
	}
	return v.of(
		&Operation{
			Name: "CopyAgent", Copies: true,
			Do: on(result, func(ctx context.Context, c *kolena.Client) (*kolena.Agent, error) {
				return c.CopyAgent(ctx, 1, kolena.CopyAgentRequest{Name: "A copy"})
			}),
			Answers: Answers{
				Good:     `{"id":2,"workspace_id":1,"name":"A copy","objective":"","created":"2025-10-08T20:14:29.472247+00:00","updated":"2025-01-01T00:00:00","created_by":"user@example.com","n_runs":0,"prompts":[]}`,
				Mistyped: `{"id":2,"name":7}`,
				NoID:     `{"name":"A copy"}`,
				OtherID:  `{"id":"` + copyUUID + `"}`,
			},
		},
		&Operation{
			Name: "GetAgent",
			Do:   on(result, func(ctx context.Context, c *kolena.Client) (*kolena.Agent, error) { return c.GetAgent(ctx, 2) }),
			Answers: Answers{
				Good:     `{"id":2,"name":"A copy"}`,
				Mistyped: `{"id":2,"name":7}`,
				NoID:     `{"name":"A copy"}`,
				OtherID:  `{"id":"` + copyUUID + `"}`,
			},
		},
		&Operation{
			Name: "ListAgents",
			Do: onList(result, func(ctx context.Context, c *kolena.Client) iter.Seq2[*kolena.Agent, error] {
				return c.ListAgents(ctx, kolena.ListAgentsRequest{})
			}),
			Answers: Answers{
				Good:     `{"agents":[{"id":2,"name":"A copy"}],"total_pages":1,"page_number":0,"page_size":1}`,
				Mistyped: `{"agents":[{"id":2,"name":7}],"total_pages":1,"page_number":0,"page_size":1}`,
				NoID:     `{"total_pages":1}`,
			},
		},
	)
}

// number is the integer that text begins with, 0 if there is none.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func newKolenaFake(opts ...agentcopytest.ServerOption) *Fake {
	fake := agentcopytest.NewKolena(opts...)
	return &Fake{
		Server: fake.Server,
		Add: func(id, name string) string {
			return strconv.FormatInt(fake.AddAgent(kolena.Agent{ID: int64(number(id)), Name: name}).ID, 10)
		},
		Update: func(id, name string, created agentcopy.Time) {
			fake.UpdateAgent(int64(number(id)), func(a *kolena.Agent) { a.Name, a.Created = name, created })
		},
	}
}
