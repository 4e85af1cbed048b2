package agentcopy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestACopyPrintsNoBody(t *testing.T) {
	c := agentcopy.Copy{
		Provider: "zudu", SourceID: "agent_1", ID: "agent_2", Name: "two\nlines",
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Body: []byte("user data"),
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "copy", c)
	document, err := json.Marshal(c)
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", &c), fmt.Sprintf("%x", c), fmt.Sprintf("%+v", agentcopy.Candidate{Copy: c}), log.String(), string(document),
	} {
		require.Contains(t, printed, "agent_2")
		require.NotContains(t, printed, "user data")
		require.NotContains(t, printed, fmt.Sprintf("%x", "user data"))
		require.NotContains(t, printed, "dXNlciBkYXRh")
	}
	require.Equal(t, `zudu: agent_2 "two\nlines", a copy of agent_1`, fmt.Sprint(c))
	require.Equal(t, "no copy", fmt.Sprint(agentcopy.Copy{}), "what comes with an error")
	require.JSONEq(t, `{"provider":"zudu","source_id":"agent_1","id":"agent_2","name":"two\nlines","created_at":"2026-01-02T03:04:05Z"}`, string(document))
}
