//go:build peers

package main

import (
	"context"
	"net/http"

	"github.com/stripe/stripe-go/v85"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

// stripeClone and stripeAgent are params and resource as stripe-go's own are.
type stripeClone struct {
	stripe.Params `form:"*"`
	Name          *string `form:"name" json:"name,omitempty"`
}

type stripeAgent struct {
	stripe.APIResource
	langsmith.Agent
}

// stripePeer posts to a path of /v2, since stripe-go sends no JSON to others.
func stripePeer(s site) (call, error) {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		HTTPClient:    s.client,
		URL:           stripe.String(s.origin),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return func(ctx context.Context) (any, error) {
		params := &stripeClone{Name: stripe.String(cloneName)}
		params.Context = ctx
		agent := new(stripeAgent)
		if err := backend.Call(http.MethodPost, "/v2/deepagents/"+clonePath, apiKey, params, agent); err != nil {
			return nil, err
		}
		return &agent.Agent, nil
	}, nil
}
