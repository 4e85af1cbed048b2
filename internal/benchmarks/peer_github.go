//go:build peers

package main

import (
	"context"
	"net/http"

	"github.com/google/go-github/v88/github"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func githubPeer(s site) (call, error) {
	base := s.origin + agentsBase
	client, err := github.NewClient(github.WithHTTPClient(s.client), github.WithAuthToken(apiKey), github.WithURLs(&base, nil))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		req, err := client.NewRequest(ctx, http.MethodPost, clonePath, langsmith.CloneAgentRequest{Name: cloneName})
		if err != nil {
			return nil, err
		}
		agent := new(langsmith.Agent)
		_, err = client.Do(req, agent)
		return agent, err
	}, nil
}
