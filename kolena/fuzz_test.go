package kolena_test

import (
	"net/http"
	"strconv"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func fuzzedCopy(t testing.TB, wire http.RoundTripper) (string, any, *agentcopy.Response, error) {
	c, err := kolena.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := c.CopyAgent(t.Context(), 123, kolena.CopyAgentRequest{Name: "Leases"})
	if err != nil {
		return "", nil, nil, err
	}
	if agent.ID <= 0 {
		return "", agent, agent.Response, nil // no ID that Kolena gives
	}
	return strconv.FormatInt(agent.ID, 10), agent, agent.Response, nil
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
		vendortest.Document(f, "copy_oldest.json"),
	}, fuzzedCopy)
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, []string{
		`{"agents":[{"id":1,"name":"A"},{"id":2},{"name":"B"}],"total_pages":3,"page_number":0,"page_size":3}`,
		`{"agents":[],"total_pages":0,"page_number":0,"page_size":0}`,
	}, func(t testing.TB, wire http.RoundTripper) error {
		c, err := kolena.New(vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = vendortest.Collect(t, c.ListAgents(t.Context(), kolena.ListAgentsRequest{}))
		return err
	})
}
