package once_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/once"
)

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
