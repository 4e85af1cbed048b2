package conformance

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// TestClientsThatNewDidNotMake: every method of a nil or zero Client returns an
// error that says so.
func TestClientsThatNewDidNotMake(t *testing.T) {
	for _, zero := range []bool{false, true} {
		var (
			z *zudu.Client
			c *cotool.Client
			l *langsmith.Client
			k *kolena.Client
		)
		if zero {
			z, c, l, k = new(zudu.Client), new(cotool.Client), new(langsmith.Client), new(kolena.Client)
		}
		ctx := t.Context()
		requireNotMade(t, "zudu",
			func() error { _, err := z.GetAgent(ctx, "agent_1"); return err },
			func() error {
				_, err := z.DuplicateAgent(ctx, "agent_1", zudu.DuplicateAgentRequest{AgentName: "A copy"})
				return err
			},
			func() error { _, err := first(z.ListAgents(ctx, zudu.ListAgentsRequest{})); return err },
			func() error { _, err := z.With(); return err },
			copies(ctx, z.Copier(), "agent_1"), finds(ctx, z.Copier(), "agent_1"))
		requireNotMade(t, "cotool",
			func() error { _, err := c.GetAgent(ctx, sourceUUID); return err },
			func() error { _, err := c.CopyAgent(ctx, sourceUUID); return err },
			func() error { _, err := first(c.ListAgents(ctx, cotool.ListAgentsRequest{})); return err },
			func() error { _, err := c.With(); return err },
			copies(ctx, c.Copier(), sourceUUID), finds(ctx, c.Copier(), sourceUUID))
		requireNotMade(t, "langsmith",
			func() error { _, err := l.GetAgent(ctx, sourceUUID, langsmith.GetAgentRequest{}); return err },
			func() error {
				_, err := l.CloneAgent(ctx, sourceUUID, langsmith.CloneAgentRequest{Name: "A copy"})
				return err
			},
			func() error { _, err := first(l.ListAgents(ctx, langsmith.ListAgentsRequest{})); return err },
			func() error { _, err := l.With(); return err },
			copies(ctx, l.Copier(langsmith.CloneAgentRequest{}), sourceUUID), finds(ctx, l.Copier(langsmith.CloneAgentRequest{}), sourceUUID))
		requireNotMade(t, "kolena",
			func() error { _, err := k.GetAgent(ctx, 1); return err },
			func() error { _, err := k.CopyAgent(ctx, 1, kolena.CopyAgentRequest{Name: "A copy"}); return err },
			func() error { _, err := firstNumbered(k.ListAgents(ctx, kolena.ListAgentsRequest{})); return err },
			func() error { _, err := k.With(); return err },
			copies(ctx, k.Copier(kolena.CopyAgentRequest{}), "1"), finds(ctx, k.Copier(kolena.CopyAgentRequest{}), "1"))
	}
}

func copies(ctx context.Context, c agentcopy.Copier, source string) func() error {
	return func() error {
		_ = c.Identify(agentcopy.CopyRequest{SourceID: source, Name: "A copy"})
		_, err := c.Copy(ctx, agentcopy.CopyRequest{SourceID: source, Name: "A copy"})
		return err
	}
}

func finds(ctx context.Context, c agentcopy.Copier, source string) func() error {
	return func() error {
		_, err := c.FindCopies(ctx, agentcopy.CopyRequest{SourceID: source, Name: "A copy"}, time.Now())
		return err
	}
}

func requireNotMade(t *testing.T, provider string, calls ...func() error) {
	t.Helper()
	for i, call := range calls {
		err := call()
		e, ok := errors.AsType[*agentcopy.Error](err)
		if !ok || e.Provider != provider || e.Outcome != agentcopy.OutcomeNotCopied || !errors.Is(err, agentcopy.ErrInvalid) || !strings.Contains(e.Error(), "was not made by New") {
			t.Errorf("%s, call %d: got %v, want an *agentcopy.Error that says that New did not make the client", provider, i, err)
		}
	}
}
