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
	require.Equal(t, managed.ID+"  Phishing triage\n1 managed agent(s)\n", out.String())
	require.Empty(t, server.Copies(), "showing moves nothing")

	out.Reset()
	require.NoError(t, convert(t.Context(), client, true, &out))
	require.Len(t, server.Copies(), 1)
	require.Equal(t, "Phishing triage: "+managed.ID+" -> "+server.Copies()[0].ID+", triggers [\"mail\"]\n1 managed agent(s)\n", out.String())
	out.Reset()
	require.NoError(t, convert(t.Context(), client, true, &out))
	require.Equal(t, "0 managed agent(s)\n", out.String(), "what has been moved is not moved again")
}
