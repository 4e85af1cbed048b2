package langsmith_test

import (
	"net/http"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/langsmith"
)

func fuzzedClone(t testing.TB, wire http.RoundTripper) (string, any, *agentcopy.Response, error) {
	c, err := langsmith.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := c.CloneAgent(t.Context(), "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.CloneAgentRequest{Name: "Research"})
	if err != nil {
		return "", nil, nil, err
	}
	return agent.ID, agent, agent.Response, nil
}

func FuzzErrorBody(f *testing.F) {
	vendortest.FuzzErrorBody(f, func(t testing.TB, wire http.RoundTripper) error {
		_, _, _, err := fuzzedClone(t, wire)
		return err
	})
}

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, []string{
		vendortest.Document(f, "clone.json"),
		vendortest.Document(f, "create.json"),
	}, fuzzedClone)
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, []string{
		`{"items":[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"}],"next_cursor":"next"}`,
		`{"items":[],"next_cursor":null}`,
	}, func(t testing.TB, wire http.RoundTripper) error {
		c, err := langsmith.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = vendortest.Collect(t, c.ListAgents(t.Context(), langsmith.ListAgentsRequest{}))
		return err
	})
}
