package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// requestedWait is how long an answer asks to wait: by Retry-After, or in a 429 without
// one by the headers that tell when a rate limit opens again.
func requestedWait(status int, h http.Header, clock func() time.Time) (wait time.Duration, ok bool) {
	if wait, ok = retryAfter(h, clock); ok || status != http.StatusTooManyRequests {
		return wait, ok
	}
	return limitReset(h, clock)
}

// retryAfter reads how long a server asks to wait: Retry-After-Ms, or
// Retry-After in seconds, with a fraction if it likes, or as an HTTP date of any
// of the three forms. A number too large for a Duration counts as the longest there
// is, a date in the past as zero; negative numbers and garbage as not there.
func retryAfter(h http.Header, clock func() time.Time) (wait time.Duration, ok bool) {
	ms, text := h.Get("Retry-After-Ms"), h.Get("Retry-After")
	if ms == "" && text == "" {
		return 0, false // nearly always, and for nothing
	}
	now := serverTime(h, clock)
	if wait, ok = parseWait(ms, time.Millisecond, now); ok {
		return wait, true
	}
	return parseWait(text, time.Second, now)
}

// resetHeaders are what servers call the time at which a rate limit opens again, in
// seconds from now or as an epoch. The first is that of the IETF's drafts up to 06.
var resetHeaders = []string{"Ratelimit-Reset", "X-Ratelimit-Reset", "X-Rate-Limit-Reset", "X-Ratelimit-Reset-After"}

// limitReset reads when a rate limit opens again.
func limitReset(h http.Header, clock func() time.Time) (wait time.Duration, ok bool) {
	now := serverTime(h, clock)
	if wait, ok = draftReset(strings.Join(h.Values("Ratelimit"), ",")); ok {
		return wait, true
	}
	for _, name := range resetHeaders {
		if wait, ok = parseWait(h.Get(name), time.Second, now); ok {
			return wait, true
		}
	}
	return 0, false
}

// draftReset reads the RateLimit header of the IETF's drafts: from 07 on a list of
// limits, each with what is left and the seconds until more is, such as
// "burst";r=0;t=5, "daily";r=100;t=3600; before, limit=10, remaining=0, reset=5. Of
// several limits, those that have nothing left count.
func draftReset(text string) (wait time.Duration, ok bool) {
	for member := range strings.SplitSeq(text, ",") {
		left, reset := "0", ""
		for part := range strings.SplitSeq(member, ";") {
			switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
			case "r":
				left = value
			case "t", "reset":
				reset = value
			}
		}
		if seconds, valid := parseNumber(strings.TrimSpace(reset), time.Second); valid && strings.TrimSpace(left) == "0" {
			wait, ok = max(wait, seconds), true
		}
	}
	return wait, ok
}

// serverTime is the time at the server, by its Date header if it has one, else by
// clock: the two may differ.
func serverTime(h http.Header, clock func() time.Time) time.Time {
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		return sent
	}
	return clock()
}

// parseWait reads a wait: a number of units, with "s" or "seconds" after it or not, a
// duration such as 1m30s, a date, or a present-day epoch in seconds or milliseconds.
// Of a list of them, which a header that was sent twice becomes, the first counts.
func parseWait(text string, unit time.Duration, now time.Time) (wait time.Duration, ok bool) {
	if text = strings.Trim(text, " \t\""); text == "" {
		return 0, false
	}
	if at, ok := parseDate(text); ok {
		return max(0, at.Sub(now)), true
	}
	text, _, _ = strings.Cut(text, ",")
	text = strings.Trim(text, " \t\"")
	if at, ok := parseEpoch(text, now); ok {
		return max(0, at.Sub(now)), true
	}
	if wait, ok = parseNumber(text, unit); ok {
		return wait, true
	}
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false
	}
	for _, word := range []string{"seconds", "second", "secs", "sec", "s"} {
		if number, found := strings.CutSuffix(text, word); found {
			if wait, ok = parseNumber(strings.TrimSpace(number), time.Second); ok {
				return wait, true
			}
		}
	}
	wait, err := time.ParseDuration(text)
	return wait, err == nil
}

// parseDate reads an HTTP date or a stamp of RFC 3339.
func parseDate(text string) (time.Time, bool) {
	at, err := http.ParseTime(text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	return at, err == nil
}

// parseEpoch reads a number that no server means as a wait: counted since 1970, it is
// a date not farther from now than a year, and as a wait it would be half a century.
func parseEpoch(text string, now time.Time) (time.Time, bool) {
	const year = 366 * 24 * time.Hour
	if strings.Trim(text, "0123456789.") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n >= 1e14 {
		return time.Time{}, false
	}
	for _, at := range []time.Time{time.UnixMilli(int64(n * 1000)), time.UnixMilli(int64(n))} {
		if at.Sub(now).Abs() <= year {
			return at, true
		}
	}
	return time.Time{}, false
}

// parseNumber reads a decimal number of units. Exponents, signs, hexadecimals and
// the words that ParseFloat knows are refused.
func parseNumber(text string, unit time.Duration) (time.Duration, bool) {
	if strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(n, 1) { // an error with +Inf is one of range
		return 0, false
	}
	if n *= float64(unit); n >= math.MaxInt64 {
		return math.MaxInt64, true
	}
	return time.Duration(n), true
}
