package agentcopy_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestValuesPrintTheirNames(t *testing.T) {
	require.Equal(t, "unknown, not copied, copied, Outcome(9)", fmt.Sprintf("%v, %v, %v, %v", agentcopy.OutcomeUnknown, agentcopy.OutcomeNotCopied, agentcopy.OutcomeCopied, agentcopy.Outcome(9)))
	require.Equal(t, "safe, never, always, RetryMode(-1)", fmt.Sprintf("%v, %v, %v, %v", agentcopy.RetrySafe, agentcopy.RetryNever, agentcopy.RetryAlways, agentcopy.RetryMode(-1)))
	require.Equal(t, "unlimited", fmt.Sprint(agentcopy.Unlimited))
	var zero agentcopy.Outcome
	require.Equal(t, agentcopy.OutcomeUnknown, zero, "an outcome that nobody has set claims nothing")
}

func TestOutcomeInLogs(t *testing.T) {
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "outcome", agentcopy.OutcomeNotCopied)
	require.Contains(t, out.String(), `"outcome":"not copied"`)
}
