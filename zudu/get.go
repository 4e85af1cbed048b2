package zudu

import (
	"context"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

// GetAgent returns the agent agentID with all of its configuration.
//
// An agentID that is empty, ".", or ".." is [agentcopy.ErrInvalid], and nothing is
// sent. An agent that does not exist in the organization of the credentials is
// [agentcopy.ErrNotFound].
//
// Zudu: GET /api/agents/{agentId}/full,
// https://docs.zudu.ai/api-reference/agents/get-full
func (c *Client) GetAgent(ctx context.Context, agentID string) (*Agent, error) {
	if err := transport.CheckID(vendor, vendorkit.GetAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	return c.agent(ctx, transport.Request{Op: vendorkit.GetAgent, Path: agentsPath, ID: agentID, Action: "/full"})
}

// agent sends a request that an agent answers.
func (c *Client) agent(ctx context.Context, req transport.Request) (*Agent, error) {
	answer, err := vendorkit.Do(ctx, c.made(), req, verifyAgent, func(e *envelope[Agent], r *agentcopy.Response) { e.Data.received(r) })
	if err != nil {
		return nil, err
	}
	return &answer.Data, nil
}

// envelope is what every answer of Zudu is wrapped in.
type envelope[T any] struct {
	Status string `json:"status"`
	Data   T      `json:"data"`
}

// failed reports whether the answer says itself that the call failed, whatever
// its status.
func (e *envelope[T]) failed() bool { return strings.EqualFold(e.Status, "error") }

func verifyAgent(answer *envelope[Agent]) error {
	if answer.failed() {
		return transport.ErrRefused
	}
	return agents.Verify(&answer.Data)
}
