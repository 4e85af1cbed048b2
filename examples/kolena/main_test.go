package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestCopyAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewKolena()
		defer server.Close()
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
		require.NoError(t, err)

		names := make([]string, 150)
		for i := range names {
			names[i] = fmt.Sprintf("Tenant %d", i+1)
		}
		start := time.Now()
		var out strings.Builder
		require.NoError(t, copyAll(t.Context(), client, source.ID, names, &out))
		require.Len(t, server.Copies(), len(names))
		require.Len(t, server.Requests(), len(names), "no request was refused and repeated")
		require.Equal(t, 2*61*time.Second, time.Since(start), "60 at once, 60 after a window, 30 after another")
		require.Equal(t, len(names), strings.Count(out.String(), "\n"))
	})
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), nil, &out))
		require.Equal(t, 5, strings.Count(out.String(), "  0.0s  Tenant "))
		require.Equal(t, 2, strings.Count(out.String(), "  2.0s  Tenant "))
		require.Contains(t, out.String(), "Copies on the server: 12; requests refused for the limit: 0\n")
	})
}

func TestArguments(t *testing.T) {
	t.Setenv("KOLENA_API_KEY", "")
	var out strings.Builder
	require.ErrorContains(t, run(t.Context(), []string{"1"}, &out), "usage")
	require.ErrorContains(t, run(t.Context(), []string{"one", "Berlin"}, &out), `"one" is none`)
	require.ErrorContains(t, run(t.Context(), []string{"1", "Berlin"}, &out), "KOLENA_API_KEY")
}
