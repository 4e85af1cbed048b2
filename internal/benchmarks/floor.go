package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// post is the floor: what a careful program does with net/http alone. It has no
// retries, no limiter and no timeout, and keeps nothing of the answer but out.
func post(ctx context.Context, client *http.Client, url string, auth http.Header, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for name := range auth {
		req.Header.Set(name, auth.Get(name))
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("status %d: %s", resp.StatusCode, data)
	}
	return json.Unmarshal(data, out)
}

var errNoID = errors.New("the answer lacks the agent's ID")

func zuduFloor(s site) (call, error) {
	auth := http.Header{"X-Api-Key": {apiKey}, "X-Api-Secret": {apiKey}}
	return func(ctx context.Context) (any, error) {
		answer := new(zuduAnswer)
		url := s.origin + "/api/agents/" + sourceID + "/duplicate"
		if err := post(ctx, s.client, url, auth, zudu.DuplicateAgentRequest{AgentName: cloneName}, answer); err != nil {
			return nil, err
		}
		if answer.Status == "error" || answer.Data.AgentID == "" {
			return nil, errNoID
		}
		return &answer.Data, nil
	}, nil
}

func cotoolFloor(s site) (call, error) {
	auth := http.Header{"Authorization": {"Bearer " + apiKey}}
	return func(ctx context.Context) (any, error) {
		answer := new(cotool.CopyAgentResponse)
		if err := post(ctx, s.client, s.origin+"/api/agents/"+sourceID+"/copy", auth, nil, answer); err != nil {
			return nil, err
		}
		if answer.Agent.ID == "" {
			return nil, errNoID
		}
		return answer, nil
	}, nil
}

func langsmithFloor(s site) (call, error) {
	auth := http.Header{"X-Api-Key": {apiKey}}
	return func(ctx context.Context) (any, error) {
		agent := new(langsmith.Agent)
		url := s.origin + "/v1/deepagents/agents/" + sourceID + "/clone"
		if err := post(ctx, s.client, url, auth, langsmith.CloneAgentRequest{Name: cloneName}, agent); err != nil {
			return nil, err
		}
		if agent.ID == "" {
			return nil, errNoID
		}
		return agent, nil
	}, nil
}

func kolenaFloor(s site) (call, error) {
	auth := http.Header{"Authorization": {"Bearer " + apiKey}}
	return func(ctx context.Context) (any, error) {
		agent := new(kolena.Agent)
		url := s.origin + "/api/v1/client/agents/" + strconv.Itoa(sourceNumber) + "/copy"
		if err := post(ctx, s.client, url, auth, kolena.CopyAgentRequest{Name: cloneName}, agent); err != nil {
			return nil, err
		}
		if agent.ID == 0 {
			return nil, errNoID
		}
		return agent, nil
	}, nil
}
