package vendor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDuration(t *testing.T) {
	window := Limit{N: 60, Per: 61 * time.Second}
	bucket := Limit{N: 10, Per: time.Second, Refills: true}
	now := time.Now()
	sent := func(n int, ago time.Duration) (times []time.Time) {
		for range n {
			times = append(times, now.Add(-ago))
		}
		return times
	}
	cases := []struct {
		name   string
		limit  Limit
		copies int
		sent   []time.Time
		want   time.Duration
	}{
		{"a window, nothing to do", window, 0, nil, 0},
		{"a window, within it", window, 60, nil, 0},
		{"a window, one more", window, 61, nil, 61 * time.Second},
		{"a window, two full ones", window, 120, nil, 61 * time.Second},
		{"a window, many", window, 1000, nil, 16 * 61 * time.Second},
		{"a window, full since 5 s", window, 1, sent(60, 5*time.Second), 56 * time.Second},
		{"a window, full since 5 s, and one of the next", window, 61, sent(60, 5*time.Second), 117 * time.Second},
		{"a window, half full", window, 30, sent(30, 5*time.Second), 0},
		{"a window, half full, and one more", window, 31, sent(30, 5*time.Second), 56 * time.Second},
		{"a window, full long ago", window, 60, sent(60, time.Hour), 0},
		{"a bucket, full", bucket, 10, nil, 0},
		{"a bucket, one more", bucket, 11, nil, 100 * time.Millisecond},
		{"a bucket, many", bucket, 110, nil, 10 * time.Second},
		{"a bucket, in use", bucket, 110, sent(1, 0), 11 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, tc.limit.Duration(tc.copies, tc.sent, now)) })
	}
}

func TestParseLimit(t *testing.T) {
	got, err := ParseLimit("60/1m")
	require.NoError(t, err)
	require.Equal(t, Limit{N: 60, Per: time.Minute}, got)
	for _, bad := range []string{"", "60", "0/1m", "-1/1m", "x/1m", "60/", "60/0s", "60/fast", "60/-1s"} {
		_, err := ParseLimit(bad)
		require.ErrorContains(t, err, "not a limit such as 60/1m", bad)
	}
}
