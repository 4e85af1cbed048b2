package cotool_test

import (
	"net/http"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func fuzzedCopy(t testing.TB, wire http.RoundTripper) (string, any, *agentcopy.Response, error) {
	c, err := cotool.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.CopyAgent(t.Context(), "3c90c3cc-0d44-4b50-8888-8dd25736052a")
	if err != nil {
		return "", nil, nil, err
	}
	return answer.Agent.ID, answer, answer.Response, nil
}

func FuzzErrorBody(f *testing.F) {
	vendortest.FuzzErrorBody(f, func(t testing.TB, wire http.RoundTripper) error {
		_, _, _, err := fuzzedCopy(t, wire)
		return err
	})
}

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, []string{
		vendortest.Document(f, "copy.json"),
		vendortest.Document(f, "copy_sparse.json"),
	}, fuzzedCopy)
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, []string{
		`[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"},null]`,
	}, func(t testing.TB, wire http.RoundTripper) error {
		c, err := cotool.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = vendortest.Collect(t, c.ListAgents(t.Context(), cotool.ListAgentsRequest{}))
		return err
	})
}
