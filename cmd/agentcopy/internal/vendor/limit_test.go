package vendor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDuration(t *testing.T) {
	window := Limit{N: 60, Per: 61 * time.Second}
	bucket := Limit{N: 10, Per: time.Second, Refills: true}
	cases := []struct {
		name   string
		limit  Limit
		copies int
		want   time.Duration
	}{
		{"a window, nothing to do", window, 0, 0},
		{"a window, within it", window, 60, 0},
		{"a window, one more", window, 61, 61 * time.Second},
		{"a window, two full ones", window, 120, 61 * time.Second},
		{"a window, many", window, 1000, 16 * 61 * time.Second},
		{"a bucket, full", bucket, 10, 0},
		{"a bucket, one more", bucket, 11, 100 * time.Millisecond},
		{"a bucket, many", bucket, 110, 10 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, tc.limit.Duration(tc.copies)) })
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
