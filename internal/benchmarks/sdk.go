package main

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// The clients below have default settings, with one exception: their limiters are
// of the kind that the vendor's client has by default, but wide enough never to
// hold a call back. So their cost counts, and their pace does not.

func wideBucket() agentcopy.Option { return agentcopy.WithLimiter(rate.NewLimiter(1e9, 1e6)) }

func wideWindow() agentcopy.Option {
	return agentcopy.WithLimiter(pacing.NewAdaptiveWindow(1e6, time.Millisecond, time.Millisecond))
}

func zuduSDK(s site) (call, error) {
	client, err := zudu.New(apiKey, apiKey, agentcopy.WithBaseURL(s.origin), agentcopy.WithHTTPClient(s.client), wideBucket())
	return func(ctx context.Context) (any, error) {
		return client.DuplicateAgent(ctx, sourceID, zudu.DuplicateAgentRequest{AgentName: cloneName})
	}, err
}

func cotoolSDK(s site) (call, error) {
	client, err := cotool.New(apiKey, agentcopy.WithBaseURL(s.origin), agentcopy.WithHTTPClient(s.client), wideBucket())
	return func(ctx context.Context) (any, error) { return client.CopyAgent(ctx, sourceID) }, err
}

func langsmithSDK(s site) (call, error) {
	client, err := langsmith.New(apiKey,
		agentcopy.WithBaseURL(s.origin+"/v1/deepagents"), agentcopy.WithHTTPClient(s.client), wideBucket())
	return func(ctx context.Context) (any, error) {
		return client.CloneAgent(ctx, sourceID, langsmith.CloneAgentRequest{Name: cloneName})
	}, err
}

func kolenaSDK(s site) (call, error) {
	client, err := kolena.New(apiKey, agentcopy.WithBaseURL(s.origin), agentcopy.WithHTTPClient(s.client), wideWindow())
	return func(ctx context.Context) (any, error) {
		return client.CopyAgent(ctx, sourceNumber, kolena.CopyAgentRequest{Name: cloneName})
	}, err
}
