package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

func TestProgram(t *testing.T) {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.AddAgent(kolena.Agent{ID: 123, Name: "Lease reader"})
	t.Setenv("KOLENA_API_KEY", "any key")
	t.Setenv("KOLENA_API_URL", server.URL())

	os.Args = []string{"kolena", "123", "Tenant 1", "Tenant 2", "Tenant 3"}
	main()
	require.Len(t, server.Copies(), 3)
}
