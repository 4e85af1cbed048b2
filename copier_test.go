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
	"github.com/agentcopy/agentcopy-go/once"
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
	require.JSONEq(t, `{"provider":"zudu","source_id":"agent_1","id":"agent_2","name":"two\nlines","created_at":"2026-01-02T03:04:05Z"}`, string(document))
}

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
