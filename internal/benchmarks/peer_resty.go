//go:build peers

package main

import (
	"context"
	"fmt"

	"github.com/go-resty/resty/v2"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func restyPeer(s site) (call, error) {
	client := resty.NewWithClient(s.client).SetBaseURL(s.origin+agentsBase).SetHeader("X-Api-Key", apiKey)
	return func(ctx context.Context) (any, error) {
		agent := new(langsmith.Agent)
		resp, err := client.R().SetContext(ctx).SetBody(langsmith.CloneAgentRequest{Name: cloneName}).SetResult(agent).Post(clonePath)
		if err != nil {
			return nil, err
		}
		if !resp.IsSuccess() {
			return nil, fmt.Errorf("status %d: %s", resp.StatusCode(), resp.Body())
		}
		return agent, nil
	}, nil
}
