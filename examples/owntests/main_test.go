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
	"github.com/agentcopy/agentcopy-go/once"
)

func TestWelcome(t *testing.T) {
	lost := agentcopytest.Fault{Drop: true, AfterCopy: true}
	for name, tc := range map[string]struct {
		faults []agentcopytest.Fault
		quirks agentcopytest.Quirks
		want   string
		copies int
	}{
		"a copy":                {want: "Your agent is 2", copies: 1},
		"nothing arrived":       {faults: []agentcopytest.Fault{{Drop: true}}, want: "Your agent is 2", copies: 1},
		"the answer is lost":    {faults: []agentcopytest.Fault{lost}, want: "Your agent is 2", copies: 1},
		"too many requests":     {faults: []agentcopytest.Fault{{Status: 429}}, want: "Your agent is 2", copies: 1},
		"a gateway says 502":    {faults: []agentcopytest.Fault{{Status: 502, AfterCopy: true}}, want: "Your agent is 2", copies: 1},
		"refused":               {faults: []agentcopytest.Fault{{Status: 403, Body: "{}"}}, want: "403 Forbidden", copies: 0},
		"the copy shows late":   {faults: []agentcopytest.Fault{lost}, quirks: agentcopytest.Quirks{ShowAfter: 10 * time.Second}, want: "Your agent is 2", copies: 1},
		"a list from a cache":   {faults: []agentcopytest.Fault{lost}, quirks: agentcopytest.Quirks{StaleLists: time.Minute}, want: "Your agent is 2", copies: 1},
		"Kolena renames copies": {faults: []agentcopytest.Fault{lost}, quirks: agentcopytest.Quirks{Rename: strings.ToUpper}, want: "We will be with you shortly.", copies: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // minutes of waiting take no time
				server := agentcopytest.NewKolena(agentcopytest.WithQuirks(tc.quirks))
				server.AddAgent(kolena.Agent{ID: 1, Name: "Lease reader"})
				server.Inject(tc.faults...)
				client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
				require.NoError(t, err)

				answer, err := welcome(t.Context(), &once.Runner{Ledger: once.NewMemoryLedger()}, client, "Hamburg")
				if err != nil {
					answer = err.Error()
				}
				require.Contains(t, answer, tc.want)
				require.Len(t, server.Copies(), tc.copies)
			})
		})
	}
}
