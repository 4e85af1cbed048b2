package transport

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const never = time.Duration(-1)
	cases := []struct {
		name, value string
		header      string // Retry-After unless given
		date        string
		want        time.Duration
	}{
		{name: "seconds", value: "3", want: 3 * time.Second},
		{name: "fraction", value: "1.5", want: 1500 * time.Millisecond},
		{name: "no digit before the point", value: ".5", want: 500 * time.Millisecond},
		{name: "zero", value: "0", want: 0},
		{name: "padded", value: "  7 ", want: 7 * time.Second},
		{name: "an hour", value: "3600", want: time.Hour},
		{name: "overflows a Duration", value: "9223372037", want: math.MaxInt64},
		{name: "overflows a float", value: string(digits(400)), want: math.MaxInt64},
		{name: "milliseconds", header: "Retry-After-Ms", value: "250", want: 250 * time.Millisecond},
		{name: "RFC 1123", value: "Sun, 01 Mar 2026 12:01:00 GMT", want: time.Minute},
		{name: "RFC 850", value: "Sunday, 01-Mar-26 12:01:00 GMT", want: time.Minute},
		{name: "asctime", value: "Sun Mar  1 12:01:00 2026", want: time.Minute},
		{name: "by the server's clock", value: "Sun, 01 Mar 2026 14:01:00 GMT", date: "Sun, 01 Mar 2026 14:00:00 GMT", want: time.Minute},
		{name: "a Date that cannot be read", value: "Sun, 01 Mar 2026 12:01:00 GMT", date: "yesterday", want: time.Minute},
		{name: "a date in the past", value: "Fri, 31 Dec 1999 23:59:59 GMT", want: 0},
		{name: "a far date", value: "Fri, 31 Dec 9999 23:59:59 GMT", want: math.MaxInt64},

		{name: "an epoch", value: "1772366460", want: time.Minute},
		{name: "an epoch with a fraction", value: "1772366460.5", want: time.Minute + time.Second/2},
		{name: "an epoch in milliseconds", value: "1772366460250", want: time.Minute + time.Second/4},
		{name: "an epoch in milliseconds, of milliseconds", header: "Retry-After-Ms", value: "1772366460250", want: time.Minute + time.Second/4},
		{name: "an epoch that has passed", value: "1772366000", want: 0},
		{name: "an epoch by the server's clock", value: "1772373660", date: "Sun, 01 Mar 2026 14:00:00 GMT", want: time.Minute},
		{name: "an epoch in ten years", value: "2087985600", want: 2087985600 * time.Second},
		{name: "RFC 3339", value: "2026-03-01T12:01:00Z", want: time.Minute},
		{name: "in quotes", value: `"3"`, want: 3 * time.Second},
		{name: "unit", value: "3s", want: 3 * time.Second},
		{name: "unit, in words", value: "3 seconds", want: 3 * time.Second},
		{name: "units", value: "1m30s", want: 90 * time.Second},
		{name: "twice", value: "3, 3", want: 3 * time.Second},

		{name: "absent", value: "", want: never},
		{name: "negative", value: "-3", want: never},
		{name: "negative fraction", value: "-0.5", want: never},
		{name: "signed", value: "+3", want: never},
		{name: "exponent", value: "1e3", want: never},
		{name: "hexadecimal", value: "0x10", want: never},
		{name: "infinite", value: "Inf", want: never},
		{name: "not a number", value: "NaN", want: never},
		{name: "two points", value: "1.2.3", want: never},
		{name: "a point", value: ".", want: never},
		{name: "underscores", value: "1_000", want: never},
		{name: "only a unit", value: "s", want: never},
		{name: "another unit", value: "3 apples", want: never},
		{name: "words", value: "soon", want: never},
		{name: "other digits", value: "٣", want: never},
		{name: "negative milliseconds", header: "Retry-After-Ms", value: "-1", want: never},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			name := tc.header
			if name == "" {
				name = "Retry-After"
			}
			h.Set(name, tc.value)
			h.Set("Date", tc.date)
			got, ok := retryAfter(h, now)
			if tc.want == never {
				require.False(t, ok, "%q must be ignored, but is %v", tc.value, got)
				return
			}
			require.True(t, ok, "%q must be read", tc.value)
			require.Equal(t, tc.want, got)
		})
	}

	t.Run("milliseconds come first", func(t *testing.T) {
		got, _ := retryAfter(http.Header{"Retry-After": {"9"}, "Retry-After-Ms": {"20"}}, now)
		require.Equal(t, 20*time.Millisecond, got)
	})
	t.Run("garbage in milliseconds leaves the seconds", func(t *testing.T) {
		got, _ := retryAfter(http.Header{"Retry-After": {"9"}, "Retry-After-Ms": {"x"}}, now)
		require.Equal(t, 9*time.Second, got)
	})
}

func digits(n int) []byte {
	d := make([]byte, n)
	for i := range d {
		d[i] = '9'
	}
	return d
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"3", "1.5", "-1", "9223372037", "Sun, 01 Mar 2026 12:01:00 GMT", "Sunday, 01-Mar-26 12:01:00 GMT", "NaN", "1e999", "."} {
		f.Add(seed, "", "")
		f.Add("", seed, "")
		f.Add(seed, "", "Sun, 01 Mar 2026 12:01:00 GMT")
	}
	f.Fuzz(func(t *testing.T, seconds, millis, date string) {
		h := http.Header{"Retry-After": {seconds}, "Retry-After-Ms": {millis}, "Date": {date}}
		if wait, ok := retryAfter(h, time.Now()); wait < 0 || !ok && wait != 0 {
			t.Errorf("Retry-After %q, Retry-After-Ms %q, Date %q: got %v, %v; want no negative wait, and none that is not there", seconds, millis, date, wait, ok)
		}
	})
}

func TestLimitReset(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const never = time.Duration(-1)
	for _, tc := range []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"seconds", []string{"X-RateLimit-Reset", "7"}, 7 * time.Second},
		{"an epoch", []string{"X-RateLimit-Reset", "1772366460"}, time.Minute},
		{"an epoch in milliseconds", []string{"X-RateLimit-Reset", "1772366460000"}, time.Minute},
		{"an epoch by the server's clock", []string{"X-RateLimit-Reset", "1772373660", "Date", "Sun, 01 Mar 2026 14:00:00 GMT"}, time.Minute},
		{"a duration", []string{"X-RateLimit-Reset", "6m0s"}, 6 * time.Minute},
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
			h := http.Header{}
			for i := 0; i+1 < len(tc.header); i += 2 {
				h.Add(tc.header[i], tc.header[i+1])
			}
			got, ok := requestedWait(http.StatusTooManyRequests, h, now)
			require.Equal(t, tc.want != never, ok)
			if ok {
				require.Equal(t, tc.want, got)
			}
			if h.Get("Retry-After") == "" {
				_, ok = requestedWait(http.StatusServiceUnavailable, h, now)
				require.False(t, ok, "only a 429 speaks of a limit")
			}
		})
	}
}

// FuzzRequestedWait: a wait is never negative.
func FuzzRequestedWait(f *testing.F) {
	for _, seed := range []string{"3", "1772366460", "Sun, 01 Mar 2026 12:01:00 GMT", "1m30s", "1e400", `"a";r=0;t=5`, "9223372036854775807", "99999999999999999999ms"} {
		f.Add(seed, seed, seed)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, limit, reset string) {
		h := http.Header{"Retry-After": {after}, "Ratelimit": {limit}, "X-Ratelimit-Reset": {reset}}
		if wait, ok := requestedWait(http.StatusTooManyRequests, h, now); wait < 0 || !ok && wait != 0 {
			t.Errorf("%q: got %v, %v", h, wait, ok)
		}
	})
}
