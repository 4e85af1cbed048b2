package kolena_test

import (
	"net/http"
	"strconv"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/wiretest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func fuzzedCopy(t testing.TB, wire http.RoundTripper) (string, any, *agentcopy.Response, error) {
	c, err := kolena.New(wiretest.FuzzedKey, wiretest.FuzzOptions(wire)...)
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
	wiretest.FuzzErrorBody(f, func(t testing.TB, wire http.RoundTripper) error {
		_, _, _, err := fuzzedCopy(t, wire)
		return err
	})
}

func FuzzSuccessBody(f *testing.F) {
	wiretest.FuzzSuccessBody(f, []string{
		wiretest.Document(f, "copy.json"),
		wiretest.Document(f, "copy_oldest.json"),
	}, fuzzedCopy)
}
