package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(t.Context(), &out))
		first, second, found := strings.Cut(out.String(), "Second run")
		require.True(t, found)
		require.Equal(t, 3, strings.Count(first, " copied\n")+strings.Count(first, " found by looking: its answer was lost\n"))
		require.Equal(t, 7, strings.Count(second, " copied\n")+strings.Count(second, " made by the first run, nothing sent\n"))
		require.Contains(t, second, `"Lease reader, Berlin" made by the first run`)
		require.Contains(t, second, "\n7 jobs, 7 requests for a copy, 7 copies on the servers, 0 of them made twice\n")
	})
}
