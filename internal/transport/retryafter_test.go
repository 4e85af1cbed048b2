package transport

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// headerOf is a header of names and values by turns.
func headerOf(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// TestRetryAfter: the usual forms are in the tables of package conformance.
func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		".5":                            500 * time.Millisecond,
		strings.Repeat("9", 400):        math.MaxInt64, // overflows a float
		"Fri, 31 Dec 9999 23:59:59 GMT": math.MaxInt64,
		"1772366460":                    time.Minute, // an epoch
		"1772366460.5":                  time.Minute + time.Second/2,
		"1772366460250":                 time.Minute + time.Second/4,
		"1772366000":                    0,
		"2087985600":                    2087985600 * time.Second, // an epoch in ten years
		`"3"`:                           3 * time.Second,
		"3 seconds":                     3 * time.Second,
		"1m30s":                         90 * time.Second,
	} {
		got, ok := requestedWait(http.StatusServiceUnavailable, headerOf("Retry-After", value), now)
		require.True(t, ok, "%q must be read", value)
		require.Equal(t, want, got, "%q", value)
	}
	for _, value := range []string{"-0.5", "+3", "0x10", "1.2.3", ".", "1_000", "s", "3 apples", "٣"} {
		got, ok := requestedWait(http.StatusServiceUnavailable, headerOf("Retry-After", value), now)
		require.False(t, ok, "%q must be ignored, but is %v", value, got)
	}
}

func TestRequestedWait(t *testing.T) {
	const (
		never = time.Duration(-1)
		later = "Sun, 01 Mar 2026 14:00:00 GMT" // of a server's clock
	)
	for _, tc := range []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"garbage in milliseconds", []string{"Retry-After", "9", "Retry-After-Ms", "x"}, 9 * time.Second},
		{"negative milliseconds", []string{"Retry-After-Ms", "-1"}, never},
		{"an epoch in milliseconds, of milliseconds", []string{"Retry-After-Ms", "1772366460250"}, time.Minute + time.Second/4},
		{"a date by the server's clock", []string{"Retry-After", "Sun, 01 Mar 2026 14:01:00 GMT", "Date", later}, time.Minute},
		{"an epoch by the server's clock", []string{"Retry-After", "1772373660", "Date", later}, time.Minute},
		{"a Date that cannot be read", []string{"Retry-After", "Sun, 01 Mar 2026 12:01:00 GMT", "Date", "yesterday"}, time.Minute},

		{"reset in seconds", []string{"X-RateLimit-Reset", "7"}, 7 * time.Second},
		{"reset at an epoch", []string{"X-RateLimit-Reset", "1772366460"}, time.Minute},
		{"reset at an epoch in milliseconds", []string{"X-RateLimit-Reset", "1772366460000"}, time.Minute},
		{"reset at an epoch by the server's clock", []string{"X-RateLimit-Reset", "1772373660", "Date", later}, time.Minute},
		{"reset after a duration", []string{"X-RateLimit-Reset", "6m0s"}, 6 * time.Minute},
		{"another spelling", []string{"X-Rate-Limit-Reset", "7"}, 7 * time.Second},
		{"after", []string{"X-RateLimit-Reset-After", "0.5"}, time.Second / 2},
		{"the draft's, of old", []string{"RateLimit-Reset", "7", "X-RateLimit-Reset", "9"}, 7 * time.Second},
		{"the draft's, in one header", []string{"RateLimit", "limit=100, remaining=0, reset=7"}, 7 * time.Second},
		{"the draft's", []string{"RateLimit", `"default";r=0;t=7`}, 7 * time.Second},
		{"the draft's, of several limits", []string{"RateLimit", `"burst";r=0;t=7, "minute"; r=0; t=9`, "RateLimit", `"daily";r=50;t=3600`}, 9 * time.Second},
		{"Retry-After as well", []string{"Retry-After", "3", "X-RateLimit-Reset", "7"}, 3 * time.Second},
		{"Retry-After that cannot be read as well", []string{"Retry-After", "soon", "X-RateLimit-Reset", "7"}, 7 * time.Second},

		{"nothing", nil, never},
		{"no limit is used up", []string{"RateLimit", `"daily";r=50;t=3600`}, never},
		{"garbage", []string{"RateLimit", `;;=,"x;t=soon`, "X-RateLimit-Reset", "soon"}, never},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := headerOf(tc.header...)
			got, ok := requestedWait(http.StatusTooManyRequests, h, now)
			require.Equal(t, tc.want != never, ok)
			if ok {
				require.Equal(t, tc.want, got)
			}
			if h.Get("Retry-After") == "" && h.Get("Retry-After-Ms") == "" {
				_, ok = requestedWait(http.StatusServiceUnavailable, h, now)
				require.False(t, ok, "only a 429 speaks of a limit")
			}
		})
	}
}

// FuzzRequestedWait: a wait is never negative.
func FuzzRequestedWait(f *testing.F) {
	for _, seed := range []string{
		"3", "1.5", "-1", "NaN", ".", "1772366460", "1m30s", "1e400", `"a";r=0;t=5`, "9223372036854775807", "99999999999999999999ms",
		"Sun, 01 Mar 2026 12:01:00 GMT", "Sunday, 01-Mar-26 12:01:00 GMT",
	} {
		f.Add(seed, "", seed, seed, "")
		f.Add("", seed, seed, "", "Sun, 01 Mar 2026 12:01:00 GMT")
	}
	f.Fuzz(func(t *testing.T, after, millis, limit, reset, date string) {
		h := http.Header{
			"Retry-After": {after}, "Retry-After-Ms": {millis}, "Ratelimit": {limit}, "X-Ratelimit-Reset": {reset}, "Date": {date},
		}
		if wait, ok := requestedWait(http.StatusTooManyRequests, h, now); wait < 0 || !ok && wait != 0 {
			t.Errorf("%q: got %v, %v", h, wait, ok)
		}
	})
}
