//go:build unix

package conformance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestPruneForgetsWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		l, err := task{Ledger: newPlace(t)}.open()
		require.NoError(t, err)
		defer l.Close()
		var refs int
		for i := range 30 {
			r, _, err := l.Begin(t.Context(), recordOf(fmt.Sprint("key ", i)), time.Minute)
			require.NoError(t, err)
			if i%3 == 0 {
				r.Since, r.SentAt = time.Now(), time.Now()
				require.NoError(t, l.Release(t.Context(), r))
				continue
			}
			r.Copy = agentcopy.Copy{Provider: "acme", ID: fmt.Sprint(i)}
			require.NoError(t, l.Finish(t.Context(), r))
			refs++
		}
		n, err := l.Prune(t.Context(), time.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Zero(t, n, "what was done since")
		n, err = l.Prune(t.Context(), time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.EqualValues(t, refs, n)
		left := 0
		for r, err := range l.List(t.Context()) {
			require.NoError(t, err)
			require.False(t, r.Done())
			left++
		}
		require.Equal(t, 10, left)
	})
}
