//go:build peers

package main

import (
	"context"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func openaiPeer(s site) (call, error) {
	client := openai.NewClient(option.WithAPIKey(apiKey), option.WithBaseURL(s.origin+agentsBase), option.WithHTTPClient(s.client))
	return func(ctx context.Context) (any, error) {
		agent := new(langsmith.Agent)
		return agent, client.Post(ctx, clonePath, langsmith.CloneAgentRequest{Name: cloneName}, agent)
	}, nil
}
