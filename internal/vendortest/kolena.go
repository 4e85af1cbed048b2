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
		KeyVars: []string{"KOLENA_API_KEY"}, URLVar: "KOLENA_API_URL", BaseURL: "https://agents-api.kolena.com",
		NewFake: func(opts ...agentcopytest.ServerOption) *Fake {
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
		},
		Shape: Shape{
			List: "/api/v1/client/agents", Get: "/api/v1/client/agents/*",
			Page:   `{"agents":[%],"total_pages":~}`,
			Agent:  `{"id":@,"name":$,"created":"#","updated":"^",&}`,
			Config: `"objective":"%"`,
			Got:    `%`,
			OddID:  `"` + copyUUID + `"`,
			ID:     strconv.Itoa,
			More:   func(_, pages int) string { return fmt.Sprint(pages) },
			PageOf: func(r Request) int { return number(r.Query().Get("page_number")) },
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
	setClient(v, kolena.New, kolena.NewFromEnv, func(c *kolena.Client) agentcopy.Copier {
		return c.Copier(kolena.CopyAgentRequest{})
	})
	v.setOperations("CopyAgent",
		on(result, func(ctx context.Context, c *kolena.Client) (*kolena.Agent, error) {
			return c.CopyAgent(ctx, 1, kolena.CopyAgentRequest{Name: "A copy"})
		}),
		on(result, func(ctx context.Context, c *kolena.Client) (*kolena.Agent, error) { return c.GetAgent(ctx, 2) }),
		onList(result, func(ctx context.Context, c *kolena.Client) iter.Seq2[*kolena.Agent, error] {
			return c.ListAgents(ctx, kolena.ListAgentsRequest{})
		}))
	return v
}

// number is the integer that text begins with, 0 if there is none.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
