package zudu_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/zudu"
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
			require.Empty(t, wire.Requests(), "the ID is refused, but was sent")
			return
		}
		require.NoError(t, err)
		require.Len(t, wire.Requests(), 1)
		sent := wire.Requests()[0]
		segment, begins := strings.CutPrefix(sent.Target, "/api/agents/")
		segment, ends := strings.CutSuffix(segment, "/duplicate")
		got, err := url.PathUnescape(segment)
		require.NoError(t, err)
		require.True(t, begins && ends && got == id, "the ID went out in %q", sent.Target)
		require.NotContains(t, []string{".", ".."}, segment)
		require.False(t, strings.ContainsAny(segment, "/?#"), "not one segment: %q", segment)
		require.Equal(t, "api.zudu.ai", sent.Host)
	})
}
