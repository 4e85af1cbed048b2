package zudu_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
	"github.com/stretchr/testify/require"
)

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "zudu") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "zudu", vendortest.Document(f, "duplicate_first.json"), vendortest.Document(f, "duplicate_second.json"), vendortest.Document(f, "duplicate_empty.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "zudu",
		`{"status":"success","data":{"agents":[{"agent_id":"agent_1","agent_name":"A"},{"agent_id":"agent_2"}],"pagination":{"has_next_page":true,"total_pages":2}}}`,
		`{"status":"success","data":{"agents":[],"pagination":{"has_next_page":false}}}`,
	)
}

// FuzzAgentID: an ID is one segment of the path, whatever it holds, or nothing
// is sent.
func FuzzAgentID(f *testing.F) {
	for _, id := range []string{"agent_123", "", " ", ".", "..", "a/b", "../../delete", "a?b=c", "a#b", "a%2Fb", "%", "é", "a b", "\x00", "\xff", ";x", "http://evil.example/", "@evil.example"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		wire := vendortest.Always(http.StatusOK, `{"status":"success","data":{"agent_id":"agent_2"}}`)
		c, err := zudu.New(vendortest.FuzzedKey, vendortest.FuzzedKey, vendortest.FuzzOptions(wire)...)
		require.NoError(t, err)
		_, err = c.DuplicateAgent(t.Context(), id, zudu.DuplicateAgentRequest{AgentName: "Support"})
		if errors.Is(err, agentcopy.ErrInvalid) {
			if len(wire.Requests()) > 0 {
				t.Errorf("ID %q is refused, but was sent", id)
			}
			return
		}
		if err != nil || len(wire.Requests()) != 1 {
			t.Fatalf("ID %q: got %v and %d requests, want it refused or sent", id, err, len(wire.Requests()))
		}
		sent := wire.Requests()[0]
		segment, ok := strings.CutPrefix(sent.Target, "/api/agents/")
		segment, ok2 := strings.CutSuffix(segment, "/duplicate")
		if got, err := url.PathUnescape(segment); !ok || !ok2 || err != nil || got != id || strings.ContainsAny(segment, "/?#") || segment == "." || segment == ".." {
			t.Errorf("ID %q went out in %q, want it as one segment", id, sent.Target)
		}
		if sent.Host != "api.zudu.ai" {
			t.Errorf("ID %q turned the request to %q", id, sent.Host)
		}
	})
}
