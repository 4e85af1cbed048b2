package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		start := time.Now()
		require.NoError(t, run(t.Context(), &out))
		require.Less(t, time.Since(start), 15*time.Second)
		for _, line := range []string{
			"1 of 4 copied, waiting for Kolena's limit, 2 s",
			"1 of 4 copied, waiting for Kolena's limit, 1 s",
			"1 of 4 copied, waiting out a pause that Kolena asked for, 3 s",
			"4 of 4 copied",
		} {
			require.Contains(t, out.String(), "\r\x1b[K"+line)
		}
		require.True(t, strings.HasSuffix(out.String(), "4 of 4 copied\n"))
	})
}
