//go:build peers

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

func retryablehttpPeer(s site) (call, error) {
	client := retryablehttp.NewClient()
	client.HTTPClient = s.client
	client.Logger = nil
	return func(ctx context.Context) (any, error) {
		data, err := json.Marshal(langsmith.CloneAgentRequest{Name: cloneName})
		if err != nil {
			return nil, err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, s.origin+agentsBase+clonePath, data)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Api-Key", apiKey)
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		data, err = io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return nil, fmt.Errorf("status %d: %s", resp.StatusCode, data)
		}
		agent := new(langsmith.Agent)
		return agent, json.Unmarshal(data, agent)
	}, nil
}
