//go:build peers

package main

import (
	"context"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func anthropicPeer(s site) (call, error) {
	client := anthropic.NewClient(option.WithAPIKey(apiKey), option.WithBaseURL(s.origin+agentsBase), option.WithHTTPClient(s.client))
	return func(ctx context.Context) (any, error) {
		agent := new(langsmith.Agent)
		return agent, client.Post(ctx, clonePath, langsmith.CloneAgentRequest{Name: cloneName}, agent)
	}, nil
}
