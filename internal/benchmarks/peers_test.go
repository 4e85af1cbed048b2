//go:build peers

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/digitalocean/godo"
	"github.com/go-resty/resty/v2"
	"github.com/google/go-github/v89/github"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"
	"github.com/stripe/stripe-go/v85"
	"golang.org/x/oauth2"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

// The peers make LangSmith's call as their documentation says for calls that they have
// no method for, with their default retries and headers, and with logs off.
var peers = []client{
	{"go-retryablehttp", retryableClient},
	{"resty", restyClient},
	{"go-github", githubClient},
	{"godo", godoClient},
	{"azcore", azureClient},
	{"stripe-go", stripeClient},
	{"openai-go", func(origin string, c *http.Client) (call, error) {
		client := openai.NewClient(openaioption.WithAPIKey(key), openaioption.WithBaseURL(origin+base), openaioption.WithHTTPClient(c))
		return into(func(ctx context.Context, agent *langsmith.Agent) error { return client.Post(ctx, path, clone, agent) }), nil
	}},
	{"anthropic-sdk-go", func(origin string, c *http.Client) (call, error) {
		client := anthropic.NewClient(anthropicoption.WithAPIKey(key), anthropicoption.WithBaseURL(origin+base), anthropicoption.WithHTTPClient(c))
		return into(func(ctx context.Context, agent *langsmith.Agent) error { return client.Post(ctx, path, clone, agent) }), nil
	}},
}

const (
	base = "/v1/deepagents/"
	path = "agents/" + sourceID + "/clone"
)

var clone = langsmith.CloneAgentRequest{Name: newName}

// into is a call that decodes the answer into an agent.
func into(send func(ctx context.Context, agent *langsmith.Agent) error) call {
	return func(ctx context.Context) (any, error) {
		agent := new(langsmith.Agent)
		return agent, send(ctx, agent)
	}
}

func retryableClient(origin string, c *http.Client) (call, error) {
	client := retryablehttp.NewClient()
	client.HTTPClient, client.Logger = c, nil
	return into(func(ctx context.Context, agent *langsmith.Agent) error {
		data, err := json.Marshal(clone)
		if err != nil {
			return err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, origin+base+path, data)
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Api-Key", key)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		return receive(resp, agent)
	}), nil
}

func restyClient(origin string, c *http.Client) (call, error) {
	client := resty.NewWithClient(c).SetBaseURL(origin+base).SetHeader("X-Api-Key", key)
	return into(func(ctx context.Context, agent *langsmith.Agent) error {
		resp, err := client.R().SetContext(ctx).SetBody(clone).SetResult(agent).Post(path)
		if err == nil && !resp.IsSuccess() {
			err = fmt.Errorf("status %d: %s", resp.StatusCode(), resp.Body())
		}
		return err
	}), nil
}

func githubClient(origin string, c *http.Client) (call, error) {
	baseURL := origin + base
	client, err := github.NewClient(github.WithHTTPClient(c), github.WithAuthToken(key), github.WithURLs(&baseURL, nil))
	return into(func(ctx context.Context, agent *langsmith.Agent) error {
		req, err := client.NewRequest(ctx, http.MethodPost, path, clone)
		if err == nil {
			_, err = client.Do(req, agent)
		}
		return err
	}), err
}

// godoClient is godo.NewFromToken's, with its token source and four retries. A client
// with retries makes an http.Client of its own, so c goes below it.
func godoClient(origin string, c *http.Client) (call, error) {
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: key})
	client, err := godo.New(oauth2.NewClient(context.Background(), token), godo.SetBaseURL(origin+base),
		godo.WithRetryAndBackoffs(godo.RetryConfig{RetryMax: 4, RetryWaitMin: new(1.0), RetryWaitMax: new(30.0)}))
	if err != nil {
		return nil, err
	}
	client.HTTPClient.Transport.(*oauth2.Transport).Base.(*retryablehttp.RoundTripper).Client.HTTPClient = c
	return into(func(ctx context.Context, agent *langsmith.Agent) error {
		req, err := client.NewRequest(ctx, http.MethodPost, path, clone)
		if err == nil {
			_, err = client.Do(ctx, req, agent)
		}
		return err
	}), nil
}

// azureClient makes the call as the generated methods of Azure's SDKs do.
func azureClient(origin string, c *http.Client) (call, error) {
	auth := runtime.NewKeyCredentialPolicy(azcore.NewKeyCredential(key), "X-Api-Key",
		&runtime.KeyCredentialPolicyOptions{InsecureAllowCredentialWithHTTP: true}) // for loopback
	pipeline := runtime.NewPipeline("benchmarks", "v1.0.0", runtime.PipelineOptions{PerRetry: []policy.Policy{auth}}, &policy.ClientOptions{Transport: c})
	return into(func(ctx context.Context, agent *langsmith.Agent) error {
		req, err := runtime.NewRequest(ctx, http.MethodPost, origin+base+path)
		if err != nil {
			return err
		}
		req.Raw().Header["Accept"] = []string{"application/json"}
		if err := runtime.MarshalAsJSON(req, clone); err != nil {
			return err
		}
		resp, err := pipeline.Do(req)
		if err != nil {
			return err
		}
		if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusCreated) {
			return runtime.NewResponseError(resp)
		}
		return runtime.UnmarshalAsJSON(resp, agent)
	}), nil
}

// stripeParams and stripeAgent are params and resource as stripe-go's own are.
type stripeParams struct {
	stripe.Params `form:"*"`
	Name          *string `form:"name" json:"name,omitempty"`
}

type stripeAgent struct {
	stripe.APIResource
	langsmith.Agent
}

// stripeClient posts to a path of /v2, since stripe-go sends no JSON to others.
func stripeClient(origin string, c *http.Client) (call, error) {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		HTTPClient: c, URL: stripe.String(origin), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return func(ctx context.Context) (any, error) {
		params := &stripeParams{Name: stripe.String(newName)}
		params.Context = ctx
		agent := new(stripeAgent)
		err := backend.Call(http.MethodPost, "/v2/deepagents/"+path, key, params, agent)
		return &agent.Agent, err
	}, nil
}
