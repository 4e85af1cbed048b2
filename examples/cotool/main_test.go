package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
)

func TestConvert(t *testing.T) {
	server := agentcopytest.NewCotool()
	defer server.Close()
	managed := server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing", TriggerSummary: []cotool.TriggerSummary{{Name: "mail"}}})
	server.AddAgent(cotool.Agent{Name: "By hand", Origin: cotool.OriginUser})
	client, err := cotool.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	require.NoError(t, err)

	var out strings.Builder
	require.NoError(t, convert(t.Context(), client, false, &out))
	require.Equal(t, "Phishing triage: managed, "+managed.ID+"\n1 managed agent(s)\n", out.String())
	require.Empty(t, server.Copies(), "showing moves nothing")

	out.Reset()
	require.NoError(t, convert(t.Context(), client, true, &out))
	require.Len(t, server.Copies(), 1)
	require.Equal(t, "Phishing triage: parked "+managed.ID+", new "+server.Copies()[0].ID+", triggers [\"mail\"]\n1 managed agent(s) moved\n", out.String())
	out.Reset()
	require.NoError(t, convert(t.Context(), client, true, &out))
	require.Equal(t, "0 managed agent(s) moved\n", out.String(), "what has been moved is not moved again")
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out))
	require.Contains(t, out.String(), "2 managed agent(s)\n")
	require.Contains(t, out.String(), "Phishing triage: parked 00000000-")
	require.Contains(t, out.String(), `triggers ["abuse mailbox"]`)
	require.Contains(t, out.String(), "2 managed agent(s) moved\n")
	require.Contains(t, out.String(), "\n0 managed agent(s)\n")

	t.Setenv("COTOOL_API_KEY", "")
	require.ErrorContains(t, run(t.Context(), []string{"-list"}, &out), "COTOOL_API_KEY")
	require.ErrorContains(t, run(t.Context(), []string{"-list", "-move"}, &out), "usage")
}
