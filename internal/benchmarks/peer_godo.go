//go:build peers

package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"

	"github.com/agentcopy/agentcopy-go/langsmith"
)

// godoPeer is godo.NewFromToken with another http.RoundTripper, which takes the
// steps that NewFromToken takes: a token source and four retries. Since a client
// with retries makes an http.Client of its own, the http.RoundTripper has to be
// put below it.
func godoPeer(s site) (call, error) {
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: apiKey})
	client, err := godo.New(oauth2.NewClient(context.Background(), token),
		godo.SetBaseURL(s.origin+agentsBase),
		godo.WithRetryAndBackoffs(godo.RetryConfig{RetryMax: 4, RetryWaitMin: new(1.0), RetryWaitMax: new(30.0)}))
	if err != nil {
		return nil, err
	}
	if err := putBelowRetries(s.client, client.HTTPClient); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		req, err := client.NewRequest(ctx, http.MethodPost, clonePath, langsmith.CloneAgentRequest{Name: cloneName})
		if err != nil {
			return nil, err
		}
		agent := new(langsmith.Agent)
		_, err = client.Do(ctx, req, agent)
		return agent, err
	}, nil
}

// putBelowRetries makes inner the client that makes the attempts of outer, one
// of godo with a token and retries.
func putBelowRetries(inner, outer *http.Client) error {
	if auth, ok := outer.Transport.(*oauth2.Transport); ok {
		if retries, ok := auth.Base.(*retryablehttp.RoundTripper); ok {
			retries.Client.HTTPClient = inner
			return nil
		}
	}
	return errors.New("godo's client is not built as it was")
}
