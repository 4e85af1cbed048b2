//go:build peers

package main

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

// azcorePeer makes the call as the generated methods of Azure's SDKs do.
func azcorePeer(s site) (call, error) {
	key := runtime.NewKeyCredentialPolicy(azcore.NewKeyCredential(apiKey), "X-Api-Key",
		&runtime.KeyCredentialPolicyOptions{InsecureAllowCredentialWithHTTP: true}) // for loopback
	pipeline := runtime.NewPipeline("benchmarks", "v1.0.0", runtime.PipelineOptions{PerRetry: []policy.Policy{key}},
		&policy.ClientOptions{Transport: s.client})
	return func(ctx context.Context) (any, error) {
		req, err := runtime.NewRequest(ctx, http.MethodPost, runtime.JoinPaths(s.origin+agentsBase, clonePath))
		if err != nil {
			return nil, err
		}
		req.Raw().Header["Accept"] = []string{"application/json"}
		if err := runtime.MarshalAsJSON(req, langsmith.CloneAgentRequest{Name: cloneName}); err != nil {
			return nil, err
		}
		resp, err := pipeline.Do(req)
		if err != nil {
			return nil, err
		}
		if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusCreated) {
			return nil, runtime.NewResponseError(resp)
		}
		agent := new(langsmith.Agent)
		return agent, runtime.UnmarshalAsJSON(resp, agent)
	}, nil
}
