package transport_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLongAnswerThatReportsAnError: to describe it costs no more than its length. It
// took minutes, and a hundred times the memory.
func TestLongAnswerThatReportsAnError(t *testing.T) {
	var faults strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&faults, `,"k%d"`, i)
	}
	for name, body := range map[string]string{
		"many faults":  `{"error":true,"detail":[""` + faults.String() + `]}`,
		"long message": `{"error":true,"message":"` + strings.Repeat("%41", 1<<20) + `"}`,
		"many objects": `{"error":true,"many":[{}` + strings.Repeat(`,{}`, 1<<20) + `]}`,
		"no ID":        `{"many":[{}` + strings.Repeat(`,{}`, 1<<20) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, play(answer(200, body)))
			var err error
			used := allocated(func() { _, _, err = doCopy(t, c) })
			require.Error(t, err)
			require.Less(t, used, 16*uint64(len(body)))
			require.Empty(t, asError(t, err).Fields)
		})
	}
}

// TestLongTextIsNotSearchedForSecrets: a header may have as many bytes as the
// transport lets through, and a text too long to be searched is not shown.
func TestLongTextIsNotSearchedForSecrets(t *testing.T) {
	key := newKey()
	long := strings.Repeat("%41", 1<<20) + key
	c := newClientWithKey(t, key, play(
		answer(500, "", "X-Request-Id", long),
		answer(302, "", "Location", "https://"+long+".example/"),
		func(*http.Request) (*http.Response, error) { return nil, errors.New(long) },
	))
	for range 3 {
		var err error
		used := allocated(func() { _, _, err = doCopy(t, c) })
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome)
		require.Less(t, used, 16*uint64(len(long)))
		require.NotContains(t, err.Error(), key)
	}
}
