//go:build peers

package main

// peers are other Go SDKs and the HTTP clients that SDKs are built on, each used
// as its documentation says for calls that it has no method for. Their retries
// and other settings are the defaults, except that none logs, and that all use
// the http.RoundTripper they are given. What the SDK of another vendor sends
// besides, such as its own headers, is part of its cost.
func peers() []contender {
	return []contender{
		{"go-retryablehttp", "github.com/hashicorp/go-retryablehttp", retryablehttpPeer},
		{"resty", "github.com/go-resty/resty/v2", restyPeer},
		{"godo", "github.com/digitalocean/godo", godoPeer},
		{"go-github", "github.com/google/go-github/v88", githubPeer},
		{"azcore", "github.com/Azure/azure-sdk-for-go/sdk/azcore", azcorePeer},
		{"stripe-go", "github.com/stripe/stripe-go/v85", stripePeer},
		{"openai-go", "github.com/openai/openai-go/v3", openaiPeer},
		{"anthropic-sdk-go", "github.com/anthropics/anthropic-sdk-go", anthropicPeer},
	}
}

const (
	// clonePath is below the base URL of LangSmith's agents.
	clonePath  = "agents/" + sourceID + "/clone"
	agentsBase = "/v1/deepagents/"
)
