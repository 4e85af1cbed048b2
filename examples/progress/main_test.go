package main

import (
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
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		server.Inject(agentcopytest.Fault{}, agentcopytest.Fault{Drop: true, AfterCopy: true}, agentcopytest.Fault{Status: 403, Body: "{}"})
		var out strings.Builder
		start := time.Now()
		require.NoError(t, copyAll(t.Context(), &out, source.ID, 150, agentcopy.WithHTTPClient(server.Client())))
		require.Len(t, server.Copies(), 149, "one was refused")
		require.Less(t, time.Since(start), 4*time.Minute)
		require.Contains(t, out.String(), "403 Forbidden (not copied, 1 attempt)")
		require.Contains(t, out.String(), " of 150 copied, waiting: limiter, 1m1s")
		require.Contains(t, out.String(), "149 of 150 copied\n")
	})
}
