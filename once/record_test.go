package once_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func TestRecordsStandForTheSameRequest(t *testing.T) {
	base := once.Record{
		Request:  agentcopy.CopyRequest{SourceID: "1", Name: "n"},
		Identity: agentcopy.Identity{Provider: "p", Origin: "o", Template: "t", SearchKey: "m"},
	}
	for name, change := range map[string]func(*once.Record){
		"source":   func(r *once.Record) { r.Request.SourceID = "2" },
		"name":     func(r *once.Record) { r.Request.Name = "x" },
		"provider": func(r *once.Record) { r.Identity.Provider = "x" },
		"origin":   func(r *once.Record) { r.Identity.Origin = "x" },
		"template": func(r *once.Record) { r.Identity.Template = "x" },
	} {
		other := base
		change(&other)
		require.False(t, base.SameRequest(&other), name)
	}
	other := base
	other.Key, other.Sends, other.Identity.SearchKey = "k", 7, "as a later version marks it"
	require.True(t, base.SameRequest(&other))
}

func TestCopyRefsHaveTextsOfTheirOwn(t *testing.T) {
	seen := map[string]once.CopyRef{}
	parts := []string{"", " ", `"`, `" "`, "a", `a" "b`, "b"}
	for _, origin := range parts {
		for _, provider := range parts {
			for _, id := range parts {
				ref := once.CopyRef{Origin: origin, Provider: provider, ID: id}
				require.NotContains(t, seen, ref.String())
				seen[ref.String()] = ref
			}
		}
	}
}
